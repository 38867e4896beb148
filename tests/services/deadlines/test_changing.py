"""A calendar changes, or a time zone's rules: deadlines are computed anew, in slices, and the audit says how many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra import ids
from services.deadlines import acting, changing
from services.deadlines.clock import Clock
from services.deadlines.errors import Overtaken
from services.deadlines.kinds import Subject
from services.deadlines.zone_changes import find_changes
from tenants.calendars.zones import rules_of
from tests.services.deadlines.desk import OPEN, Desk, ago

SHUT = {"special_days": [{"day": ago(hours).date().isoformat()} for hours in (24, 0, -24, -48)]}
"""Closed since yesterday, and for two days more."""


async def test_all_that_count_by_it_move_slice_by_slice(desk: Desk) -> None:
    first = await desk.begin(0, due="PT30H")
    await desk.copies(first, 24)
    over = await desk.begin(900, warn="PT1H")
    await desk.settle()
    assert await desk.save(**SHUT) == 2
    later = await desk.begin(0, due="PT30H")
    (change,) = await changing.take(desk.worker, 5, 60)
    slices: list[int] = []
    while not slices or slices[-1]:
        slices.append(await changing.carry_on(desk.worker, change, most=10))
        if await desk.do("SELECT FROM app.calendar_change WHERE tenant_id = $1") == []:
            break
    assert slices == [10, 10, 6]
    assert (await desk.told())[-1] == ("calendar.deadlines-recomputed", {"version": 2, "looked": 26, "moved": 25})
    row, last = await desk.row(first), await desk.row(later)
    assert (row["calendar_version"], row["fence"]) == (2, 1)
    assert row["next_at"] > row["began_at"] + timedelta(hours=48)
    assert row["next_at"] == row["due_at"] == row["wake_at"]
    assert (last["calendar_version"], last["fence"]) == (2, 0), "it was begun by the new one"
    assert ((await desk.row(over))["next_at"], len((await desk.row(over))["done_at"])) == (None, 1)


async def test_a_step_is_not_done_by_a_calendar_that_holds_no_more(desk: Desk) -> None:
    made = await desk.begin(2, due="PT1H")
    await desk.save(**SHUT)
    (taken,) = await acting.take(desk.worker, 5, 60)
    assert await acting.act(desk.worker, {"hold": desk.act}, taken) is False
    row = await desk.row(made)
    assert (await desk.deeds(), row["done_at"], row["calendar_version"]) == ([], [], 2)
    assert row["next_at"] == row["wake_at"] > ago(0)
    await desk.settle()
    assert (await desk.told())[-1][1] == {"version": 2, "looked": 1, "moved": 1}


async def test_who_keeps_when_its_things_are_due_hears_of_it_in_the_same_commit(desk: Desk) -> None:
    subject = Subject("hold", ids.new())
    heard: list[Any] = []

    async def follow(_transaction: Any, tenant: UUID, moved: Mapping[UUID, datetime | None], /) -> None:
        heard.append((tenant, dict(moved)))

    made = await desk.begin(0, subject, due="PT30H")
    await desk.begin(0, warn="PT30H")
    await desk.save(**SHUT)
    await desk.settle(Clock(desk.worker, {}, wake=lambda: None, follows={"hold": follow}))
    assert heard == [(desk.tenant, {subject.id: (await desk.row(made))["due_at"]})]


async def test_a_change_upon_a_change_begins_again(desk: Desk) -> None:
    await desk.copies(await desk.begin(0, due="PT30H"), 9)
    await desk.save(**SHUT)
    (change,) = await changing.take(desk.worker, 5, 60)
    assert await changing.carry_on(desk.worker, change, most=4) == 4
    await desk.save(holidays=[])
    with pytest.raises(Overtaken):
        await changing.carry_on(desk.worker, change, most=4)
    await desk.settle()
    versions = await desk.do("SELECT DISTINCT calendar_version AS version FROM app.deadline WHERE tenant_id = $1")
    assert [row["version"] for row in versions] == [3]
    assert (await desk.told())[-1][1] == {"version": 3, "looked": 14, "moved": 8}


async def test_F_01_a_worker_that_dies_between_two_slices_leaves_the_rest_to_another(desk: Desk) -> None:
    await desk.copies(await desk.begin(0, due="PT30H"), 9)
    await desk.save(**SHUT)
    (change,) = await changing.take(desk.worker, 5, 60)
    await changing.carry_on(desk.worker, change, most=4)
    await desk.come_due()
    await desk.settle(desk.clock())
    assert (await desk.told())[-1][1] == {"version": 2, "looked": 10, "moved": 10}


async def test_a_calendar_that_is_never_open_any_more_is_told_and_keeps_its_deadlines(desk: Desk) -> None:
    made = await desk.begin(0, due="PT30H")
    before = await desk.row(made)
    await desk.save(week={})
    await desk.settle()
    row = await desk.row(made)
    assert (row["next_at"], row["failures"], row["calendar_version"]) == (before["next_at"], 3, 2)
    (told,) = await desk.do("SELECT title FROM app.exception WHERE tenant_id = $1 AND state = 'open'")
    assert "the calendar `always` has no 1 day, 6:00:00 of open time within ten years" in told["title"]


async def test_other_rules_of_a_time_zone_are_found_by_the_worker_that_starts(desk: Desk) -> None:
    made = await desk.begin(0, due="PT30H")
    assert await find_changes(desk.worker) == 0
    wrong = "UPDATE app.deadline SET zone_mark = 'of before', next_at = next_at + interval '1 hour', "
    await desk.do(f"{wrong} due_at = due_at + interval '1 hour', wake_at = next_at WHERE tenant_id = $1")
    assert await find_changes(desk.worker) == 1
    await desk.settle()
    row = await desk.row(made)
    assert row["next_at"] == row["due_at"] == row["wake_at"] == row["began_at"] + timedelta(hours=30)
    assert row["zone_mark"] == rules_of(OPEN["time_zone"]) != ""
    assert await find_changes(desk.worker) == 0
    assert (await desk.told())[-1][1] == {"version": 1, "looked": 1, "moved": 1}


async def test_a_calendar_that_nobody_counts_by_changes_and_nothing_is_to_be_done(desk: Desk) -> None:
    subject = Subject("hold", ids.new())
    await desk.save(**SHUT)
    assert await changing.take(desk.worker, 5, 60) == []
    await desk.begin(0, subject, due="PT30H")
    async with desk.app.tenant(desk.tenant) as transaction:
        assert await changing.is_used(transaction, desk.tenant, "always")
