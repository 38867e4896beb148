"""A person decides a task: row, decision record, audit, touch and the run's call are one commit (ADR 0098)."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.mail.template import visible
from services.engine import values
from services.human_tasks import acting, approvals, clock, forms, looking_up, people, rows, showing, states
from services.human_tasks.approvals import Completed
from services.human_tasks.errors import AuthorityUnknown, NoAuthority, TaskChanged
from services.human_tasks.forms import Forms, ProfiledForms
from services.human_tasks.judging import Decider, Given, Judge, Question, Verdict
from services.human_tasks.people import Person
from services.human_tasks.showing import Shown
from template_library.human_tasks import Asked
from tenants.audit import digests
from tenants.audit import writing as audit
from tenants.organizations.errors import InvalidField

_KEEP: Final = (
    "INSERT INTO app.human_task_decision (tenant_id, task_id, number, account_id, behalf, outcome, answer, note, "
    "network, shown_digest, rule, salt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
)
_VOID: Final = (
    "UPDATE app.human_task_decision SET is_void = true WHERE tenant_id = $1 AND task_id = $2 AND number = ANY ($3)"
)
_NOTE: Final = (
    "INSERT INTO app.human_task_event (tenant_id, task_id, number, action, state, made_by, behalf, target, note) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)
_COMPLETE: Final = (
    "UPDATE app.human_task SET state = 'completed', version = version + 1, assignee = $3, outcome = $4, answer = $5, "
    "decided_by = $6, decided_at = clock_timestamp(), reason = $7, closed_at = clock_timestamp(), "
    "changed_at = clock_timestamp() WHERE tenant_id = $1 AND task_id = $2"
)
_NEXT: Final = (
    "UPDATE app.human_task SET state = $3, assignee = NULL, is_given = false, version = version + 1, "
    "changed_at = clock_timestamp() WHERE tenant_id = $1 AND task_id = $2"
)
_SALT: Final = 16


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decides.

    Attributes:
        values: what they filled in.
        why: in words; for the audit and for who looks later.
        seen: the task's version as they saw it; None for any.
        saw: SHA-256 hex of what they were shown; None where they do not say.
        seconds: of work, as the page measured them.
    """

    outcome: str
    values: dict[str, Any] = {}
    why: str | None = None
    seen: int | None = None
    saw: str | None = None
    seconds: int | None = None


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """`approvals`: persons who must decide alike before the run goes on; `given`: those who have."""

    run: UUID
    is_complete: bool
    approvals: int
    given: int


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What a touch is made of: one human act on the entity that the task is about."""

    task: UUID
    run: UUID
    kind: str
    person: Person
    entity: tuple[str, str] | None
    seconds: int | None


Touched = Callable[[Any, UUID, Deed], Awaitable[None]]
"""Counts a human act, in its transaction and for its tenant (`services.touches` fills it)."""


class Desk:
    """Where tasks are decided; one for the process. Without a `judge` no task with a decision type is."""

    def __init__(self, judge: Judge | None = None, forms: Forms | None = None, touched: Touched | None = None) -> None:
        self.judge = judge
        self.forms = forms or ProfiledForms()
        self.touched = touched

    async def look(
        self, connection: Any, tenant: UUID, row: Mapping[str, Any], person: Person, *, outcome: str
    ) -> Verdict:
        """Whether the person may decide so, changing nothing: a preview asks each one's authority by this.

        Raises:
            TaskOver, TaskTaken, NotYourTask, InvalidField, AuthorityUnknown: why not, as for `complete`.
        """
        acting.check_open(row, None)
        asked = showing.asked_of(row)
        _check_outcome(asked, outcome)
        decider = _decider(person, acting.behalf_of(row, person))
        question = await _question(connection, tenant, row, decider, (outcome, {}))
        return await self._judged(connection, question, row)

    def check_bare(self, row: Mapping[str, Any], person: Person, outcome: str) -> None:
        """Raises AnswerRefused: it cannot be decided so with nothing filled in, since its form asks for something."""
        roles = _decider(person, acting.behalf_of(row, person)).roles
        forms.checked(self.forms, showing.asked_of(row).form, roles, {}, outcome)

    async def complete(self, connection: Any, tenant: UUID, task: UUID, person: Person, wanted: Decision) -> Decided:
        """Decide, in the caller's transaction. The same decision of the same person again changes nothing.

        Where the authority asks for several persons, the task goes back to the queue until as many decided alike.

        Raises:
            NotFound, TaskOver, TaskChanged, TaskTaken, NotYourTask: nothing was decided.
            NoAuthority, AuthorityUnknown: nor was it where the authority does not let them, or nobody can tell.
            InvalidField, AnswerRefused: an outcome or values that the task does not take.
        """
        row = await acting.locked(connection, tenant, task, person)
        if row["state"] == "completed" and (row["outcome"], row["decided_by"]) == (wanted.outcome, person.actor):
            return Decided(run=row["run_id"], is_complete=True, approvals=1, given=1)
        acting.check_open(row, wanted.seen)
        behalf = acting.behalf_of(row, person)
        asked = showing.asked_of(row)
        _check_outcome(asked, wanted.outcome)
        decider = _decider(person, behalf)
        shown = person.veil(showing.to_person(row, asked, self.forms, decider.roles))
        if wanted.saw is not None and wanted.saw != shown.digest().hex():
            raise TaskChanged("What the task shows is not what you saw")
        answer = await self._answered(connection, tenant, asked, decider, wanted)
        question = await _question(connection, tenant, row, decider, (wanted.outcome, answer))
        verdict = await self._judged(connection, question, row)
        same = _standing(question, verdict).alike()
        alike = 1 + len(same)
        if any(one.account == person.account for one in same):
            return Decided(run=row["run_id"], is_complete=False, approvals=alike, given=alike - 1)
        if not verdict.is_allowed:
            raise NoAuthority(verdict.why)
        needed = 1 if wanted.outcome in asked.refusals else max(verdict.approvals, 1)
        is_complete = alike >= needed
        told = (answer, shown, verdict, is_complete, _void(question, verdict))
        await _Record(row, person, behalf, wanted, *told).write(connection, tenant)
        if self.touched is not None:
            await self.touched(connection, tenant, _deed(row, person, wanted))
        if is_complete:
            done = Completed(asked=asked, outcome=wanted.outcome, by=person.actor, shown=shown.digest())
            await _end(connection, tenant, row, done)
        return Decided(run=row["run_id"], is_complete=is_complete, approvals=needed, given=alike)

    async def _answered(
        self, connection: Any, tenant: UUID, asked: Asked, decider: Decider, wanted: Decision
    ) -> dict[str, Any]:
        """The answer to keep. Raises AnswerRefused: it breaks the form, or names a record that there is not."""
        answer = forms.checked(self.forms, asked.form, decider.roles, wanted.values, wanted.outcome)
        await looking_up.check(connection, tenant, self.forms, asked.form, roles=decider.roles, given=wanted.values)
        return answer

    async def _judged(self, connection: Any, asked: Question, row: Mapping[str, Any]) -> Verdict:
        """What the authority says, that nobody decides twice of what counts, and no run's beginner about its writes."""
        if why := await approvals.barred(connection, asked.tenant, row, asked.outcome, asked.decider):
            return Verdict(is_allowed=False, why=why)
        verdict = Verdict(is_allowed=True)
        if asked.decision and self.judge is None:
            raise AuthorityUnknown(f"It asks for the authority {asked.decision}, and no matrix is there to judge it")
        if asked.decision and self.judge is not None:
            verdict = await self.judge(connection, asked)
        if any(asked.decider.account in {one.account, one.behalf} for one in _standing(asked, verdict).given):
            why = "You have decided it before: somebody else has to as well"
            return msgspec.structs.replace(verdict, is_allowed=False, why=why)
        return verdict


