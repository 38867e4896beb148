"""Row 94: what a person decides of a task is the approval of the writes behind it, and nothing else that happens is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from infra import ids
from infra.database import Database
from services.engine.functions import NOT_APPROVED, Answer, Call, Done, Terms
from services.engine.guarded import Guarded, Rules
from services.engine.starter import start
from services.events.received import Received
from services.human_tasks import escalating
from services.human_tasks.deciding import Desk
from services.human_tasks.errors import NoAuthority
from services.human_tasks.function import TaskFunction
from services.human_tasks.judging import Question, Verdict
from template_library.human_tasks import Step
from template_library.policies.capabilities import Writes
from tests.services.human_tasks.office import ROLE, Office, opened, person
from tests.world import event

TASK: Final = """
      call: human-task:1.0.0@default
      with:
        task: review
        title: A price
        role: credit-manager
        decision: price.release
        outcomes: [ok, no]
        refusals: [no]
"""
PLAIN: Final = TASK.replace("        decision: price.release\n", "").replace("        refusals: [no]\n", "")
WRITE: Final = """
      call: connector:1.0.0@default
      with:
        connection: erp
        operation: write
        input: {value: 1}
"""
STATED: Final = (
    WRITE.rstrip()
    + """
        authority: {decision: price.release, facts: {amount: {amount: 700, currency: USD}}}
"""
)
HEAD: Final = "document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}\ndo:"
ASKING: Final = f"{HEAD}\n  - review:{TASK}  - write:{WRITE}"
OTHER: Final = ASKING.replace("price.release", "order.expedite")
UNTOLD: Final = ASKING.replace("        refusals: [no]\n", "")
TWICE: Final = f"{HEAD}\n  - each:\n      for: {{each: one, in: '${{ [1, 2] }}'}}\n      do:" + "".join(
    f"\n        - {name}:{text.replace(chr(10) + '      ', chr(10) + '            ')}"
    for name, text in (("review", TASK), ("write", WRITE))
)
REFUSED: Final = f"{HEAD}\n  - review:{TASK}  - write:{STATED}"
BY_ITSELF: Final = f"{HEAD}\n  - write:{STATED}"
WAITING: Final = f"{HEAD}\n  - look:{PLAIN}  - write:{STATED}"


class Side:
    """The other system: remembers what it was asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, call: Call) -> Answer:
        self.asked.append(call.arguments["operation"])
        return Done(output={"value": 1})

    async def terms(self, call: Call) -> Terms | None:
        del call
        return None

    async def settle(self, call: Call) -> Answer:
        raise AssertionError(call)


async def writes_of(_call: Call) -> Writes:
    return frozenset({"price"})


async def anybody(_connection: Any, _asked: Question, /) -> Verdict:
    return Verdict(is_allowed=True)


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


async def task_of(office: Office) -> UUID:
    (task,) = await office.rows("SELECT task_id FROM app.human_task WHERE closed_at IS NULL")
    found: UUID = task["task_id"]
    return found


async def decided(office: Office, outcome: str, who: int = 1) -> None:
    await office.complete(await task_of(office), person(who), outcome)
    await office.go()


async def refused(office: Office) -> str:
    """Why, of the one run."""
    (run,) = await office.rows("SELECT state, error::text AS error FROM app.run")
    error = msgspec.json.decode(run["error"])
    assert (run["state"], error["type"]) == ("faulted", NOT_APPROVED)
    detail: str = error["detail"]
    return detail


async def approvals(office: Office) -> list[Any]:
    return await office.rows("SELECT * FROM app.approval ORDER BY approval_id")


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


async def decree(office: Office, approvals: int, *, version: int = 1, to: int = 1_000) -> None:
    """One row, of amounts up to `to`."""
    row = {
        "name": "small",
        "decision": "price.release",
        "amount": {"currency": "USD", "to": to},
        "approver_role": ROLE,
        "approvals": approvals,
        "duties": [],
    }
    rows = msgspec.json.encode([{"row": row, "role_id": "rol_1", "role": ROLE}]).decode()
    await office.rows(
        "INSERT INTO app.authority_matrix (tenant_id, version, rows, holds_from, set_by) "
        "VALUES ($1, $2, $3::text::json, clock_timestamp(), 'key:key_1') RETURNING true",
        *(office.tenant, version, rows),
    )


async def test_row_94_the_matrix_lets_a_write_go_that_states_its_decision_and_it_is_written_down(
    office: Office, side: Side
) -> None:
    await decree(office, 0)
    (run,) = await office.begin(1, BY_ITSELF)
    assert ([one["state"] for one in await office.runs()], side.asked) == (["completed"], ["write"])
    (kept,) = await approvals(office)
    assert (kept["decided_by"], kept["decision"], kept["is_approved"]) == ("engine", "price.release", True)
    (told,) = await office.rows("SELECT target, after::text FROM app.audit WHERE action = 'write.by-matrix'")
    assert (told["target"], msgspec.json.decode(told["after"])["row"]) == (ids.show("run", run), "small")


@pytest.mark.parametrize(
    ("approvals", "to", "why"),
    [
        (1, 1_000, "by the matrix of when the run began somebody has to decide it"),
        (0, 600, "no row of the matrix of when the run began covers it"),
        (None, 0, "there is no matrix of when the run began"),
    ],
)
async def test_row_94_what_the_matrix_does_not_let_go_is_not_sent(
    office: Office, side: Side, approvals: int | None, to: int, why: str
) -> None:
    if approvals is not None:
        await decree(office, approvals, to=to)
    await office.begin(1, BY_ITSELF)
    assert why in await refused(office)
    assert side.asked == []


async def test_row_94_where_somebody_was_asked_the_matrix_lets_nothing_go_by_itself(office: Office, side: Side) -> None:
    await decree(office, 0)
    await office.begin(1, REFUSED)
    await decided(office, "no")
    assert "somebody was asked" in await refused(office)
    assert side.asked == []


async def test_S_68_nobody_opens_a_way_for_a_write_that_waits(office: Office, side: Side) -> None:
    await decree(office, 1)
    await office.begin(1, WAITING)
    await decree(office, 0, version=2)
    await decided(office, "ok")
    assert "of when the run began somebody has to decide it" in await refused(office)
    assert side.asked == []


async def test_a_task_whose_run_was_moved_to_another_document_is_found_where_it_is_now(office: Office) -> None:
    await office.begin(1, ASKING)
    (call,) = office.calls
    await TaskFunction(office.worker)(msgspec.structs.replace(call, reference="/do/3/review"))
    (task,) = await office.rows()
    assert task["reference"] == "/do/3/review"
