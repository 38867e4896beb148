"""What a deadline does with a task: each step once, nothing of a closed one, nothing that takes an authority."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from infra.database import Database
from services.human_tasks import escalating
from services.human_tasks.escalating import NotForAClock
from template_library.human_tasks import Step
from tests.services.human_tasks.office import AUTHORITY, Office, opened


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        yield one


async def act(office: Office, task: UUID, step: Step, mark: str = "deadline:1") -> bool:
    async with office.worker.tenant(office.tenant) as connection:
        return await escalating.act(connection, office.tenant, task, step, mark)


async def test_who_is_told_is_told_once(office: Office) -> None:
    await office.begin()
    (task,) = await office.rows()
    step = Step(after="PT2H", do="notify", role="finance")
    assert [await act(office, task["task_id"], step) for _ in range(2)] == [True, False]
    (notice,) = await office.rows("SELECT kind, owner FROM app.notice")
    assert tuple(notice) == ("task.due", "role:finance")


async def test_it_goes_to_another_queue_whoever_had_it(office: Office) -> None:
    await office.begin()
    (task,) = await office.rows()
    await act(office, task["task_id"], Step(after="PT2H", do="reassign", role="finance"))
    (task,) = await office.rows()
    assert (task["role"], task["state"], task["assignee"]) == ("finance", "offered", None)


async def test_time_decides_for_a_refusal_and_the_run_goes_on(office: Office) -> None:
    await office.begin(1, AUTHORITY)
    (task,) = await office.rows()
    with pytest.raises(NotForAClock):
        await act(office, task["task_id"], Step(after="PT2H", do="auto_decide", outcome="approve"))
    assert await act(office, task["task_id"], Step(after="PT2H", do="auto_decide", outcome="reject"))
    await office.go()
    (output,) = await office.outputs()
    assert (output["outcome"], output["by"], output["approvals"]) == ("reject", "deadline", [])
    assert not await act(office, task["task_id"], Step(after="PT4H", do="notify"), "deadline:2"), "it is closed"


async def test_what_expires_fails_its_call(office: Office) -> None:
    await office.begin()
    (task,) = await office.rows()
    await act(office, task["task_id"], Step(after="PT2H", do="expire"))
    await office.go()
    (run,) = await office.rows("SELECT state, error::text AS error FROM app.run")
    assert (run["state"], "The task expired" in run["error"]) == ("faulted", True)
