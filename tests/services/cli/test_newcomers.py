"""What somebody new does at the terminal, and what it says then."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.embedded.stack import Endpoints
from tests.served import served
from tests.services.api.routes.test_mappings import WRITTEN
from tests.services.cli.test_accounts import Commands

INHERITS = """
document:
  dsl: '1.0.3'
  namespace: tests
  name: limits
  version: 1.0.0
  metadata:
    parameters: {properties: {days: {type: number}, limit: {type: number}, most: {type: number, default: 3}}}
do:
  - a: {set: {x: 1}}
"""


@pytest.fixture
def commands(endpoints: Endpoints, tmp_path: Path) -> Iterator[Commands]:
    """Of an installation with the partner harbor and its client acme."""
    with served(tmp_path, endpoints) as (_, environment):
        found = Commands(environment)
        operator = found.run("operator", "create").stdout.strip()
        found.json("partner", "create", "harbor", "--name", "Harbor", key=operator)
        key = found.json("key", "create", "--name", "first", "--partner", "harbor", key=operator)["key"]
        found.json("client", "create", "acme", "--name", "Acme", key=key)
        (tmp_path / "partner.key").write_text(key)
        yield found


def test_an_update_of_one_parameter_leaves_the_others_inherited(commands: Commands, tmp_path: Path) -> None:
    run = functools.partial(commands.json, key=(tmp_path / "partner.key").read_text())
    where = ("--client", "acme", "--environment", "test")
    run("parameter", "set", "--partner", "harbor", "days=7")
    file = tmp_path / "limits.yaml"
    file.write_text(INHERITS, encoding="utf-8")
    run("deployment", "create", "limits", "--document", str(file), "--set", "limit=1", *where)
    revised = run("deployment", "update", "limits", "--set", "limit=2", *where)
    assert revised["sources"] == {"days": "partner", "limit": "deployment", "most": "default"}
    run("parameter", "set", "--partner", "harbor", "days=9")
    revised = run("deployment", "update", "limits", "--set", "limit=3", *where)
    assert revised["parameters"] == {"days": 9, "limit": 3, "most": 3}


def test_an_event_that_only_a_mapping_takes_is_said_to_be_taken(commands: Commands, tmp_path: Path) -> None:
    key = commands.run("key", "first", "harbor/acme/live", "--name", "first", "--json")
    run = functools.partial(commands.run, key=msgspec.json.decode(key.stdout)["key"])
    mapping, event = tmp_path / "mapping.json", tmp_path / "event.json"
    mapping.write_bytes(msgspec.json.encode(WRITTEN))
    sent = {"specversion": "1.0", "source": "/shop", "type": "shop.order", "data": WRITTEN["examples"][0]["data"]}
    event.write_bytes(msgspec.json.encode(sent))
    lost = run("send", str(event))
    assert (lost.returncode, "no deployment waits" in lost.stdout) == (1, True), lost.stderr
    assert run("mapping", "put", "shop-orders", str(mapping)).returncode == 0
    assert run("mapping", "release", "shop-orders", "1").returncode == 0
    taken = run("send", str(event))
    assert (taken.returncode, "mapping shop-orders takes it" in taken.stdout) == (0, True), taken.stdout
    assert "no deployment waits" not in taken.stdout


def test_a_connection_says_who_answers_for_it_by_its_seat(commands: Commands, tmp_path: Path) -> None:
    where = ("--client", "acme", "--environment", "test")
    run = functools.partial(commands.json, key=(tmp_path / "partner.key").read_text())
    run("connection", "create", "erp", "--connector", "http", "--set", "base_url=https://erp.example", *where)
    seen = run("connection", "show", "erp", *where)
    assert (seen["owner"], seen["answers"], seen["answers_by"]) == (None, None, None)
    made = run(
        "account", "create", "kim@acme.example", "--name", "Kim", "--partner", "harbor", "--role", "clerk", *where
    )
    assert made["roles"] == ["clerk"]
    seats = ("--owner", "role:clerk", "--deputy", "role:administrator", *where)
    run("owner", "name", "architecture", *seats)
    assert run("connection", "show", "erp", *where)["answers_by"] == "architecture"
    run("owner", "name", "integration", "erp", *seats)
    seen = run("connection", "show", "erp", *where)
    assert (seen["owner"], seen["answers"], seen["answers_by"]) == (None, "role:clerk", "integration")
