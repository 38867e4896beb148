"""Row 94: what a person decides of a task is the approval of the writes behind it, and nothing else that happens is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine.guarded import Guarded, Rules
from services.engine.starter import start
from services.events.received import Received
from services.human_tasks import escalating
from services.human_tasks.deciding import Desk
from services.human_tasks.errors import NoAuthority
from services.human_tasks.function import TaskFunction
from template_library.human_tasks import Step
from tests.services.human_tasks.guarding import (
    ASKING,
    NEWER,
    OTHER,
    TWICE,
    UNTOLD,
    Side,
    anybody,
    approvals,
    decided,
    refused,
    task_of,
    writes_of,
)
from tests.services.human_tasks.office import ROLE, Office, opened, person
from tests.superuser import connected
from tests.world import event


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        one.desk = Desk(anybody)
        yield one


@pytest.fixture
def side(office: Office, worker_database: Database) -> Side:
    beside = Side()
    office.functions["connector:1.0.0@default"] = Guarded(beside, Rules(worker_database), writes_of)
    return beside


async def test_row_94_what_a_person_decides_approves_the_write_behind_it(office: Office, side: Side) -> None:
    (run,) = await office.begin(1, ASKING)
    task = await task_of(office)
    await office.complete(task, person(), "ok")
    (kept,) = await approvals(office)
    (decision,) = await office.rows("SELECT shown_digest FROM app.human_task_decision")
    assert (kept["run_id"], kept["task_id"], kept["reference"]) == (run, task, "/do/0/review")
    assert (kept["is_approved"], kept["decision"], kept["outcome"]) == (True, "price.release", "ok")
    assert (kept["decided_by"], kept["shown_digest"]) == (person().actor, decision["shown_digest"])
    assert side.asked == [], "nothing goes before the run has heard of it"
    await office.go()
    assert ([one["state"] for one in await office.runs()], side.asked) == (["completed"], ["write"])


async def test_row_94_a_refusal_of_a_task_is_no_approval(office: Office, side: Side) -> None:
    await office.begin(1, ASKING)
    await decided(office, "no")
    assert "somebody was asked" in await refused(office)
    assert ([one["is_approved"] for one in await approvals(office)], side.asked) == ([False], [])


@pytest.mark.parametrize("document", [OTHER, UNTOLD])
async def test_row_94_what_is_decided_of_something_else_or_refuses_nothing_approves_no_write(
    office: Office, side: Side, document: str
) -> None:
    await office.begin(1, document)
    await decided(office, "ok")
    await refused(office)
    assert side.asked == []


async def test_row_94_what_a_deadline_decides_approves_nothing(office: Office, side: Side) -> None:
    await office.begin(1, ASKING)
    step = Step(after="PT2H", do="auto_decide", outcome="no")
    async with office.worker.tenant(office.tenant) as connection:
        assert await escalating.act(connection, office.tenant, await task_of(office), step, "deadline:1")
    await office.go()
    await refused(office)
    assert (await approvals(office), side.asked) == ([], [])


async def test_row_94_a_task_that_asks_once_more_takes_back_what_was_said(office: Office, side: Side) -> None:
    await office.begin(1, TWICE)
    await decided(office, "ok")
    assert side.asked == ["write"]
    await decided(office, "no")
    await refused(office)
    assert (side.asked, len(await approvals(office))) == (["write"], 2)


async def test_row_94_a_newer_task_that_asks_for_no_decision_approves_nothing_by_an_older_one(
    office: Office, side: Side, stack: Stack, endpoints: Endpoints
) -> None:
    await office.begin(1, ASKING)
    await office.complete(await task_of(office), person(), "ok")
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(NEWER, office.tenant, ids.new())
    await office.go()
    await refused(office)
    assert side.asked == []


async def test_S_68_who_began_a_run_approves_no_write_of_it_and_nor_does_who_stands_in_for_them(
    office: Office, side: Side
) -> None:
    await office.begin(0, ASKING)
    starter, substitute = person(7), person(8)
    async with office.app.tenant(office.tenant) as connection:
        await start(connection, office.tenant, [Received(ids.new(), event(1), starter.actor)])
    await office.go()
    task = await task_of(office)
    absent = msgspec.structs.replace(substitute, roles=frozenset(), absent={starter.account: frozenset({ROLE})})
    for one in (starter, absent):
        with pytest.raises(NoAuthority, match="Who began the run"):
            await office.complete(task, one, "ok")
    async with office.app.tenant(office.tenant) as connection:
        row = await connection.fetchrow("SELECT 1 FROM app.human_task_decision")
    assert row is None
    await decided(office, "ok", 9)
    assert side.asked == ["write"]


async def test_S_68_who_began_the_run_that_began_it_approves_no_write_of_it_either(office: Office, side: Side) -> None:
    await office.begin(0, ASKING)
    starter, by = person(7), person(7).actor
    for number in (1, 2, 3):
        if number > 1:
            await office.complete(await task_of(office), person(9), "no")
        async with office.app.tenant(office.tenant) as connection:
            await start(connection, office.tenant, [Received(ids.new(), event(number), by)])
        await office.go()
        (run,) = await office.rows("SELECT run_id FROM app.human_task WHERE closed_at IS NULL")
        with pytest.raises(NoAuthority, match="Who began the run"):
            await office.complete(await task_of(office), starter, "ok")
        by = f"run:{ids.show('run', run['run_id'])}"
    await decided(office, "ok", 9)
    assert side.asked == ["write"]


async def test_a_task_whose_run_was_moved_to_another_document_is_found_where_it_is_now(office: Office) -> None:
    await office.begin(1, ASKING)
    (call,) = office.calls
    await TaskFunction(office.worker)(msgspec.structs.replace(call, reference="/do/3/review"))
    (task,) = await office.rows()
    assert task["reference"] == "/do/3/review"
