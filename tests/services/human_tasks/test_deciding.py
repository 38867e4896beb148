"""Who may decide, and what is kept of it: roles, substitutes, authority; for one and for many (ADR 0098)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.problems import Forbidden, NotFound
from services.api.room import Room
from services.human_tasks import absences, acting, batches, people
from services.human_tasks.absences import Away
from services.human_tasks.acting import Act
from services.human_tasks.deciding import Desk
from services.human_tasks.errors import (
    AnswerRefused,
    AuthorityUnknown,
    NoAuthority,
    NotYourTask,
    TaskChanged,
    TaskTaken,
)
from services.human_tasks.judging import Question, Verdict
from services.human_tasks.people import Person
from tenants.organizations.errors import InvalidField
from tests.services.human_tasks.office import AUTHORITY, DOCUMENT, ROLE, Office, make_person, opened, person

SKILLED = DOCUMENT.replace("task: credit-review", "task: credit-review\n        skills: [customs]")
SCHEMA = "{type: object, required: [limit], properties: {limit: {type: integer, title: Limit}}}"
FORM = DOCUMENT.replace("task: credit-review", f"task: credit-review\n        form: {{schema: {SCHEMA}}}")


class Matrix:
    """Two persons of the role, neither of whom asked for it."""

    def __init__(self) -> None:
        self.asked: list[Question] = []

    async def __call__(self, _connection: Any, asked: Question) -> Verdict:
        self.asked.append(asked)
        if ROLE not in asked.decider.roles:
            return Verdict(is_allowed=False, why=f"It takes the role {ROLE}")
        return Verdict(is_allowed=True, approvals=2, rule={"matrix": 3, "row": 1})


@pytest.fixture
async def office(app_database: Database, worker_database: Database) -> AsyncIterator[Office]:
    async with opened(app_database, worker_database) as one:
        yield one


async def act(office: Office, task: Any, who: Person, action: acting.Action, **given: Any) -> None:
    async with office.app.tenant(office.tenant) as connection:
        await acting.act(connection, office.tenant, task["task_id"], who, Act(action=action, **given))


async def test_what_asks_for_an_authority_is_decided_by_nobody_while_none_can_judge(office: Office) -> None:
    await office.begin(1, AUTHORITY)
    (task,) = await office.rows()
    with pytest.raises(AuthorityUnknown):
        await office.complete(task["task_id"], person())
    assert (await office.rows())[0]["version"] == task["version"]


async def test_several_persons_decide_alike_before_it_counts(office: Office) -> None:
    await office.begin(1, AUTHORITY)
    matrix = Matrix()
    office.desk = Desk(matrix)
    (task,) = await office.rows()
    first = await office.complete(task["task_id"], person(1))
    assert (first.is_complete, first.approvals, first.given) == (False, 2, 1)
    again = await office.complete(task["task_id"], person(1))
    assert (again.is_complete, again.given) == (False, 1), "the same of the same person is nothing new"
    await act(office, task, person(1), "claim")
    await act(office, task, person(1), "release")
    with pytest.raises(NoAuthority):  # nor may they decide it otherwise: somebody else has to
        await office.complete(task["task_id"], person(1), "reject")
    assert (await office.complete(task["task_id"], person(2))).is_complete
    assert [len(one.given) for one in matrix.asked] == [0, 1, 1, 1], "asked each time anew"
    await office.go()
    (output,) = await office.outputs()
    assert [one["by"] for one in output["approvals"]] == [person(1).actor, person(2).actor]
    kept = await office.rows("SELECT rule::text FROM app.human_task_decision ORDER BY number")
    assert [msgspec.json.decode(one["rule"]) for one in kept] == [{"matrix": 3, "row": 1}] * 2


async def test_S_68_an_approval_of_other_values_is_none_of_these(office: Office) -> None:
    """Nobody who approved a limit of five has approved nine hundred."""
    await office.begin(1, FORM.replace("task: credit-review", "task: credit-review\n        decision: credit.release"))
    office.desk = Desk(Matrix())
    (task,) = await office.rows()
    assert not (await office.complete(task["task_id"], person(1), values={"limit": 5})).is_complete
    other = await office.complete(task["task_id"], person(2), values={"limit": 900})
    assert (other.is_complete, other.given) == (False, 1)
    assert (await office.complete(task["task_id"], person(3), values={"limit": 900})).is_complete
    await office.go()
    assert (await office.outputs())[0]["values"] == {"limit": 900}


async def test_one_alone_may_refuse_where_the_workflow_says_so(office: Office) -> None:
    await office.begin(1, AUTHORITY)
    office.desk = Desk(Matrix())
    (task,) = await office.rows()
    assert (await office.complete(task["task_id"], person(1), "reject")).is_complete


async def test_a_delegation_gives_the_task_and_no_authority(office: Office) -> None:
    """Whoever has the task in hand without the role is judged by their own roles."""
    await office.begin(1, AUTHORITY)
    office.desk = Desk(Matrix())
    (task,) = await office.rows()
    account = await make_person(office.app, (await _partner(office), office.tenant), "clerk", "c@acme.example")
    clerk = Person(account=account, actor="account:x", roles=frozenset({"clerk"}))
    with pytest.raises(NotFound):
        await office.complete(task["task_id"], clerk)
    await act(office, task, person(1), "delegate", to=f"account:{ids.show('acc', account)}")
    with pytest.raises(NoAuthority):
        await office.complete(task["task_id"], clerk)
    with pytest.raises(TaskTaken):
        await office.complete(task["task_id"], person(1))


async def hire(office: Office, name: str, role: str = ROLE) -> Person:
    account = await make_person(office.app, (await _partner(office), office.tenant), role, f"{name}@acme.example")
    return Person(account=account, actor=f"account:{ids.show('acc', account)}", roles=frozenset({role}))


async def test_only_who_manages_tasks_takes_them_out_of_others_hands(office: Office) -> None:
    ann, ben = await hire(office, "ann"), await hire(office, "ben")
    await office.begin()
    (task,) = await office.rows()
    await act(office, task, ann, "claim", seen=1)
    with pytest.raises(TaskChanged):
        await act(office, task, ben, "claim", seen=1)
    with pytest.raises(TaskTaken):
        await act(office, task, ben, "claim", seen=2)
    with pytest.raises(Forbidden):
        await act(office, task, ben, "reassign", to="role:sales")
    chief = person(9, "sales", manages=True)
    with pytest.raises(InvalidField):
        await act(office, task, chief, "reassign", to="role:nobody-has-this")
    await act(office, task, chief, "release")
    await act(office, task, ben, "claim")
    assert (await office.rows())[0]["assignee"] == ben.account


async def test_S_68_who_has_lost_the_role_keeps_no_task_that_they_had_by_it(office: Office) -> None:
    ann, ben, cat = [await hire(office, name) for name in ("ann", "ben", "cat")]
    await office.begin(3)
    claimed, given, lent = await office.rows()
    await act(office, claimed, ann, "claim")
    await act(office, given, ben, "delegate", to=ann.actor)
    await act(office, given, ann, "claim")
    substitute = msgspec.structs.replace(await hire(office, "sam", "clerk"), absent={ben.account: ben.roles})
    await act(office, lent, substitute, "claim")
    ann, sam = [msgspec.structs.replace(one, roles=frozenset(), absent={}) for one in (ann, substitute)]
    async with office.app.tenant(office.tenant) as connection:
        await connection.execute("DELETE FROM app.account_role WHERE account_id = $1", ann.account)
    for task, who in ((claimed, ann), (lent, sam)):
        with pytest.raises(NotFound):
            await office.complete(task["task_id"], who)
        assert (await office.complete(task["task_id"], cat)).is_complete, "it is the queue's again"
    with pytest.raises(TaskTaken):
        await office.complete(given["task_id"], cat)
    assert (await office.complete(given["task_id"], ann)).is_complete, "a colleague gave it to them"


async def test_of_a_batch_what_no_time_is_left_for_is_left_and_said(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.begin()
    (task,) = await office.rows()
    batch = batches.Batch(person().account, "approve", None, [batches.Seen(task["task_id"], task["version"])])
    monkeypatch.setattr(batches, "SECONDS", 0.0)
    ((told, _),) = await batches.drive(office.app, office.desk, office.tenant, person(), batch, Room().place)
    assert told.outcome == "left"
    assert (await office.rows())[0]["state"] == task["state"]
    monkeypatch.undo()
    ((told, _),) = await batches.drive(office.app, office.desk, office.tenant, person(), batch, Room().place)
    assert told.outcome == "completed"


@pytest.mark.parametrize(("since", "until"), [(-3, -1), (0, 24 * 367), (24 * 367, 24 * 368)])
async def test_an_absence_is_neither_over_nor_for_good(office: Office, since: int, until: int) -> None:
    now = dt.datetime.now(dt.UTC)
    away = Away(since=now + dt.timedelta(hours=since), until=now + dt.timedelta(hours=until))
    async with office.app.tenant(office.tenant) as connection:
        with pytest.raises(InvalidField):
            await absences.set_away(connection, office.tenant, person().account, away, actor="x")


async def test_S_68_who_manages_tasks_gives_none_to_themselves(office: Office) -> None:
    account = await make_person(office.app, (await _partner(office), office.tenant), "sales", "boss@acme.example")
    await office.begin()
    (task,) = await office.rows()
    chief = Person(account=account, actor="account:x", roles=frozenset({"sales"}), manages=True)
    with pytest.raises(NotYourTask):
        await act(office, task, chief, "delegate", to=f"account:{ids.show('acc', account)}")


async def test_S_87_a_substitute_acts_for_who_is_away_and_it_is_recorded(office: Office) -> None:
    place = (await _partner(office), office.tenant)
    away = await make_person(office.app, place, ROLE, "away@acme.example")
    other = await make_person(office.app, place, "clerk", "other@acme.example")
    await office.begin()
    (task,) = await office.rows()
    assert task["state"] == "offered", "somebody has the role by now"
    who = Person(account=other, actor=f"account:{ids.show('acc', other)}")
    now = dt.datetime.now(dt.UTC)
    async with office.app.tenant(office.tenant) as connection:
        assert (await people.read(connection, office.tenant, who)).queues == ["clerk"]
        until = Away(since=now - dt.timedelta(hours=1), until=now + dt.timedelta(hours=1), substitute=other)
        await absences.set_away(connection, office.tenant, away, until, actor="account:away")
        substitute = await people.read(connection, office.tenant, who)
    assert substitute.queues == ["clerk", ROLE]
    await act(office, task, substitute, "claim")
    await office.complete(task["task_id"], substitute)
    await office.go()
    (output,) = await office.outputs()
    assert output["approvals"][0]["on_behalf_of"] == f"account:{ids.show('acc', away)}"
    (audited,) = await office.rows("SELECT after::text FROM app.audit WHERE action = 'task.completed'")
    assert msgspec.json.decode(audited["after"])["on_behalf_of"] == ids.show("acc", away)
    async with office.app.tenant(office.tenant) as connection:
        await absences.set_away(connection, office.tenant, away, None, actor="account:away")
        assert (await people.read(connection, office.tenant, who)).queues == ["clerk"]


async def test_what_asks_for_skills_is_offered_to_who_has_them_and_the_least_in_hand(office: Office) -> None:
    place = (await _partner(office), office.tenant)
    accounts = [await make_person(office.app, place, ROLE, f"{n}@acme.example") for n in range(3)]
    async with office.app.tenant(office.tenant) as connection:
        for account in accounts[:2]:
            await absences.set_skills(connection, office.tenant, account, ["customs", "credit"], actor="test")
        await absences.set_skills(connection, office.tenant, accounts[2], ["credit"], actor="test")
    await office.begin(1, SKILLED)
    assert [one["assignee"] for one in await office.rows()] == [accounts[0]], "of equals the oldest account"
    assert await _fittest(office) == accounts[1], "who has the least in hand"
    now = dt.datetime.now(dt.UTC)
    async with office.app.tenant(office.tenant) as connection:
        away = Away(since=now - dt.timedelta(hours=1), until=now + dt.timedelta(hours=1))
        await absences.set_away(connection, office.tenant, accounts[1], away, actor="test")
    assert await _fittest(office) == accounts[0], "who is there"


async def _fittest(office: Office) -> Any:
    statement = "SELECT app.fittest($1, $2, $3) AS account"
    (row,) = await office.rows(statement, office.tenant, ROLE, ["credit", "customs"])
    return row["account"]


async def test_the_form_is_held_to_its_schema_and_what_was_shown_to_its_digest(office: Office) -> None:
    await office.begin(1, FORM)
    (task,) = await office.rows()
    with pytest.raises(AnswerRefused) as refused:
        await office.complete(task["task_id"], person(), values={"limit": "much"})
    assert refused.value.extensions["errors"][0]["pointer"] == "/values/limit"
    with pytest.raises(AnswerRefused):
        await office.complete(task["task_id"], person())
    with pytest.raises(TaskChanged):
        await office.complete(task["task_id"], person(), values={"limit": 5}, saw="0" * 64)
    await office.complete(task["task_id"], person(), values={"limit": 5})
    await office.go()
    assert (await office.outputs())[0]["values"] == {"limit": 5}


async def test_S_68_many_are_decided_with_the_authority_of_each_alone(office: Office) -> None:
    await office.begin(2)
    await office.begin(1, AUTHORITY)
    rows = await office.rows()
    plain = [one["task_id"] for one in rows if one["decision"] is None]
    others = [one["task_id"] for one in rows if one["decision"] is not None] + [ids.new()]
    place = (office.app, office.desk, office.tenant, person())
    seen = await batches.preview(*place, [*plain, *others], outcome="approve", place=Room().place)
    assert {one.task: one.outcome for one in seen} == {
        **dict.fromkeys(plain, "completed"),
        **dict.fromkeys(others, "refused"),
    }
    # As if the authority had been taken away since the preview: each is asked once more.
    all_of = [batches.Seen(one["task_id"], one["version"]) for one in rows]
    batch = batches.Batch(person().account, "approve", None, all_of)
    await act(office, {"task_id": plain[0]}, person(2), "comment", words="look again")
    done = {told.task: told.outcome for told, _ in await batches.drive(*place, batch, Room().place)}
    assert done == {plain[0]: "changed", **dict.fromkeys(plain[1:], "completed"), others[0]: "refused"}
    assert batches.unpack(batches.pack(batch)) == batch


async def _partner(office: Office) -> Any:
    (row,) = await office.rows("SELECT partner_id FROM app.tenant")
    return row["partner_id"]
