"""`waybill domain|owner|interface|network|provider|provision` as partners and operators use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.stack import Endpoints
from tests.served import served
from tests.services.cli.test_accounts import Commands


@pytest.fixture
def commands(endpoints: Endpoints, tmp_path: Path) -> Iterator[Commands]:
    with served(tmp_path, endpoints, WAYBILL_DNS_RESOLVERS="none") as (_, environment):
        yield Commands(environment)


def test_a_partner_claims_a_domain_names_owners_and_declares_an_interface(commands: Commands) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    commands.json("partner", "create", "harbor", "--name", "Harbor", key=operator)
    partner = commands.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
    commands.json("client", "create", "acme", "--name", "Acme", key=partner)
    claimed = commands.json("domain", "claim", "portal.harbor.example", key=partner)
    assert claimed["record"].startswith("_portal-claim.portal.harbor.example TXT portal-claim=")
    looked = commands.json("domain", "check", "portal.harbor.example", key=partner)
    assert (looked["state"], looked["found"]) == ("pending", "unknown")
    where = ("--client", "acme")
    seat = ("process", "order-to-cash", "--owner", "role:administrator", "--deputy", "role:clerk")
    named = commands.json("owner", "name", *seat, *where, key=partner)
    assert [(one["subject"], one["answers"]) for one in named] == [("order-to-cash", None)]  # nobody is there yet
    declared = ("interface", "declare", "event", "order.captured", "--publisher", "shop", "--consumer", "deployment:x")
    assert commands.json(*declared, *where, key=partner)["consumers"] == ["deployment:x"]
    assert commands.json("interface", "findings", *where, key=partner) == []
    client = commands.json("client", "show", "acme", key=partner)["id"]
    opened = commands.json(
        "network", "open", client, "10.20.0.0/16", "--reason", "The ERP in their house", key=operator
    )
    assert opened["network"] == "10.20.0.0/16"
    assert commands.json("network", "list", key=operator) == [opened]
    assert commands.json("network", "close", client, "10.20.0.0/16", key=operator)["state"] == "closed"
    assert commands.json("network", "list", key=operator) == []
    assert commands.json("domain", "release", "portal.harbor.example", key=partner)["state"] == "released"


def outcomes(lines: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(one["what"], one["slug"], one["outcome"]) for one in lines]


def test_a_place_is_provisioned_with_the_way_there_and_once(commands: Commands) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    made = commands.json("provision", "harbor", "--partner-name", "Harbor", key=operator)
    assert outcomes(made) == [("partner", "harbor", "made")]
    whole = commands.json("provision", "harbor/acme/staging", "--client-name", "Acme, Ltd", key=operator)
    assert outcomes(whole) == [
        ("partner", "harbor", "there"),
        ("client", "acme", "made"),
        ("environment", "staging", "made"),
    ]
    again = commands.json("provision", "harbor/acme/staging", "--client-name", "Another name", key=operator)
    assert [one["outcome"] for one in again] == ["there"] * 3
    assert [one["id"] for one in again] == [one["id"] for one in whole]
    partner = commands.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
    shown = commands.json("client", "show", "acme", key=partner)
    assert (shown["name"], [one["environment"] for one in shown["tenants"]][-1]) == ("Acme, Ltd", "staging")
    own = commands.json("provision", "acme/live", "--own", key=partner)
    assert outcomes(own) == [("client", "acme", "there"), ("environment", "live", "there")]
    assert commands.run("provision", "acme", key=partner).returncode == 1, "a partner provisions no partners"
    for wrong in ("", "a/", "a/b/c/d"):
        assert commands.run("provision", wrong, key=operator).returncode == 2


def test_a_provider_is_added_believed_and_disabled(commands: Commands, tmp_path: Path) -> None:
    operator = commands.run("operator", "create").stdout.strip()
    commands.json("provision", "harbor", key=operator)
    held = ("--permission", "people:read", "--permission", "providers:write")
    partner = commands.json("key", "create", "--name", "people", "--partner", "harbor", *held, key=operator)["key"]
    secret = tmp_path / "secret"
    secret.write_text("of-the-provider-and-nobody-else\n")
    given = ("--issuer", "https://login.harbor.example", "--client-id", "portal", "--secret-file", str(secret))
    made = commands.json("provider", "create", "Harbor staff", *given, key=partner)
    assert made["return_path"] == f"/portal/providers/{made['id']}/return"
    assert "of-the-provider" not in repr(made)
    assert commands.json("provider", "provision", made["id"], key=partner)["provisions"] is True
    assert commands.json("provider", "disable", made["id"], key=partner)["status"] == "disabled"
    assert [one["id"] for one in commands.json("provider", "list", key=partner)] == [made["id"]]
    assert commands.json("provider", "enable", made["id"], key=partner) == commands.json(
        "provider", "show", made["id"], key=partner
    )
