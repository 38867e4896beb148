"""A task's deadline is begun with the task, does its steps, and ends with it (ADR 0103)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from infra.database import Database
from services.deadlines import changing
from services.deadlines.clock import Clock
from services.deadlines.kinds import Due, Subject
from services.deadlines.plan import Step
from services.human_tasks import clock
from tenants.calendars import saving
from tenants.calendars.definition import Written
from tests.services.human_tasks.office import DOCUMENT, Office, opened, person
from tests.tenants.calendars.examples import ALWAYS

STEPS = "[{after: PT2H, do: reassign, role: finance}]"
TIMED = DOCUMENT.replace(
    "task: credit-review", f"task: credit-review\n        deadline: {{warn: PT30M, due: PT1H, steps: {STEPS}}}"
)
_DEADLINES = "SELECT deadline_id, subject_id, run_id, due_at, outcome, ended_at IS NULL AS is_open FROM app.deadline"


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        yield one


async def test_without_a_calendar_the_call_fails_with_words(office: Office) -> None:
    await office.begin(1, TIMED)
    (run,) = await office.rows("SELECT state, error::text AS error FROM app.run")
    assert (run["state"], "deadline cannot be counted" in run["error"]) == ("faulted", True)


async def test_a_deadline_begins_with_its_task_acts_on_it_and_ends_with_it(office: Office) -> None:
    await calendar(office)
    (run,) = await office.begin(1, TIMED)
    (task,) = await office.rows()
    (deadline,) = await office.rows(_DEADLINES)
    assert (deadline["subject_id"], deadline["run_id"], deadline["is_open"]) == (task["task_id"], run, True)
    assert task["due"] == task["due_at"]
    assert abs((task["due_at"] - deadline["due_at"]).total_seconds()) < 60
    due = Due(
        tenant=office.tenant,
        deadline=deadline["deadline_id"],
        subject=Subject(clock.KIND, task["task_id"]),
        run=run,
        place=0,
        step=Step(after=1_800_000, do="warn"),
        at=deadline["due_at"],
        due_at=deadline["due_at"],
    )
    async with office.worker.tenant(office.tenant) as transaction:
        assert await clock.act(transaction, due)
        assert await clock.act(transaction, replace(due, place=2, step=Step(after=1, do="reassign", role="finance")))
    (task,) = await office.rows()
    assert (task["role"], task["due_at"]) == ("finance", deadline["due_at"]), "as its calendar has it by now"
    assert [one["owner"] for one in await office.rows("SELECT owner FROM app.notice ORDER BY notice_id")] == [
        "role:credit-manager",
        "role:finance",
    ]
    await office.complete(task["task_id"], person(1, "finance"))
    (ended,) = await office.rows(_DEADLINES)
    assert (ended["is_open"], ended["outcome"]) == (False, "completed")
    async with office.worker.tenant(office.tenant) as transaction:
        assert not await clock.act(transaction, replace(due, place=3)), "it is closed, and the deadline is to end"


async def test_a_task_is_due_when_its_changed_calendar_says_and_is_handed_on_then(office: Office) -> None:
    await calendar(office)
    await office.begin(1, TIMED)
    (before,) = await office.rows()
    today = datetime.now(UTC).date()
    await calendar(office, holidays=[{"day": (today + timedelta(days=one)).isoformat()} for one in (-1, 0, 1, 2)])
    await settle(office)
    (task,), (deadline,) = await office.rows(), await office.rows(_DEADLINES)
    assert task["due"] == task["due_at"] == deadline["due_at"] > before["due_at"] + timedelta(days=1)
    await office.rows("UPDATE app.deadline SET next_at = began_at, wake_at = began_at RETURNING true")
    await settle(office)
    assert [one["owner"] for one in await office.rows("SELECT owner FROM app.notice")] == ["role:credit-manager"]


async def settle(office: Office) -> None:
    its = Clock(office.worker, {clock.KIND: clock.act}, wake=lambda: None, follows={clock.KIND: clock.follow})
    while await its.round():
        pass


async def calendar(office: Office, **changed: Any) -> None:
    """One that is always open, by which everything counts that names none."""
    written = msgspec.convert({"time_zone": "UTC", "week": ALWAYS, "default": True} | changed, Written)
    async with office.app.tenant(office.tenant) as transaction:
        await saving.save(transaction, office.tenant, "always", written, actor="test")
        await changing.recompute(transaction, office.tenant, "always")
