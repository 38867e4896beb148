from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from infra.database import Database, Scope
from services.records.errors import EntitiesDiffer, EntityMerged, InvalidEntity, UnknownEntity
from services.records.keys import Key
from tests.services.records.desk import Desk, shown
from tests.world import make_tenant


async def test_what_turned_out_to_be_one_has_all_keys_and_is_found_by_each(desk: Desk) -> None:
    one, other = await desk.make("erp:C-1", "shop:1"), await desk.make("erp:C-2", "crm:9")
    merged = await desk.merge(one, other)
    assert shown(merged) == ["crm:9*", "erp:C-1*", "erp:C-2", "shop:1*"]
    assert await desk.having("crm:9") == [merged]
    gone = await desk.find(other)
    assert (gone.stands_for, gone.links) == (one.entity_id, ())
    (*_, line) = await desk.lines(one)
    assert (line.what, line.other, line.reason) == ("merged", other.entity_id, "the same")
    assert set(line.keys) == {Key("erp", "C-2"), Key("crm", "9")}
    assert [told.what for told in await desk.lines(other)] == ["created", "merged"]


async def test_merging_again_changes_nothing(desk: Desk) -> None:
    one, other = await desk.make("erp:C-1"), await desk.make("erp:C-2")
    merged = await desk.merge(one, other)
    assert await desk.merge(one, other) == merged
    assert [line.what for line in await desk.lines(one)] == ["created", "merged"]


async def test_who_was_merged_stands_for_the_last_of_the_way(desk: Desk) -> None:
    first, second, third = [await desk.make(f"erp:C-{number}") for number in range(3)]
    await desk.merge(second, first)
    await desk.merge(third, second)
    assert {(await desk.find(one)).stands_for for one in (first, second, third)} == {third.entity_id}
    for one in (first, second):
        with pytest.raises(EntityMerged):
            await desk.link(one, "erp:new")
        with pytest.raises(EntityMerged):
            await desk.merge(one, third)
    with pytest.raises(EntityMerged):
        await desk.merge(await desk.make("erp:C-9"), first)


async def test_neither_itself_nor_another_kind_nor_nobody_is_merged(desk: Desk) -> None:
    one, item = await desk.make("erp:1"), await desk.make("erp:1", kind="item")
    for other in (one, item):
        with pytest.raises(EntitiesDiffer):
            await desk.merge(one, other)
    with pytest.raises(UnknownEntity):
        await desk.find(uuid4())


async def test_a_split_takes_keys_to_a_new_one_and_leaves_each_side_something_to_write_by(desk: Desk) -> None:
    one = await desk.make("erp:C-1", "erp:C-2", "shop:1")
    apart = await desk.split(one, "erp:C-1")
    assert (shown(apart), shown(await desk.find(one))) == (["erp:C-1*"], ["erp:C-2*", "shop:1*"])
    assert (apart.kind, apart.stands_for) == ("customer", apart.entity_id)
    assert [(line.what, line.other) for line in await desk.lines(apart)] == [("split", apart.entity_id)]


async def test_a_merge_is_taken_back_with_the_very_entity_and_what_had_come_before_it(desk: Desk) -> None:
    first, second, third = [await desk.make(f"erp:C-{number}") for number in range(3)]
    await desk.merge(second, first)
    await desk.merge(third, second)
    back = await desk.split(third, "erp:C-0", "erp:C-1", back_to=second)
    assert (back.entity_id, shown(back)) == (second.entity_id, ["erp:C-0*", "erp:C-1"])
    assert (await desk.find(first)).stands_for == second.entity_id
    assert shown(await desk.find(third)) == ["erp:C-2*"]
    with pytest.raises(EntitiesDiffer):
        await desk.split(await desk.link(third, "erp:x"), "erp:x", back_to=second)
    assert [line.what for line in await desk.lines(second)] == ["created", "merged", "merged", "split"]


@pytest.mark.parametrize("given", [["erp:C-9"], ["erp:C-1", "shop:1"], []])
async def test_a_split_of_foreign_keys_of_all_or_of_none_is_refused(given: list[str], desk: Desk) -> None:
    one = await desk.make("erp:C-1", "shop:1")
    await desk.make("erp:C-9")
    with pytest.raises(InvalidEntity):
        await desk.split(one, *given)
    assert shown(await desk.find(one)) == ["erp:C-1*", "shop:1*"]


async def test_S_12_no_row_leads_to_an_entity_of_another_tenant_or_kind(desk: Desk, app_database: Database) -> None:
    own, item = await desk.make("erp:1"), await desk.make("erp:1", kind="item")
    await desk.session.commit()
    other = await make_tenant(app_database, "other")
    async with app_database.session(Scope.tenant(other.tenant_id)) as session:
        foreign = await Desk(session, other.tenant_id).make("erp:1")
        await session.commit()
    statements = (
        ("entity_key (tenant_id, kind, system, id, entity_id, linked_by) VALUES (:t, 'customer', 'x', 'x', :e, 'x')"),
        ("entity_merge (tenant_id, kind, entity_id, into_id) VALUES (:t, 'customer', :own, :e)"),
    )
    for statement in statements:
        for target in (foreign, item):
            values = {"t": desk.tenant_id, "e": target.entity_id, "own": own.entity_id}
            async with app_database.session(Scope.tenant(desk.tenant_id)) as session:
                with pytest.raises(IntegrityError):
                    await session.execute(text(f"INSERT INTO app.{statement}"), values)


async def test_the_history_only_grows(desk: Desk) -> None:
    await desk.make("erp:1")
    await desk.session.commit()
    for statement in (
        "UPDATE app.entity_change SET by = 'x'",
        "DELETE FROM app.entity_change",
        "DELETE FROM app.entity",
    ):
        with pytest.raises(Exception, match="permission denied"):
            await desk.session.execute(text(statement))
        await desk.session.rollback()