class _Record(msgspec.Struct, frozen=True):
    row: Mapping[str, Any]
    person: Person
    behalf: UUID | None
    wanted: Decision
    answer: dict[str, Any]
    shown: Shown
    verdict: Verdict
    is_complete: bool
    void: list[int]

    async def write(self, connection: Any, tenant: UUID) -> None:
        """Decision, state, history and audit."""
        task, version, wanted = self.row["task_id"], self.row["version"] + 1, self.wanted
        why = None if wanted.why is None else visible(values.plain(wanted.why)) or None
        digest, answer = self.shown.digest(), values.encode(self.answer).decode()
        salt = secrets.token_bytes(_SALT)
        rule = None if self.verdict.rule is None else values.encode(self.verdict.rule).decode()
        who = (self.person.account, self.behalf, wanted.outcome, answer, why, self.person.network)
        await connection.execute(_KEEP, tenant, task, version, *who, digest, rule, salt)
        await connection.execute(_VOID, tenant, task, self.void)
        state: states.State = states.after(self.row["state"], "complete") if self.is_complete else "offered"
        if self.is_complete:
            ended = (self.person.account, wanted.outcome, answer, self.person.actor, why)
            await connection.execute(_COMPLETE, tenant, task, *ended)
        else:
            await connection.execute(_NEXT, tenant, task, state)
        done = "completed" if self.is_complete else "approved"
        made = (done, state, self.person.actor, self.behalf, wanted.outcome, why)
        await connection.execute(_NOTE, tenant, task, version, *made)
        after = {
            "run": ids.show("run", self.row["run_id"]),
            "kind": self.row["kind"],
            "outcome": wanted.outcome,
            "decision": self.row["decision"],
            "on_behalf_of": people.shown(self.behalf),
            "from": self.person.network,
            "via": self.person.via,
            "digests": digests.together(salt, shown=digest, answer=answer, why=why),
            "rule": self.verdict.rule,
            "version": version,
        }
        told = {name: value for name, value in after.items() if value is not None}
        shown = ids.show("tsk", task)
        await audit.write(connection, tenant, actor=self.person.actor, action=f"task.{done}", target=shown, after=told)


