"""A workflow says which ids are of one thing: once, by its run, in its tenant, and never by guessing."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.pagination import Page
from services.engine.functions import Later
from services.records import entities, merging, reading, timeline
from services.records.function import CrossReferenceFunction
from services.records.keys import MOST, Key
from template_library import cross_references
from template_library.cross_references import NAME
from tenants.deployments import publishing
from tests.house.tree import ROOT
from tests.patience import PATIENCE
from tests.services.customer_notices.noticed import Teller
from tests.services.records.linker import Linker, linker
from tests.services.records.side import release
from tests.services.records.test_connections import SHIPMENTS
from tests.world import make_tenant

ERP: Final = {"connection": "erp", "id": "C-1"}
CRM: Final = {"connection": "crm", "id": "A-4"}
SHOP: Final = {"system": "shop", "id": "77"}
ACTOR: Final = "account:acc_steward"
DOCUMENT: Final = """
document: {dsl: '1.0.3', namespace: tests, name: linking, version: 1.0.0}
do:
  - link:
      call: cross-reference:1.0.0@default
      with: {do: link, kind: customer, keys: [{system: erp, id: C-1}, {system: crm, id: A-4}]}
"""


@pytest.fixture
async def acme(app_database: Database, worker_database: Database) -> Linker:
    return await linker(app_database, worker_database, "erp", "crm")


async def known(its: Linker, *keys: str) -> Any:
    """An entity that a steward made, with these keys."""
    given = [Key(*one.split(":")) for one in keys]
    async with its.app.session(Scope.tenant(its.world.tenant_id)) as session:
        made = await entities.create(session, its.world.tenant_id, "customer", given, actor=ACTOR)
        await session.commit()
    return made


async def test_what_nobody_knew_is_an_entity_with_all_ids_made_by_the_run(acme: Linker) -> None:
    said = await acme.said("link", ERP, CRM, SHOP)
    assert (said["found"], said["ids"]) == (True, {"crm": "A-4", "erp": "C-1"})
    assert said["keys"] == [
        {"system": "crm", "id": "A-4", "preferred": True},
        {"system": "erp", "id": "C-1", "preferred": True},
        {"system": "shop", "id": "77", "preferred": True},
    ]
    run = f"run:{ids.show('run', acme.claim.run_id)}"
    assert {row["linked_by"] for row in await acme.rows()} == {run}
    audited = await acme.rows("SELECT action, actor, target FROM app.audit WHERE action LIKE 'entity.%'")
    assert {(row["actor"], row["target"]) for row in audited} == {(run, said["entity"])}
    assert sorted(row["action"] for row in audited) == ["entity.created", "entity.linked", "entity.linked"]


async def test_the_timeline_of_the_entity_tells_each_link_and_whose_it_was(acme: Linker) -> None:
    entity = ids.read("ety", (await acme.said("link", ERP, CRM))["entity"])
    tenant = acme.world.tenant_id
    async with acme.app.tenant(tenant) as connection:
        of = await timeline.scope(connection, tenant, entity)
        lines, _ = await timeline.read(connection, tenant, of, {}, Page(50, None))
    run = f"run:{ids.show('run', acme.claim.run_id)}"
    assert [(one.what, one.name, one.number, one.by) for one in lines] == [
        ("linked", "created", "erp:C-1", run),
        ("linked", "linked", "crm:A-4", run),
    ]


async def test_F_01_said_again_nothing_is_linked_twice_nor_told_twice(acme: Linker) -> None:
    first = await acme.said("link", ERP, CRM)
    assert [await acme.said("link", *keys) for keys in ((ERP, CRM), (CRM, ERP), (CRM,))] == [first] * 3
    assert await acme.keys() == ["erp:C-1", "crm:A-4"]
    (count,) = await acme.rows("SELECT count(*) AS lines FROM app.entity_change")
    assert count["lines"] == 2


@pytest.mark.parametrize("armed", ["!call.answered", "!checkpoint.before"])
async def test_F_01_it_is_one_entity_wherever_the_worker_dies(
    armed: str, app_database: Database, worker_database: Database
) -> None:
    tenant = (await make_tenant(app_database)).tenant_id
    worker = Teller(app_database, worker_database, tenant, CrossReferenceFunction(worker_database), NAME)
    flushing = asyncio.create_task(worker.flush())
    await worker.begin(1, DOCUMENT, armed)
    async with asyncio.timeout(PATIENCE):
        while not await worker.outputs():
            await worker.go()
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    (said,) = await worker.outputs()
    assert [one["id"] for one in said["keys"]] == ["A-4", "C-1"]
    lines = await worker.rows("SELECT entity_id, what FROM app.entity_change ORDER BY change_id")
    assert [(ids.show("ety", one["entity_id"]), one["what"]) for one in lines] == [
        (said["entity"], "created"),
        (said["entity"], "linked"),
    ]


async def test_F_02_who_has_lost_the_run_links_nothing(acme: Linker) -> None:
    answer = await acme.call("link", ERP, fence=acme.claim.fence - 1)
    assert isinstance(answer, Later)
    assert await acme.rows() == []


async def test_two_runs_at_once_make_one_entity(acme: Linker) -> None:
    both = await asyncio.gather(acme.said("link", ERP, CRM), acme.said("link", CRM, ERP, SHOP))
    assert len({one["entity"] for one in both}) == 1
    assert sorted(await acme.keys()) == ["crm:A-4", "erp:C-1", "shop:77"]


async def test_what_a_system_told_before_is_the_one_that_is_linked_and_its_preferred_id_stays(acme: Linker) -> None:
    there = await known(acme, "crm:A-4", "erp:C-0")
    said = await acme.said("link", ERP, CRM)
    assert said["entity"] == ids.show("ety", there.entity_id)
    assert said["ids"] == {"crm": "A-4", "erp": "C-0"}, "the ERP's own duplicate is not written by"
    assert await acme.keys() == ["crm:A-4", "erp:C-0", "erp:C-1"]


async def test_the_other_ids_are_found_by_one_of_them(acme: Linker) -> None:
    entity = (await acme.said("link", ERP, CRM, SHOP))["entity"]
    for key in (ERP, CRM, SHOP):
        said = await acme.said("find", key)
        assert (said["entity"], said["ids"]) == (entity, {"crm": "A-4", "erp": "C-1"})
    nobody: dict[str, Any] = {"found": False, "entity": None, "ids": {}, "keys": []}
    assert await acme.said("find", {"connection": "erp", "id": "C-2"}) == nobody
    assert await acme.said("find", ERP, kind="supplier") == nobody, "a number of another kind is another thing"


async def test_what_is_known_as_two_stays_two_and_is_somebodys_until_a_person_merges_them(acme: Linker) -> None:
    one, other = await known(acme, "erp:C-1"), await known(acme, "crm:A-4")
    for _ in range(2):
        kind, status, detail = await acme.refused("link", ERP, CRM, SHOP)
        assert (kind, status) == ("validation", 409), "a template may catch it by these"
        assert all(ids.show("ety", each.entity_id) in detail for each in (one, other))
    assert await acme.keys() == ["erp:C-1", "|", "crm:A-4"], "not one of the keys is linked"
    assert await acme.exceptions() == [("master-data", "customer", "open")]
    async with acme.app.session(Scope.tenant(acme.world.tenant_id)) as session:
        found = await reading.find(session, acme.world.tenant_id, one.entity_id, lock=True)
        await merging.merge(session, found, other.entity_id, "the same", actor=ACTOR)
        await session.commit()
    assert await acme.exceptions() == [("master-data", "customer", "resolved")]
    assert (await acme.said("link", ERP, CRM, SHOP))["entity"] == ids.show("ety", one.entity_id)
    assert await acme.exceptions() == [("master-data", "customer", "resolved")]


async def test_of_what_a_person_has_split_nobody_is_told_again(acme: Linker) -> None:
    one = await known(acme, "erp:C-1", "crm:A-4")
    async with acme.app.session(Scope.tenant(acme.world.tenant_id)) as session:
        found = await reading.find(session, acme.world.tenant_id, one.entity_id, lock=True)
        await merging.split(session, found, [Key("crm", "A-4")], "two", back_to=None, actor=ACTOR)
        await session.commit()
    assert (await acme.refused("link", ERP, CRM))[:2] == ("validation", 409)
    assert await acme.exceptions() == []


async def test_an_entity_takes_no_more_keys_than_it_may_have(acme: Linker) -> None:
    await known(acme, "erp:C-1", *(f"shop:{number}" for number in range(1_000, 1_000 + MOST - 1)))
    assert (await acme.refused("link", ERP, CRM))[:2] == ("validation", 400)
    assert len(await acme.rows()) == MOST


async def test_S_12_a_run_links_and_finds_in_its_own_tenant_alone(
    acme: Linker, app_database: Database, worker_database: Database
) -> None:
    harbor = await linker(app_database, worker_database, "erp", "crm", slug="harbor")
    await harbor.said("link", ERP, SHOP)
    assert not (await acme.said("find", SHOP))["found"]
    ours, theirs = await acme.said("link", ERP, CRM), await harbor.said("find", ERP)
    assert ours["entity"] != theirs["entity"]
    assert theirs["ids"] == {"erp": "C-1"}
    kind, status, _ = await acme.refused("link", ERP, bindings=harbor.connections)
    assert (kind, status) == ("configuration", 400), "a connection of another tenant is none"


async def test_a_connection_is_the_system_of_its_own_name_whatever_the_document_calls_it(acme: Linker) -> None:
    bindings = {"erp": await acme.connect("sap-prod")}
    said = await acme.said("link", ERP, bindings=bindings)
    assert (said["ids"], await acme.keys()) == ({"erp": "C-1"}, ["sap-prod:C-1"])


async def test_a_connection_is_what_a_mapping_says_that_it_is(acme: Linker) -> None:
    await map_as(acme, "orders", {"erp": "erp-east", "crm": None})
    said = await acme.said("link", ERP, CRM)
    assert said["ids"] == {"erp": "C-1", "crm": "A-4"}
    assert await acme.keys() == ["erp-east:C-1", "crm:A-4"]


async def test_a_connection_that_mappings_call_two_systems_is_not_guessed_at(acme: Linker) -> None:
    await map_as(acme, "orders", {"erp": "erp-east"})
    await map_as(acme, "items", {"erp": "erp-west"})
    kind, status, detail = await acme.refused("link", ERP)
    assert (kind, status) == ("configuration", 400)
    assert "erp-east, erp-west" in detail
    assert (await acme.said("link", {"system": "erp-west", "id": "C-1"}))["ids"] == {}


async def test_of_a_group_it_is_the_connection_that_the_run_has_chosen(acme: Linker) -> None:
    group, east, west = ids.new(), await acme.connect("erp-east"), await acme.connect("erp-west")
    tenant = acme.world.tenant_id
    given: dict[str, Any] = {"bindings": {}, "groups": {"erp": group}}
    async with acme.app.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.connection_group (tenant_id, group_id, name, rules) VALUES ($1, $2, 'erps', '[]')",
            *(tenant, group),
        )
    assert (await acme.refused("link", ERP, **given))[:2] == ("configuration", 400), "nothing was called over it"
    await choose(acme, group, east)
    assert (await acme.said("link", ERP, **given))["ids"] == {"erp": "C-1"}
    assert await acme.keys() == ["erp-east:C-1"]
    await choose(acme, group, west)
    kind, _, detail = await acme.refused("find", ERP, **given)
    assert (kind, "erp-east, erp-west" in detail) == ("configuration", True)


def test_the_page_shows_a_document_that_is_published_and_an_error_that_it_may_catch() -> None:
    page = (ROOT / "docs/integrator/cross-reference.md").read_text()
    text, caught = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert cross_references.connections(publishing.read(text).workflow) == {"erp", "crm"}
    head, (call,) = DOCUMENT.partition("do:\n")[0], re.findall(r"^  - link:.*", DOCUMENT, re.MULTILINE | re.DOTALL)
    tried = "      try:\n" + call.replace("\n", "\n        ").replace("  - link:", "        - link:", 1).rstrip()
    publishing.read(f"{head}do:\n  - careful:\n{tried}\n      {caught}")


async def choose(its: Linker, group: Any, connection_id: Any) -> None:
    async with its.worker.tenant(its.world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection_choice (tenant_id, run_id, name, digest, facts, group_id, group_revision, "
            "rule, connection_id) VALUES ($1, $2, 'erp', sha256($5), '{}', $3, 1, 1, $4)",
            *(its.world.tenant_id, its.claim.run_id, group, connection_id, connection_id.bytes),
        )


async def map_as(its: Linker, name: str, connections: dict[str, str | None]) -> None:
    """A mapping that is released and says so."""
    said = {**SHIPMENTS, "events": {f"{name}.shipment": None}, "connections": connections}
    await release(its.app, its.world, name, said)
