"""A hold's deadline begins with it, tells and hands on, follows its calendar, and ends with it (ADR 0103, ADR 0115)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from infra.database import Database
from services.deadlines import changing
from services.deadlines.clock import Clock
from services.holds import clock, kinds
from services.holds.errors import InvalidHoldTypes
from services.holds.kinds import SHIPPED, Kind
from template_library.holds import HoldDeadline, HoldStep
from tenants.calendars import saving
from tenants.calendars.definition import Written
from tests.services.holds.holding import Desk, wanted
from tests.tenants.calendars.examples import ALWAYS
from tests.world import World

STEPS = HoldDeadline(warn="PT1H", due="PT2H", steps=[HoldStep(after="PT3H", do="reassign", role="finance")])
_HOLD = "SELECT hold_id, due, owner_role, version, raised_at FROM app.hold WHERE tenant_id = $1"
_DEADLINE = "SELECT due_at, outcome, run_id FROM app.deadline WHERE tenant_id = $1"


@pytest.fixture
def desk(app_database: Database, world: World) -> Desk:
    return Desk(app_database, world.tenant_id)


async def calendar(desk: Desk, **changed: Any) -> None:
    """One that is always open, by which everything counts that names none."""
    written = msgspec.convert({"time_zone": "UTC", "week": ALWAYS, "default": True} | changed, Written)
    async with desk.database.tenant(desk.tenant) as transaction:
        await saving.save(transaction, desk.tenant, "always", written, actor="test")
        await changing.recompute(transaction, desk.tenant, "always")


async def settle(worker: Database) -> None:
    its = Clock(worker, {clock.KIND: clock.act}, wake=lambda: None, follows={clock.KIND: clock.follow})
    while await its.round():
        pass


async def come(desk: Desk) -> None:
    """Whatever step is next is to be done now."""
    await desk.rows(
        "UPDATE app.deadline SET next_at = began_at, wake_at = began_at WHERE tenant_id = $1 AND next_at IS NOT NULL "
        "RETURNING true"
    )


async def test_without_a_calendar_a_hold_stands_all_the_same_and_its_minutes_are_the_walls(desk: Desk) -> None:
    await desk.hold(wanted("stock"))
    (row,) = await desk.rows(_HOLD)
    assert abs(row["due"] - row["raised_at"] - timedelta(hours=4)) < timedelta(minutes=1)
    assert await desk.rows(_DEADLINE) == []


async def test_it_warns_comes_due_and_is_handed_on_once_each_and_ends_with_its_hold(
    desk: Desk, worker_database: Database
) -> None:
    await calendar(desk)
    raised = await desk.hold(wanted("stock", deadline=STEPS))
    (row,), (deadline,) = await desk.rows(_HOLD), await desk.rows(_DEADLINE)
    assert row["due"] == deadline["due_at"]
    for _ in range(3):
        await come(desk)
        await settle(worker_database)
    told = await desk.rows(
        "SELECT owner, kind, body->>'hold' IS NOT NULL AS named FROM app.notice WHERE tenant_id = $1 ORDER BY notice_id"
    )
    assert [tuple(one) for one in told] == [
        ("role:inventory-desk", "hold.due", True),
        ("role:inventory-desk", "hold.due", True),
        ("role:finance", "hold.due", True),
    ]
    (row,) = await desk.rows(_HOLD)
    assert (row["owner_role"], row["version"]) == ("finance", 2)
    audited = await desk.rows("SELECT actor FROM app.audit WHERE tenant_id = $1 AND action = 'hold.reassigned'")
    assert [one["actor"] for one in audited] == ["engine"]
    await desk.act(raised.hold_id)
    (deadline,) = await desk.rows(_DEADLINE)
    assert deadline["outcome"] == "cleared"


async def test_a_deadline_of_a_hold_that_is_gone_does_nothing(desk: Desk, worker_database: Database) -> None:
    await calendar(desk)
    raised = await desk.hold(wanted("stock", deadline=STEPS))
    await desk.rows(
        "UPDATE app.hold SET status = 'cleared', cleared_at = raised_at, cleared_by = 'x' "
        "WHERE tenant_id = $1 AND hold_id = $2 RETURNING true",
        raised.hold_id,
    )
    await come(desk)
    await settle(worker_database)
    assert await desk.rows("SELECT 1 FROM app.notice WHERE tenant_id = $1") == []
    (deadline,) = await desk.rows(_DEADLINE)
    assert deadline["outcome"] == "over"


async def test_a_hold_is_due_when_its_changed_calendar_says(desk: Desk, worker_database: Database) -> None:
    await calendar(desk)
    await desk.hold(wanted("stock"))
    (before,) = await desk.rows(_HOLD)
    today = datetime.now(UTC).date()
    await calendar(desk, holidays=[{"day": (today + timedelta(days=one)).isoformat()} for one in (-1, 0, 1, 2)])
    await settle(worker_database)
    (row,), (deadline,) = await desk.rows(_HOLD), await desk.rows(_DEADLINE)
    assert row["due"] == deadline["due_at"] > before["due"] + timedelta(days=1)


async def test_a_moment_that_somebody_names_stays_as_it_is(desk: Desk) -> None:
    await calendar(desk)
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    await desk.hold(wanted("stock", due=moment))
    (row,) = await desk.rows(_HOLD)
    assert (row["due"], await desk.rows(_DEADLINE)) == (moment, [])


async def test_a_type_says_what_is_done_and_by_a_calendar_that_is_there(desk: Desk) -> None:
    by = msgspec.structs.replace(STEPS, calendar="always")
    own = Kind(name="cold-chain", title="Cold chain", role="quality-desk", deadline=by)
    async with desk.database.tenant(desk.tenant) as connection:
        with pytest.raises(InvalidHoldTypes, match="no such calendar"):
            await kinds.put(connection, desk.tenant, (*SHIPPED, own), actor="x")
    await calendar(desk)
    async with desk.database.tenant(desk.tenant) as connection:
        assert (await kinds.put(connection, desk.tenant, (*SHIPPED, own), actor="x")).version == 1
    await desk.hold(wanted("cold-chain"))
    (row,) = await desk.rows(_HOLD)
    assert abs(row["due"] - row["raised_at"] - timedelta(hours=2)) < timedelta(minutes=1)
    assert len(await desk.rows(_DEADLINE)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"due": "4 h"},
        {"warn": "PT2H", "due": "PT1H"},
        {"steps": [{"after": "PT1H", "do": "reassign"}]},
        {"steps": [{"after": "PT1H", "do": "auto_decide"}]},
    ],
)
def test_no_clock_lets_go_and_what_does_not_go_together_is_refused(said: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(said, HoldDeadline)
