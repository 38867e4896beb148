"""S-99 by the API: a partner claims a domain, proves it, and what it is told on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from infra.settings import Settings
from services.api.app import create_app
from tenants.organizations import domains
from tests.asgi import Answer, Caller, running
from tests.resolvers import Resolvers, resolving
from tests.services.api.parties import Parties, make_parties

NAME = "portal.north.example"


@pytest.fixture
async def resolvers() -> AsyncIterator[Resolvers]:
    async with resolving() as found:
        yield found


@pytest.fixture
def estate() -> None:
    """These make their parties themselves."""


@pytest.fixture
async def parties(api_settings: Settings, operator_key: str, resolvers: Resolvers) -> AsyncIterator[Parties]:
    given = msgspec.structs.replace(
        api_settings,
        dns_resolvers=tuple(("127.0.0.1", one.port) for one in resolvers.each),
        edge_domain="Edge.Platform.example",
        own_domains=("platform.example",),
        domain_wait_hours=0.0,
    )
    app = create_app(given)
    async with running(app):
        yield await make_parties(Caller(app).having(operator_key))


async def claim(caller: Caller, domain: str = NAME, **more: str) -> Answer:
    return await caller.post("/v1/domains", {"domain": domain, **more})


async def test_S_99_a_partner_claims_proves_and_gives_back(parties: Parties, resolvers: Resolvers) -> None:
    made = await claim(parties.north, "Portal.North.Example.")
    assert made.status == 201, made.body
    shown = made.json
    assert (shown["domain"], shown["use"], shown["state"], shown["found"]) == (NAME, "portal", "pending", None)
    assert shown["proof"]["name"] == f"_portal-claim.{NAME}"
    assert shown["target"].endswith(".edge.platform.example")
    unproven = (await parties.north.post(f"/v1/domains/{NAME}/check")).json
    assert (unproven["state"], unproven["found"]) == ("pending", "missing")
    resolvers.publish(shown["proof"]["name"], f'TXT "{shown["proof"]["value"]}"')
    resolvers.publish(NAME, f"CNAME {shown['target']}.")
    states = [(await parties.north.post(f"/v1/domains/{NAME}/check")).json["state"] for _ in range(2)]
    assert states == ["quarantined", "active"]
    assert (await parties.north.get("/v1/domains")).json["items"][0]["state"] == "active"
    for _ in range(2):
        given_back = await parties.north.post(f"/v1/domains/{NAME}/release")
        assert (given_back.status, given_back.json["state"]) == (200, "released")


async def test_S_99_another_partners_claim_is_neither_seen_nor_in_the_way(parties: Parties) -> None:
    first = (await claim(parties.north)).json
    for path in (f"/v1/domains/{NAME}", f"/v1/domains/{NAME}/check", f"/v1/domains/{NAME}/release"):
        method = "GET" if path.endswith(NAME) else "POST"
        theirs = await parties.south.send(method, path)
        nobodys = await parties.south.send(method, path.replace(NAME, "nobody.north.example"))
        assert (theirs.status, theirs.problem) == (nobodys.status, nobodys.problem) == (404, "not-found")
    second = await claim(parties.south)
    assert second.status == 201
    assert second.json["proof"]["value"] != first["proof"]["value"]
    again = await claim(parties.north)
    assert (again.status, again.problem) == (409, "domain-claimed")


@pytest.mark.parametrize(
    ("domain", "status", "problem"),
    [
        ("platform.example", 409, "host-taken"),
        ("north.platform.example", 409, "host-taken"),
        ("x.edge.platform.example", 409, "host-taken"),
        ("*.north.example", 422, "invalid-payload"),
        ("198.51.100.7", 422, "invalid-payload"),
        ("co.uk", 422, "invalid-payload"),
        ("b\u0430nk.example", 422, "invalid-payload"),
    ],
)
async def test_S_99_forbidden_names_are_refused(parties: Parties, domain: str, status: int, problem: str) -> None:
    answer = await claim(parties.north, domain)
    assert (answer.status, answer.problem) == (status, problem), answer.body
    assert (await parties.north.get("/v1/domains")).json["items"] == []


async def test_S_99_a_partner_has_so_many_claims_and_no_more(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "MOST", 2)
    for number in range(2):
        assert (await claim(parties.north, f"p{number}.north.example")).status == 201
    refused = await claim(parties.north, "p2.north.example")
    assert (refused.status, refused.problem) == (409, "too-many-domains")
    await parties.north.post("/v1/domains/p0.north.example/release")
    assert (await claim(parties.north, "p2.north.example")).status == 201
