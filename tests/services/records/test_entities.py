from __future__ import annotations

import pytest

from infra import ids
from infra.database import Database, Scope
from services.records import reading
from services.records.errors import InvalidEntity, KeyTaken, TooManyKeys, UnknownEntity
from services.records.keys import MOST
from tests.services.records.desk import Desk, shown
from tests.world import make_tenant


async def test_an_entity_is_found_by_whatever_a_system_knows_it_by(desk: Desk) -> None:
    made = await desk.make("erp:C-1", "shop:77", "erp:C-9")
    assert shown(made) == ["erp:C-1*", "erp:C-9", "shop:77*"]
    for one in ("erp:C-1", "shop:77", "erp:C-9"):
        assert await desk.having(one) == [made]
    assert await desk.having("shop:77", kind=None) == [made]
    assert await desk.having("shop:77", kind="item") == []
    assert await desk.having("erp:77") == []
    assert made.stands_for == made.entity_id


async def test_a_customer_and_an_item_may_have_one_number(desk: Desk) -> None:
    customer, item = await desk.make("erp:1"), await desk.make("erp:1", kind="item")
    assert await desk.having("erp:1") == [customer]
    assert {one.entity_id for one in await desk.having("erp:1", kind=None)} == {customer.entity_id, item.entity_id}


async def test_a_key_is_one_entitys_and_whose_is_told(desk: Desk) -> None:
    made, other = await desk.make("erp:C-1"), await desk.make("erp:C-2")
    with pytest.raises(KeyTaken) as refused:
        await desk.link(other, "erp:C-1")
    assert refused.value.extensions == {"entity": ids.show("ety", made.entity_id)}
    assert shown(await desk.find(other)) == ["erp:C-2*"]


async def test_linking_again_changes_nothing_and_preferring_moves_the_star(desk: Desk) -> None:
    made = await desk.make("erp:C-1")
    linked = await desk.link(made, "erp:C-2")
    assert shown(linked) == ["erp:C-1*", "erp:C-2"]
    assert await desk.link(made, "erp:C-2") == linked
    assert shown(await desk.link(made, "erp:C-2", preferred=True)) == ["erp:C-1", "erp:C-2*"]
    assert shown(await desk.link(made, "erp:C-2", preferred=True)) == ["erp:C-1", "erp:C-2*"]
    assert [line.what for line in await desk.lines(made)] == ["created", "linked"]
    assert [action for action, _ in await desk.audited()] == ["entity.created", "entity.linked", "entity.linked"]


async def test_when_the_preferred_key_goes_the_oldest_that_is_left_is_preferred(desk: Desk) -> None:
    made = await desk.make("erp:C-3")
    for one in ("erp:C-2", "erp:C-1", "shop:7"):
        await desk.link(made, one)
    assert shown(await desk.unlink(made, "erp:C-3")) == ["erp:C-2*", "erp:C-1", "shop:7*"]
    assert await desk.having("erp:C-3") == []
    with pytest.raises(UnknownEntity):
        await desk.unlink(made, "erp:C-3")
    assert (await desk.lines(made))[-1].keys == tuple(one.key for one in made.links)


@pytest.mark.parametrize(
    ("key", "pointer"),
    [
        *((one, "/system") for one in ("ERP:1", ":1", "-:1", f"{'e' * 64}:1", "e rp:1")),
        *((one, "/value") for one in ("erp:", "erp: 1", "erp:1 ", "erp:a\nb", "erp:\x00", f"erp:{'1' * 201}")),
    ],
)
async def test_a_key_of_another_form_is_refused_where_it_stands(key: str, pointer: str, desk: Desk) -> None:
    with pytest.raises(InvalidEntity) as refused:
        await desk.make("erp:good", key)
    assert refused.value.extensions["errors"][0]["pointer"] == f"/keys/1{pointer}"


async def test_a_kind_is_the_name_of_a_record(desk: Desk) -> None:
    for kind in ("order", "Customer", "parts", ""):
        with pytest.raises(InvalidEntity):
            await desk.make("erp:1", kind=kind)


async def test_an_entity_has_only_so_many_keys(desk: Desk) -> None:
    made = await desk.make(*(f"erp:{number}" for number in range(MOST)))
    with pytest.raises(TooManyKeys):
        await desk.link(made, "erp:one-more")


async def test_S_13_another_tenants_keys_are_neither_seen_nor_in_the_way(desk: Desk, app_database: Database) -> None:
    made = await desk.make("erp:C-1")
    await desk.session.commit()
    other = await make_tenant(app_database, "other")
    async with app_database.session(Scope.tenant(other.tenant_id)) as session:
        stranger = Desk(session, other.tenant_id)
        with pytest.raises(UnknownEntity):
            await stranger.find(made.entity_id)
        assert await stranger.having("erp:C-1") == []
        own = await stranger.make("erp:C-1")
        assert own.entity_id != made.entity_id
        with pytest.raises(UnknownEntity):
            await reading.find(session, desk.tenant_id, made.entity_id)
