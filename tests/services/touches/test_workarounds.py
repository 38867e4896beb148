"""Work beside the systems: noted in two clicks, counted, owned by somebody, and to be ended by a day (ADR 0116)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra import clock, ids
from infra.database import Database
from infra.pagination import Page
from infra.problems import Invalid, NotFound
from services.exceptions.errors import UnknownOwner
from services.touches import figures, reading, workarounds
from services.touches.errors import WorkaroundChanged, WorkaroundRetired
from services.touches.reading import Filter
from services.touches.workarounds import Act, Noted
from tests.world import World, make_tenant

KIM, LEE = (f"account:{ids.show('acc', ids.new())}" for _ in range(2))


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


def noted(step: str = "price-check", **more: Any) -> Noted:
    return Noted(**{"way": "spreadsheet", "step": step, "owner": "role:pricing-desk", **more})


async def test_the_same_way_and_step_is_one_row_that_counts_and_a_second_click_is_none(
    app_database: Database, world: World
) -> None:
    tenant = world.tenant_id
    async with app_database.tenant(tenant) as connection:
        first = await workarounds.note(connection, tenant, noted(), KIM)
        again = await workarounds.note(connection, tenant, noted(words="twice"), KIM)
        other = await workarounds.note(connection, tenant, noted(owner="role:other"), LEE)
        apart = await workarounds.note(connection, tenant, noted("re-keyed"), LEE)
    assert [one["uses"] for one in (first, again, other, apart)] == [1, 1, 2, 1]
    assert first["workaround_id"] == other["workaround_id"] != apart["workaround_id"]
    assert (other["owner"], other["words"], other["made_by"]) == ("role:pricing-desk", "twice", KIM)
    assert first["retire_on"] == clock.now().date() + timedelta(days=workarounds.DAYS)


async def test_minutes_are_an_estimate_of_who_typed_them_and_a_key_s_are_none(
    app_database: Database, world: World
) -> None:
    tenant, now = world.tenant_id, clock.now()
    given = noted(about=("sales-order", "SO-1"), minutes=12)
    for actor in (KIM, KIM, "key:robot"):
        async with app_database.tenant(tenant) as connection:
            await workarounds.note(connection, tenant, given, actor)
    async with app_database.tenant(tenant) as connection:
        (touch,) = await reading.list_touches(connection, tenant, Page(5), Filter())
        period = (now - timedelta(hours=1), now + timedelta(hours=1))
        (by_step,) = await figures.read(connection, tenant, "step", *period, kind=None, step=None)
        (by_entity,) = await figures.read(connection, tenant, "entity", *period, kind="sales-order", step=None)
        assert await figures.read(connection, tenant, "step", *period, kind="customer", step=None) == []
    assert (touch["kind"], touch["key"], touch["step"]) == ("sales-order", "SO-1", "price-check")
    assert (touch["seconds_active"], touch["seconds_estimated"]) == (None, 720)
    assert (by_step.step, by_step.key, by_step.touches, by_step.estimated) == ("price-check", None, 0, 1)
    assert (by_entity.key, by_entity.people, by_entity.seconds_estimated, by_entity.measured) == ("SO-1", 1, 720, 0)


async def test_of_two_who_act_on_one_one_does_and_it_comes_back_as_another(
    app_database: Database, world: World
) -> None:
    tenant = world.tenant_id
    soon = clock.now().date() + timedelta(days=3)
    async with app_database.tenant(tenant) as connection:
        one = (await workarounds.note(connection, tenant, noted(), KIM))["workaround_id"]
        moved = await workarounds.act(connection, tenant, one, Act(seen=0, retire_on=soon, reason="x"), KIM)
        assert (moved["retire_on"], moved["changes"], moved["reason"]) == (soon, 1, "x")
        with pytest.raises(WorkaroundChanged):
            await workarounds.act(connection, tenant, one, Act(seen=0, owner="role:x"), LEE)
        ended = await workarounds.act(connection, tenant, one, Act(seen=1, retires=True), LEE)
        assert ended["retired_by"] == LEE
        with pytest.raises(WorkaroundRetired):
            await workarounds.act(connection, tenant, one, Act(seen=2, retires=True), KIM)
        assert (await workarounds.note(connection, tenant, noted(), KIM))["workaround_id"] != one
        with pytest.raises(UnknownOwner):
            await workarounds.note(connection, tenant, noted(owner=LEE), KIM)
        for day in (clock.now().date() - timedelta(days=1), clock.now().date() + timedelta(days=400)):
            with pytest.raises(Invalid):
                await workarounds.note(connection, tenant, noted(retire_on=day), KIM)
        with pytest.raises(NotFound):
            await workarounds.act(connection, tenant, ids.new(), Act(seen=0, retires=True), KIM)
        rows = await connection.fetch("SELECT action FROM app.audit ORDER BY audit_id")
    assert [row["action"] for row in rows] == [
        f"workaround.{said}" for said in ("noted", "changed", "retired", "noted")
    ]


@pytest.mark.parametrize("state", ["open", "retired"])
async def test_a_list_is_paged_by_its_last_day_or_the_newest_first(
    app_database: Database, world: World, state: workarounds.State
) -> None:
    tenant, today = world.tenant_id, clock.now().date()
    async with app_database.tenant(tenant) as connection:
        for number, days in enumerate((9, 1, 5, 5)):
            last = today + timedelta(days=days)
            row = await workarounds.note(connection, tenant, noted(f"s{number}", retire_on=last), KIM)
            if state == "retired":
                await workarounds.act(connection, tenant, row["workaround_id"], Act(seen=0, retires=True), KIM)
        found: list[str] = []
        after: str | None = None
        for _ in range(4):
            rows = await workarounds.listing(connection, tenant, Page(1, after), state, None)
            found.append(rows[0]["step"])
            after = workarounds.position(rows[0], state)
        assert await workarounds.listing(connection, tenant, Page(1, after), state, None) == []
        assert await workarounds.listing(connection, tenant, Page(5), state, "role:nobody") == []
    assert found == (["s1", "s2", "s3", "s0"] if state == "open" else ["s3", "s2", "s1", "s0"])
