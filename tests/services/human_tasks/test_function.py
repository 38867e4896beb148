"""A run asks a person: the task is made once, parks the run, and its decision is neither lost nor counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine import operating, repeating
from services.engine.functions import ErrorDetails, Failed
from services.human_tasks import escalating, waking
from services.human_tasks.errors import TaskOver
from template_library.human_tasks import Step
from tenants.audit import digests
from tests.marks import night
from tests.services.human_tasks.office import DOCUMENT, Office, opened, person

BOTH = """
document: {dsl: '1.0.3', namespace: tests, name: both, version: 1.0.0}
do:
  - fork:
      fork:
        branches:
          - review:
              call: human-task:1.0.0@default
              with: {task: credit-review, title: Release, role: credit-manager}
          - other:
              call: connector:1.0.0@default
              with: {connection: erp, operation: read, input: {value: 1}}
"""
FASTER = BOTH.replace("      fork:\n", "      fork:\n        compete: true\n") + "  - rest: {wait: PT1H}\n"


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        yield one


async def test_a_run_waits_for_a_person_and_goes_on_with_what_they_decided(office: Office) -> None:
    await office.begin()
    (run,) = await office.runs()
    (task,) = await office.rows()
    told = msgspec.json.decode(run["waiting_for"])
    assert (run["state"], told["kind"], told["ref"]) == ("waiting", "person", ids.show("tsk", task["task_id"]))
    assert told["reason"].startswith("somebody with the role credit-manager is to do the task credit-review: asked for")
    assert (task["state"], task["title"]) == ("created", "Release 10482"), "nobody has the role"
    assert await office.go() == 0, "no worker is held, and nobody asks again by itself"
    decided = await office.complete(task["task_id"], person(), why="as agreed")
    assert decided.is_complete
    assert await office.go() == 1
    (output,) = await office.outputs()
    who = person().actor
    assert (output["outcome"], output["by"], output["values"]) == ("approve", who, {})
    assert [(one["by"], one["outcome"]) for one in output["approvals"]] == [(who, "approve")]
    (audited,) = await office.rows("SELECT actor, target, after::text FROM app.audit WHERE action = 'task.completed'")
    kept = msgspec.json.decode(audited["after"])
    assert (audited["actor"], kept["from"]) == (who, "192.0.2.7")
    (decision,) = await office.rows("SELECT salt, shown_digest, note FROM app.human_task_decision")
    said = {"shown": decision["shown_digest"], "answer": "{}", "why": "as agreed"}
    assert decision["note"] == "as agreed"
    assert kept["digests"] == {name: digests.of(decision["salt"], one) for name, one in said.items()}
    assert "as agreed" not in audited["after"], "the words stand with the decision, and go with it"
    history = await office.rows("SELECT action, made_by FROM app.human_task_event ORDER BY number")
    assert [tuple(one) for one in history] == [("created", "engine"), ("completed", who)]


async def expire(office: Office) -> None:
    (task,) = await office.rows()
    async with office.worker.tenant(office.tenant) as connection:
        step = Step(after="PT1H", do="expire")
        assert await escalating.act(connection, office.tenant, task["task_id"], step, f"mark-{task['version']}")


async def test_a_task_that_expired_is_asked_anew_when_its_run_is_tried_again(office: Office) -> None:
    (run,) = await office.begin()
    await expire(office)
    await office.go("!checkpoint.before")
    assert (await office.rows())[0]["state"] == "expired", "its run has not heard of it yet"
    while (await office.runs())[0]["state"] != "faulted":
        await office.go()
    assert (await office.rows())[0]["state"] == "expired"
    async with office.app.tenant(office.tenant) as connection:
        await repeating.retry(connection, office.tenant, run, "account:kim")
    while (await office.runs())[0]["state"] != "waiting":
        await office.go()
    (task,) = await office.rows()
    assert (task["state"], task["closed_at"], task["reason"]) == ("created", None, None)
    await office.complete(task["task_id"], person())
    while not await office.outputs():
        await office.go()
    assert (await office.outputs())[0]["outcome"] == "approve"


@pytest.mark.parametrize(
    "armed",
    [
        "claim.committed",
        "!call.before",
        "!call.answered",
        "!checkpoint.before",
        "!checkpoint.committed",
        "!end.before",
        "!end.committed",
    ],
)
async def test_F_01_a_crash_between_a_decision_and_the_next_step_loses_and_doubles_nothing(
    armed: str, office: Office
) -> None:
    """Before the task is made, when it is, and behind its decision: wherever the worker dies, one task and one end."""
    await office.begin(2)
    tasks = await office.rows()
    assert len(tasks) == 2
    for task in tasks:
        await office.complete(task["task_id"], person())
    if armed == "claim.committed":
        assert len(await office.take()) == 2, "its worker dies before it does anything"
    else:
        await office.go(armed)
    while len(await office.outputs()) < 2:
        await office.go()
    assert [one["outcome"] for one in await office.outputs()] == ["approve", "approve"]
    assert len(await office.rows()) == 2
    counted = await office.rows("SELECT task_id FROM app.human_task_decision")
    assert sorted(one["task_id"] for one in counted) == sorted(one["task_id"] for one in tasks)
    audited = await office.rows("SELECT target FROM app.audit WHERE action = 'task.completed'")
    assert len(audited) == 2


@pytest.mark.parametrize("armed", ["!call.before", "!call.answered", "!checkpoint.before", "!checkpoint.committed"])
async def test_F_01_a_crash_while_the_task_is_made_makes_one(armed: str, office: Office) -> None:
    await office.begin(armed=armed)
    while not await office.rows() or (await office.runs())[0]["state"] != "waiting":
        await office.go()
    (task,) = await office.rows()
    assert (task["state"], task["version"]) == ("created", 1)


async def test_F_14_a_decision_while_a_worker_has_the_run_is_found_by_the_sweep(office: Office) -> None:
    """It is decided when the task is made and its run not parked yet: nobody can call a run that is in other hands."""
    await office.begin(armed="!call.answered")
    (task,) = await office.rows()
    await office.complete(task["task_id"], person())
    (left,) = await office.rows("SELECT wake_at FROM app.human_task")
    assert left["wake_at"] is not None
    while not await office.outputs():
        await office.rows("UPDATE app.human_task SET wake_at = clock_timestamp() WHERE wake_at IS NOT NULL")
        await office.go()
    assert (await office.outputs())[0]["outcome"] == "approve"


@pytest.mark.parametrize("count", [40, night(1_000)])
async def test_many_decisions_at_once_lose_none(count: int, office: Office) -> None:
    await office.begin(count)
    tasks = await office.rows()
    assert len(tasks) == count
    await asyncio.gather(*(office.complete(one["task_id"], person(n + 1)) for n, one in enumerate(tasks)))
    while len(await office.outputs()) < count:
        await office.go()
    by_task = {ids.show("tsk", one["task_id"]): person(n + 1).actor for n, one in enumerate(tasks)}
    assert {one["task"]: one["by"] for one in await office.outputs()} == by_task


async def test_of_many_who_decide_the_same_task_at_once_one_does(office: Office) -> None:
    await office.begin()
    (task,) = await office.rows()
    outcomes = ["approve", "reject"] * 8
    told = await asyncio.gather(
        *(office.complete(task["task_id"], person(n + 1), one) for n, one in enumerate(outcomes)),
        return_exceptions=True,
    )
    done = [one for one in told if not isinstance(one, BaseException)]
    assert len(done) == 1
    assert {type(one) for one in told if isinstance(one, BaseException)} == {TaskOver}
    assert len(await office.rows("SELECT 1 FROM app.human_task_decision")) == 1


async def test_the_same_of_the_same_person_again_changes_nothing(office: Office) -> None:
    await office.begin()
    (task,) = await office.rows()
    first = await office.complete(task["task_id"], person())
    assert await office.complete(task["task_id"], person()) == first
    with pytest.raises(TaskOver):
        await office.complete(task["task_id"], person(), "reject")
    assert len(await office.rows("SELECT 1 FROM app.human_task_decision")) == 1


async def test_a_task_is_cancelled_with_its_run_and_nobody_decides_it(office: Office) -> None:
    (run,) = await office.begin()
    (task,) = await office.rows()
    async with office.app.tenant(office.tenant) as connection:
        await operating.cancel(connection, office.tenant, run, "account:acc_x")
    (after,) = await office.rows()
    assert (after["state"], after["version"]) == ("cancelled", 2)
    (event,) = await office.rows("SELECT made_by, note FROM app.human_task_event WHERE action = 'cancelled'")
    assert tuple(event) == ("account:acc_x", "its run is cancelled")
    with pytest.raises(TaskOver):
        await office.complete(task["task_id"], person())


async def test_a_run_that_is_tried_again_asks_for_its_task_anew(office: Office) -> None:
    """It failed beside the task. What was decided of it before counts no more, since what is asked may be another."""
    away = ErrorDetails(type="https://example.com/away", status=503)
    office.outside.answers = {"read": [Failed(error=away)]}
    (run,) = await office.begin(1, BOTH)
    assert (await office.runs())[0]["state"] == "faulted"
    (task,) = await office.rows()
    assert task["state"] == "cancelled"
    async with office.app.tenant(office.tenant) as connection:
        await repeating.retry(connection, office.tenant, run, "account:acc_x")
    await office.go()
    (again,) = await office.rows()
    assert (again["task_id"], again["state"]) == (task["task_id"], "created")
    assert again["version"] > task["version"]
    await office.complete(task["task_id"], person(), "done")
    while (await office.runs())[0]["state"] != "completed":
        await office.go()


async def test_a_task_that_its_run_goes_past_is_cancelled(office: Office) -> None:
    """Another branch was faster; a time limit is told in the same way."""
    await office.begin(1, FASTER)
    (task,) = await office.rows()
    assert (await office.runs())[0]["state"] == "waiting", "for the rest"
    (message,) = await office.rows("SELECT outbox_id, body::text AS body FROM app.outbox WHERE topic = 'left'")
    for _ in range(2):  # the relay may hand it on again
        await waking.left(office.worker, office.tenant, message["outbox_id"], message["body"])
    (after,) = await office.rows()
    assert (after["state"], after["version"]) == ("cancelled", task["version"] + 1)


async def test_what_no_task_can_be_made_of_fails_the_call(office: Office) -> None:
    wrong: Any = DOCUMENT.replace("title: Release 10482", "title: ''")
    await office.begin(1, wrong)
    (run,) = await office.runs()
    assert run["state"] == "faulted"
    assert await office.rows() == []