async def _end(connection: Any, tenant: UUID, row: Mapping[str, Any], done: Completed) -> None:
    """What follows from a task that is completed: it approves, its time is over, and its run goes on."""
    await approvals.keep(connection, tenant, row, done)
    await clock.end(connection, tenant, row["task_id"], "completed")
    await connection.execute("SELECT app.wake_task($1)", row["task_id"])


def _check_outcome(asked: Asked, outcome: str) -> None:
    if outcome not in asked.outcomes:
        raise InvalidField("/outcome", f"the task takes one of {', '.join(asked.outcomes)}")


def _standing(asked: Question, verdict: Verdict) -> Question:
    """With those alone that count: what was decided by a rule that is another one now is decided anew."""
    given = [one for place, one in enumerate(asked.given) if place not in verdict.void]
    return msgspec.structs.replace(asked, given=given)


def _void(asked: Question, verdict: Verdict) -> list[int]:
    return [asked.given[place].number for place in sorted(verdict.void)]


async def _question(
    connection: Any, tenant: UUID, row: Mapping[str, Any], decider: Decider, said: tuple[str, dict[str, Any]]
) -> Question:
    """`said`: outcome and answer, compared as they are kept: approvals of other values are of something else."""
    asked, (outcome, answer) = showing.asked_of(row), said
    await rows.take_turn(connection, row["run_id"])
    return Question(
        tenant=tenant,
        decision=asked.decision or "",
        facts=asked.facts,
        outcome=outcome,
        decider=decider,
        given=await _given(connection, tenant, row["task_id"]),
        asked_at=row["created_at"],
        earlier=await rows.earlier(connection, tenant, row["run_id"], row["task_id"]),
        answer=values.decode(values.encode(answer).decode()),
    )


def _decider(person: Person, behalf: UUID | None) -> Decider:
    roles = person.roles if behalf is None else person.absent.get(behalf, frozenset())
    return Decider(account=person.account, roles=roles, behalf=behalf)


def _deed(row: Mapping[str, Any], person: Person, wanted: Decision) -> Deed:
    entity = None if row["entity_key"] is None else (row["entity_kind"], row["entity_key"])
    return Deed(
        task=row["task_id"], run=row["run_id"], kind=row["kind"], person=person, entity=entity, seconds=wanted.seconds
    )


async def _given(connection: Any, tenant: UUID, task: UUID) -> list[Given]:
    return [
        Given(
            account=one["account_id"],
            behalf=one["behalf"],
            outcome=one["outcome"],
            at=one["decided_at"],
            rule=None if one["rule"] is None else msgspec.json.decode(one["rule"]),
            answer=values.decode(one["answer"]),
            number=one["number"],
        )
        for one in await rows.given(connection, tenant, task)
    ]
