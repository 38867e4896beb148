"""A deadline begins and ends with what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from infra import ids
from services.deadlines import deadlines, plan
from services.deadlines.errors import InvalidPlan, UnknownKind
from services.deadlines.kinds import Subject
from tenants.calendars import reading
from tenants.calendars.calendar import NeverOpen
from tenants.calendars.errors import UnknownCalendar
from tests.services.deadlines.desk import Desk


async def test_it_begins_once_and_ends_once(desk: Desk) -> None:
    subject = Subject("hold", ids.new())
    made = await desk.begin(0, subject, warn="PT1H", due="PT2H")
    assert await desk.begin(0, subject, due="PT9H") == made, "an open one stays as it is"
    row = await desk.row(made)
    assert row["next_at"] == row["began_at"] + timedelta(hours=1)
    assert row["due_at"] == row["began_at"] + timedelta(hours=2)
    async with desk.app.tenant(desk.tenant) as transaction:
        assert await deadlines.end(transaction, desk.tenant, subject, "completed")
        assert not await deadlines.end(transaction, desk.tenant, subject, "cancelled")
    row = await desk.row(made)
    assert (row["outcome"], row["next_at"], row["wake_at"]) == ("completed", None, None)
    assert await desk.begin(0, subject, due="PT2H") != made
    async with desk.worker.tenant(desk.tenant) as transaction:
        assert (
            await deadlines.due_at(transaction, desk.tenant, plan.read({"warn": "PT1H", "calendar": "always"})) is None
        )


async def test_what_it_cannot_count_by_or_do_is_refused_as_it_begins(desk: Desk) -> None:
    with pytest.raises(UnknownKind, match="order"):
        await desk.begin(0, Subject("order", ids.new()), due="PT1H")
    with pytest.raises(UnknownCalendar):
        await desk.begin(0, due="PT1H", calendar="nobody's")
    await desk.save(week={})
    with pytest.raises(NeverOpen):
        await desk.begin(0, due="PT1H")
    assert await desk.do("SELECT FROM app.deadline WHERE tenant_id = $1") == []


async def test_whoever_changes_a_calendar_waits_for_those_who_count_by_it(desk: Desk) -> None:
    async with desk.worker.tenant(desk.tenant) as counting, desk.worker.tenant(desk.tenant) as other:
        await reading.steady(counting, desk.tenant)
        await reading.steady(other, desk.tenant)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await _change_soon(desk)
    await _change_soon(desk)


async def _change_soon(desk: Desk) -> None:
    async with desk.app.tenant(desk.tenant) as changing:
        await changing.execute("SET LOCAL lock_timeout = '50ms'")
        await reading.unsteady(changing, desk.tenant)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({}, ""),
        ({"due": "soon"}, "/due"),
        ({"warn": "PT2H", "due": "PT1H"}, "/warn"),
        ({"due": "P366D"}, "/due"),
        ({"due": "PT1H", "weekends": False}, ""),
        ({"steps": [{"after": "PT1H", "do": "reassign"}]}, "/steps/0/role"),
        ({"steps": [{"after": "PT1H", "do": "auto_decide"}]}, "/steps/0/outcome"),
        ({"steps": [{"after": {"hours": -1}, "do": "notify"}]}, "/steps/0/after"),
        ({"steps": [{"after": "PT1H", "do": "expire"}, {"after": "PT2H", "do": "notify"}]}, "/steps"),
        ({"steps": [{"after": "PT1H", "do": "notify"}] * 21}, ""),
    ],
)
def test_a_plan_says_where_it_is_no_good(given: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan.read(given)
    assert refused.value.extensions["errors"][0]["pointer"] == pointer


def test_a_plan_is_in_the_order_of_its_times() -> None:
    found = plan.read(
        {"steps": [{"after": "PT2H", "do": "notify"}, {"after": "PT1H", "do": "notify"}], "due": "PT2H", "warn": "PT1H"}
    )
    assert [(one.do, one.after // 3_600_000) for one in found.steps] == [
        ("warn", 1), ("notify", 1), ("due", 2), ("notify", 2),
    ]  # fmt: skip
