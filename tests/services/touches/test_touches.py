"""What a person does by hand is a touch, once for each thing and act; what a key or the product does is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from infra.pagination import Page
from services.engine import operating
from services.touches import reading, writing
from services.touches.reading import Filter
from services.touches.writing import Touch
from tenants.audit import writing as audit
from tests.services.holds.holding import Desk, on_customer, wanted
from tests.world import World, deploy, make_tenant, start_runs

KIM = ids.new()
PERSON = f"account:{ids.show('acc', KIM)}"
DOCUMENT = "document: {}"


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


async def rows(database: Database, tenant: TenantId, only: Filter | None = None) -> list[tuple[Any, ...]]:
    async with database.tenant(tenant) as connection:
        found = await reading.list_touches(connection, tenant, Page(50), only or Filter())
    return [(row["kind"], row["key"], row["step"], row["account_id"], row["source"]) for row in found]


async def told(database: Database, tenant: TenantId, actor: str, action: str, target: str) -> None:
    async with database.tenant(tenant) as connection:
        await audit.write(connection, tenant, actor=actor, action=action, target=target)


async def test_an_id_that_people_see_is_read_back_by_the_database(app_database: Database) -> None:
    async with app_database.doors() as connection:
        for one in (ids.new(), UUID(int=0), UUID(int=2**128 - 1)):
            assert await connection.fetchval("SELECT app.read_id($1)", ids.show("run", one)) == one
        for text in ("run_", "run_" + "u" * 26, "RUN_" + "0" * 26, "", "hold-types"):
            assert await connection.fetchval("SELECT app.read_id($1)", text) is None


async def test_a_person_s_act_on_a_run_is_a_touch_of_its_order_and_a_key_s_is_none(
    app_database: Database, world: World
) -> None:
    tenant = world.tenant_id
    await deploy(app_database, tenant, DOCUMENT, event_type="order.captured")
    (run,) = await start_runs(app_database, tenant, 1)
    async with app_database.tenant(tenant) as connection:
        await operating.suspend(connection, tenant, run, "key:robot")
        await operating.resume(connection, tenant, run, PERSON)
    assert await rows(app_database, tenant) == [("run", "o-0", "run.resumed", KIM, "portal")]
    async with app_database.tenant(tenant) as connection:
        (row,) = await reading.list_touches(connection, tenant, Page(5), Filter(run=run))
    assert (row["actor_kind"], row["seconds_active"], row["seconds_estimated"]) == ("person", None, None)


async def test_what_is_no_work_is_no_touch_and_an_act_of_a_partner_s_person_says_so(
    app_database: Database, world: World
) -> None:
    tenant, some = world.tenant_id, ids.show("ety", ids.new())
    for action in ("connection.updated", "session.started", "entity.kept", "run.suspended"):
        await told(app_database, tenant, PERSON, action, some)
    await told(app_database, tenant, "engine", "run.cancelled", ids.show("run", ids.new()))
    await told(app_database, tenant, "account:nobody", "entity.merged", some)
    assert await rows(app_database, tenant) == []
    await told(app_database, tenant, PERSON.replace("account", "acting"), "signal.sent", ids.show("evt", ids.new()))
    async with app_database.tenant(tenant) as connection:
        (row,) = await reading.list_touches(connection, tenant, Page(5), Filter())
    assert (row["kind"], row["actor_kind"]) == ("event", "acting")


async def test_holds_that_people_clear_are_touches_of_their_order_or_customer(
    app_database: Database, world: World
) -> None:
    desk = Desk(app_database, world.tenant_id)
    for what in (wanted(), on_customer()):
        raised = await desk.hold(what, actor="engine")
        async with app_database.tenant(world.tenant_id) as connection:
            target = ids.show("hld", raised.hold_id)
            await audit.write(connection, world.tenant_id, actor=PERSON, action="hold.cleared", target=target)
    found = await rows(app_database, world.tenant_id)
    assert sorted(found) == [
        ("customer", "C-1", "hold.cleared", KIM, "portal"),
        ("order", "SO-1", "hold.cleared", KIM, "portal"),
    ]


async def test_two_rows_of_one_act_on_one_thing_are_one_touch(app_database: Database, world: World) -> None:
    tenant, run = world.tenant_id, ids.show("run", ids.new())
    async with app_database.tenant(tenant) as connection:
        for action in ("run.cancelled", "run.resumed"):
            await audit.write(connection, tenant, actor=PERSON, action=action, target=run)
    await told(app_database, tenant, PERSON, "run.retried", run)
    assert [one[2] for one in await rows(app_database, tenant)] == ["run.retried", "run.cancelled"]


async def test_seconds_are_measured_and_cut_and_an_estimate_is_never_shown_as_measured(
    app_database: Database, world: World
) -> None:
    tenant = world.tenant_id
    base = Touch(kind="sales-order", key="SO-1", step="credit-review", account=KIM, source="task", seconds=90_000)
    typed = Touch(kind="sales-order", key="SO-2", step="re-keyed", account=KIM, source="external_estimate", seconds=600)
    async with app_database.tenant(tenant) as connection:
        await writing.write(connection, tenant, base)
        await writing.write(connection, tenant, typed)
        with pytest.raises(ValueError, match="how long"):
            await writing.write(connection, tenant, Touch(**{**_members(typed), "seconds": None}))
        found = await reading.list_touches(connection, tenant, Page(5), Filter())
    seconds = {row["key"]: (row["seconds_active"], row["seconds_estimated"]) for row in found}
    assert seconds == {"SO-1": (3_600, None), "SO-2": (None, 600)}


async def test_figures_are_of_closed_runs_and_of_nothing_there_are_none(app_database: Database, world: World) -> None:
    tenant, now = world.tenant_id, datetime.now(UTC)
    since, until = now - timedelta(days=1), now + timedelta(days=1)
    await deploy(app_database, tenant, DOCUMENT, event_type="order.captured")
    touched, untouched, estimated, _open = await start_runs(app_database, tenant, 4)
    async with app_database.tenant(tenant) as connection:
        assert await reading.summary(connection, tenant, since, until, None) == []
        await operating.cancel(connection, tenant, touched, PERSON)
        for run in (untouched, estimated):
            await operating.cancel(connection, tenant, run, "key:robot")
        typed = Touch(kind="run", key="o-2", step="re-keyed", account=KIM, source="external_estimate", seconds=600)
        await writing.write(connection, tenant, Touch(**{**_members(typed), "run": estimated}))
        (found,) = await reading.summary(connection, tenant, since, until, None)
        assert await reading.summary(connection, tenant, since, until, "no-such") == []
        assert await reading.summary(connection, tenant, until, until + timedelta(days=1), None) == []
    assert (found.runs, found.touches, found.untouched, found.straight_through) == (3, 1, 2, 2)
    assert (found.measured, found.seconds_measured) == (0, 0)
    assert (found.estimated, found.seconds_estimated) == (1, 600)
    assert [(one.step, one.source, one.touches) for one in found.steps] == [("run.cancelled", "portal", 1)]


def _members(touch: Touch) -> dict[str, Any]:
    return {name: getattr(touch, name) for name in touch.__struct_fields__}
