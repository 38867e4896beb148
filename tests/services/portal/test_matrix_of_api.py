"""The API's routes on a brand's host, each asked by people and by nobody: walked from its route table (S-01)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from infra import ids
from infra.database import Database
from services.api.policy import POLICY, PREFIX, Rule
from services.portal.app import Front
from tenants.identity.permissions import Scope
from tests.services.api.walk import KINDS, outcome
from tests.services.portal.staff import chief, let_in
from tests.services.portal.test_matrix import outsider
from tests.services.portal.visitors import House, Visitor

OUTSIDERS: Final = ("nobody", "another host", "another partner", "expired")


def private() -> Iterator[tuple[str, str, Rule]]:
    """Of `/v1`; a brand's host knows no directory (S-07)."""
    for (method, path), rule in POLICY.items():
        if not rule.is_public and path.startswith("/v1/"):
            yield method, path, rule


def path_of(template: str) -> str:
    """Things that nobody has, of acme in `live`."""
    known = {"client": "acme", "environment": "live", "partner": "north"}
    nobodys = {name: ids.show(prefix, ids.new()) if prefix else "nobody.example" for name, prefix in KINDS.items()}
    return re.sub(r"{(\w+)}", lambda found: (known | nobodys).get(found[1], "x"), template)


async def knock(visitor: Visitor, method: str, template: str) -> Any:
    return await visitor.send(method, path_of(template), {} if method in {"POST", "PATCH", "PUT"} else None)


@pytest.mark.parametrize("kind", OUTSIDERS)
async def test_S_01_S_07_who_has_no_session_here_asks_nothing_of_the_api(
    house: House, front: Front, app_database: Database, kind: str
) -> None:
    visitor = await outsider(kind, house, front, app_database)
    asked = 0
    for method, template, _ in private():
        answer = await knock(visitor, method, template)
        assert (answer.status, answer.problem) == (401, "not-signed-in"), (kind, method, template, answer.body)
        asked += 1
    assert asked > 300


async def test_S_01_a_sibling_clients_person_finds_no_route_of_ours(house: House, app_database: Database) -> None:
    """On the same host, and with all that a client's people may do."""
    partner = house.operator.having(house.keys["north"])
    made = await partner.post("/v1/clients", {"slug": "sibling", "name": "Sibling"})
    live = next(one["id"] for one in made.json["tenants"] if one["environment"] == "live")
    house.ids["sibling"] = ids.read("ten", live)
    await let_in(house, app_database, "boss@sibling.example", "administrator", tenant="sibling")
    boss = await house.north.signed_in("boss@sibling.example")
    unknown = outcome(await boss.get("/v1/clients/nobody-has-this/live/runs"))
    asked = 0
    for method, template, rule in private():
        answer = await knock(boss, method, template)
        if Scope.CLIENT not in rule.scopes:
            assert (answer.status, answer.problem) == (403, "forbidden"), (method, template, answer.body)
        elif template.startswith(PREFIX):
            assert outcome(answer) == unknown, (method, template)
        asked += 1
    assert asked > 300


async def test_S_04_a_person_who_may_only_look_changes_nothing(house: House, app_database: Database) -> None:
    await let_in(house, app_database, "vera@acme.example", "viewer", tenant="acme")
    vera = await house.north.signed_in("vera@acme.example")
    boss = await chief(house, app_database)
    changed = 0
    for method, template, rule in private():
        if method == "GET" or Scope.CLIENT not in rule.scopes:
            continue
        answer = await knock(vera, method, template)
        assert (answer.status, answer.problem) == (403, "forbidden"), (method, template, answer.body)
        changed += 1
    assert changed > 100
    assert (await boss.send("POST", "/v1/sites", {"slug": "depot", "name": "Depot"})).status == 201
