"""What a kind is given is counted in business time of the client's calendar (ADR 0130)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from services.deadlines import exceptions
from services.deadlines.clock import Clock
from services.engine import repeating
from services.engine.claims import Claims
from tests.services.deadlines.desk import Desk, ago
from tests.services.exceptions.standing import fault
from tests.world import World, deploy, make_tenant, start_runs, write

HOURS = 4
KINDS: dict[str, dict[str, Any]] = {
    "short": {"title": "Short", "owner": "desk", "runbook": "# Short", "within": HOURS * 3_600_000},
    "over": {"title": "Over", "owner": "desk", "runbook": "# Over"},
}
SHORT = "https://own.example/errors/short"
SHUT = {"special_days": [{"day": ago(hours).date().isoformat()} for hours in (24, 0, -24)]}
"""Closed since yesterday, and until the day behind tomorrow."""
ROWS = """
SELECT *, extract(epoch FROM breach_at - opened_at)::bigint AS given, abs(pressure - (stake
  - extract(epoch FROM breach_at)::double precision / 28800)) < 0.000001 AS is_placed
FROM app.exception WHERE tenant_id = $1 ORDER BY exception_id
"""


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


@pytest.fixture
def desk(app_database: Database, worker_database: Database, world: World) -> Desk:
    return Desk(app_database, worker_database, world.tenant_id)


async def stand(desk: Desk, *kinds: str) -> None:
    """Runs that failed, of each kind one."""
    await deploy(desk.app, desk.tenant, "document: {}", event_type="order.captured", exceptions=KINDS)
    await start_runs(desk.app, desk.tenant, len(kinds))
    for claim, kind in zip(await Claims(desk.worker, "w", 30).take(len(kinds)), kinds, strict=True):
        assert await write(desk.worker, fault(claim, kind)) == ["committed"]


def clock(desk: Desk) -> Clock:
    ours = {exceptions.KIND: exceptions.act}
    follows = {exceptions.KIND: exceptions.follow}
    return Clock(desk.worker, ours, wake=lambda: None, follows=follows, begins=[exceptions.look])


async def rows(desk: Desk) -> list[Any]:
    return await desk.do(ROWS)


async def test_the_time_of_a_kind_begins_by_the_wall_and_is_counted_by_the_calendar(desk: Desk) -> None:
    await desk.save(default=True, **SHUT)
    await stand(desk, SHORT, "https://own.example/errors/over")
    short, over = await rows(desk)
    assert (short["given"], over["given"]) == (HOURS * 3600, 8 * 3600)
    assert (short["count_at"], over["count_at"]) == (short["opened_at"], None)
    await desk.settle(clock(desk))
    short, same = await rows(desk)
    opens = (short["opened_at"] + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert short["breach_at"] == opens + timedelta(hours=HOURS), "nobody works until then"
    assert (short["count_at"], short["is_late"], short["is_placed"]) == (None, False, True)
    assert same == over
    ((deadline,),) = [await desk.do("SELECT * FROM app.deadline WHERE tenant_id = $1")]
    assert (deadline["subject_kind"], deadline["subject_id"]) == ("exception", short["exception_id"])
    assert (deadline["due_at"], deadline["run_id"]) == (short["breach_at"], short["run_id"])


async def test_a_calendar_that_changes_moves_it(desk: Desk) -> None:
    await desk.save(default=True)
    await stand(desk, SHORT)
    await desk.settle(clock(desk))
    assert [one["given"] for one in await rows(desk)] == [HOURS * 3600]
    await desk.save(default=True, **SHUT)
    await desk.settle(clock(desk))
    (row,) = await rows(desk)
    assert (row["given"] > 86_400, row["is_placed"], row["is_late"]) == (True, True, False)


async def test_once_its_time_is_over_it_is_late_and_that_is_done_once(desk: Desk) -> None:
    await desk.save(default=True)
    await stand(desk, SHORT)
    await desk.do("UPDATE app.exception SET opened_at = opened_at - interval '5 hours' WHERE tenant_id = $1")
    await desk.settle(clock(desk))
    (row,) = await rows(desk)
    assert (row["given"], row["is_late"]) == (HOURS * 3600, True)
    assert [action for action, _ in await desk.told()] == ["run.faulted", "deadline.reached"]
    (deadline,) = await desk.do("SELECT * FROM app.deadline WHERE tenant_id = $1")
    assert (len(deadline["done_at"]), deadline["next_at"]) == (1, None)


async def test_an_earlier_promise_of_its_run_comes_first(desk: Desk) -> None:
    await desk.save(default=True)
    await stand(desk, SHORT)
    await desk.do("UPDATE app.exception SET deadline = opened_at + interval '1 hour' WHERE tenant_id = $1")
    await desk.settle(clock(desk))
    assert [one["given"] for one in await rows(desk)] == [3600]


async def test_what_is_closed_is_counted_no_more(desk: Desk) -> None:
    await desk.save(default=True)
    await stand(desk, SHORT, SHORT)
    first, second = await rows(desk)
    async with desk.app.tenant(desk.tenant) as connection:
        await repeating.retry(connection, desk.tenant, first["run_id"], "key:k")
    await desk.settle(clock(desk))
    closed, counted = await rows(desk)
    assert (closed["state"], closed["count_at"], counted["count_at"]) == ("resolved", None, None)
    async with desk.app.tenant(desk.tenant) as connection:
        await repeating.retry(connection, desk.tenant, second["run_id"], "key:k")
    (deadline,) = await desk.do("SELECT * FROM app.deadline WHERE tenant_id = $1")
    assert (deadline["subject_id"], deadline["outcome"], deadline["wake_at"]) == (
        second["exception_id"],
        "retried",
        None,
    )


async def test_without_a_calendar_it_is_the_walls_until_there_is_one(desk: Desk) -> None:
    await stand(desk, SHORT)
    await desk.settle(clock(desk))
    (row,) = await rows(desk)
    assert row["given"] == HOURS * 3600
    assert timedelta(minutes=59) < row["count_at"] - row["opened_at"] < timedelta(minutes=61)
    await desk.save(default=True, **SHUT)
    await desk.do("UPDATE app.exception SET count_at = clock_timestamp() WHERE tenant_id = $1")
    await desk.settle(clock(desk))
    (row,) = await rows(desk)
    assert (row["given"] > 86_400, row["count_at"]) == (True, None)


async def test_F_02_of_two_who_count_it_one_begins_it(desk: Desk) -> None:
    await desk.save(default=True)
    await stand(desk, SHORT)
    (taken,) = await exceptions.take(desk.worker)
    assert await exceptions.take(desk.worker) == [], "it is the first one's for a while"
    assert [await exceptions.count(desk.worker, taken) for _ in range(2)] == [True, False]
    assert len(await desk.do("SELECT FROM app.deadline WHERE tenant_id = $1")) == 1


async def test_nothing_of_a_suspended_client_is_counted(desk: Desk) -> None:
    await stand(desk, SHORT)
    async with desk.worker.doors() as connection:
        assert len(await connection.fetch("SELECT * FROM app.take_uncounted(5, 0)")) == 1
    async with desk.app.session(Scope.operator()) as session:
        await session.execute(text("UPDATE app.tenant SET hold = 1 WHERE tenant_id = :id"), {"id": desk.tenant})
        await session.commit()
    assert await exceptions.take(desk.worker) == []
