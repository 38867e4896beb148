"""The cross-reference of a scenario answers every call as the product's does: the same calls on both."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from infra.database import Database, Scope
from services.engine.functions import Answer, Call, Done, Failed
from services.records import entities
from services.records.function import CrossReferenceFunction
from services.records.keys import Key
from services.rehearsals.linking import CrossReference
from template_library.cross_references import NAME
from template_library.scenarios import StandingEntity
from tests.services.records.linker import linker
from tests.services.rehearsals.test_rehearsing import HEAD, rehearse

ERP: Final = {"connection": "erp", "id": "C-1"}
CRM: Final = {"connection": "crm", "id": "A-4"}
STANDING: Final[list[dict[str, Any]]] = [
    {"kind": "customer", "keys": [{"system": "shop", "id": "77"}, {"system": "erp", "id": "C-0"}]},
    {"kind": "customer", "keys": [{"system": "wms", "id": "W-1"}]},
]
CALLS: Final[list[dict[str, Any]]] = [
    {"do": "find", "kind": "customer", "key": ERP},
    {"do": "find", "kind": "customer", "key": {"system": "shop", "id": 77}},
    {"do": "link", "kind": "customer", "keys": [ERP, CRM, {"connection": "crm", "id": None}]},
    {"do": "link", "kind": "customer", "keys": [CRM, {"connection": "crm", "id": "A-5"}]},
    {"do": "link", "kind": "customer", "keys": [{"connection": "erp", "id": "C-9"}, {"system": "shop", "id": "77"}]},
    {"do": "link", "kind": "customer", "keys": [ERP, {"system": "wms", "id": "W-1"}, {"system": "new", "id": "1"}]},
    {"do": "link", "kind": "supplier", "keys": [ERP]},
    {"do": "find", "kind": "supplier", "key": ERP},
    {"do": "find", "kind": "customer", "key": {"system": "crm", "id": "A-5"}},
    {"do": "find", "kind": "customer", "key": {"system": "new", "id": "1"}},
    {"do": "link", "kind": "customer", "keys": [{"connection": "wms", "id": "W-1"}]},
    {"do": "link", "kind": "customer", "keys": [{"system": "tms", "id": str(one)} for one in range(20)]},
    {"do": "link", "kind": "customer", "keys": []},
    {"do": "link", "kind": "person", "keys": [ERP]},
    {"do": "merge", "kind": "customer", "keys": [ERP]},
]


def plain(answer: Answer) -> Any:
    """Without ids of entities, and without words."""
    if isinstance(answer, Done):
        assert isinstance(answer.output, dict)
        return {name: value for name, value in answer.output.items() if name != "entity"}
    assert isinstance(answer, Failed)
    return answer.error.type, answer.error.status, answer.error.title


async def test_every_call_is_answered_alike(app_database: Database, worker_database: Database) -> None:
    its = await linker(app_database, worker_database, "erp", "crm")
    async with app_database.session(Scope.tenant(its.world.tenant_id)) as session:
        for one in STANDING:
            given = [Key(each["system"], each["id"]) for each in one["keys"]]
            await entities.create(session, its.world.tenant_id, "customer", given, actor="key:key_test")
        await session.commit()
    standing = msgspec.convert(STANDING, tuple[StandingEntity, ...])
    real, played = CrossReferenceFunction(worker_database), CrossReference(standing, ("erp", "crm"))
    for place, arguments in enumerate(CALLS):
        call = Call(
            function=NAME,
            arguments=arguments,
            reference=f"/do/{place}",
            key=str(place),
            tenant=its.world.tenant_id,
            run=its.claim.run_id,
            fence=its.claim.fence,
            bindings=its.connections,
        )
        for _ in range(2):
            assert plain(await played(call)) == plain(await real(call)), (place, arguments)


LINKS: Final = (
    HEAD
    + """
do:
  - link:
      call: cross-reference:1.0.0@default
      with: {do: link, kind: item, keys: [{system: shop, id: '${ .sku }'}, {system: erp, id: '${ .number }'}]}
"""
)
SCENARIO: Final = """
input: {sku: S-1, number: 7}
restarts: true
entities: [{kind: item, keys: [{system: erp, id: "7"}]}]
expect:
  status: completed
  output: {found: true, ids: {}}
  entities: [{kind: item, keys: [{system: erp, id: "7"}, {system: shop, id: S-1}]}]
"""


def test_a_scenario_says_what_is_linked_before_and_behind(tmp_path: Path) -> None:
    assert rehearse(tmp_path, LINKS, SCENARIO).wrong == []
    wrong = rehearse(tmp_path, LINKS, SCENARIO.replace("id: S-1}]}]", "id: S-2}]}]")).wrong
    assert wrong == ['/entities/0/keys/1/id is "S-1", not "S-2"']


def test_a_scenario_cannot_begin_with_what_cannot_be(tmp_path: Path) -> None:
    twice = SCENARIO.replace("entities: [{", 'entities: [{kind: item, keys: [{system: erp, id: "7"}]}, {', 1)
    (wrong,) = rehearse(tmp_path, LINKS, twice).wrong
    assert "a key is that of two" in wrong
    (wrong,) = rehearse(tmp_path, LINKS, SCENARIO.replace("kind: item", "kind: person", 1)).wrong
    assert "person is no record" in wrong
