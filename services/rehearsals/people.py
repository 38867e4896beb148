"""Human tasks of a scenario: asked for by calls, answered as the scenario says, judged as the product judges.

Who replies is held to the task's queue, its outcomes, its form and the matrix of authority; what nobody replies to in
time, its deadline does.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.problems import Problem
from services.deadlines.errors import InvalidPlan
from services.engine import values
from services.engine.functions import Answer, Call, Later
from services.human_tasks import acting, clock, forms, function, rows, states
from services.human_tasks.errors import NoAuthority, TaskOver
from services.human_tasks.forms import ProfiledForms
from services.human_tasks.people import Person
from services.human_tasks.states import OPEN, Move, State
from services.rehearsals.authority import Case, Decided, Matrix, account_of
from services.rehearsals.times import Calendars, Time, at, failed
from template_library.dsl.durations import milliseconds
from template_library.human_tasks import Asked
from template_library.scenarios import Reply
from tenants.calendars.arithmetic import after
from tenants.calendars.calendar import NeverOpen
from tenants.calendars.errors import UnknownCalendar
from tenants.organizations.errors import InvalidField

_MOVES: Final[dict[str, Move]] = {"reassign": "reassign", "auto_decide": "complete", "expire": "expire"}
_LATE: Final = TaskOver.name


class Coming(msgspec.Struct):
    """A reply, and when it comes."""

    reply: Reply
    moment: int


class Task(msgspec.Struct, kw_only=True):
    """One that a run asked for.

    Attributes:
        steps: of its deadline that are still to come, with their moments.
        told: roles that its deadline told of it.
    """

    asked: Asked
    run: UUID
    id: UUID
    role: str
    began: int
    due: int | None
    steps: deque[tuple[int, Any]]
    coming: Coming | None = None
    state: State = "offered"
    outcome: str | None = None
    answer: dict[str, Any] = {}
    by: str | None = None
    decided: int | None = None
    reason: str | None = None
    given: list[Decided] = []
    told: list[str] = []

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def next(self) -> int | None:
        """When something is to happen with it."""
        moments = [self.coming.moment] if self.coming is not None else []
        moments += [self.steps[0][0]] if self.steps else []
        return min(moments) if moments and self.is_open else None


class People:
    """Fills the engine's Function protocol. `wrong`: what of the replies went otherwise than was written."""

    def __init__(self, replies: dict[str, tuple[Reply, ...]], matrix: Matrix, time: Time, calendars: Calendars) -> None:
        self._replies = {kind: deque(given) for kind, given in replies.items()}
        self._matrix = matrix
        self._time = time
        self._calendars = calendars
        self._tasks: dict[str, Task] = {}
        self._forms = ProfiledForms()
        self.wrong: list[str] = []

    async def __call__(self, call: Call) -> Answer:
        try:
            asked = function.read(call)
            task = self._tasks.get(call.key) or self._make(call, asked)
        except msgspec.ValidationError as error:
            return failed("validation", "The task cannot be read", str(error))
        except (UnknownCalendar, NeverOpen, InvalidPlan) as error:
            return failed("configuration", "The task's deadline cannot be counted", str(error))
        now = self._time.now()
        while (moment := task.next()) is not None and moment <= now:
            self._move(task, moment)
        answer = function.told(_standing(task), _rows(task))
        if isinstance(answer, Later):
            seconds = None if (moment := task.next()) is None else (moment - now) / 1000
            return msgspec.structs.replace(answer, seconds=seconds)
        return answer

    def left(self, key: str) -> None:
        """The run went past the task."""
        task = self._tasks.get(key)
        if task is not None and task.is_open:
            task.state = states.after(task.state, "cancel")

    def decided(self, run: UUID) -> list[UUID]:
        """Who decided tasks of the run."""
        return [one.account for task in self._tasks.values() if task.run == run for one in task.given]

    def found(self) -> list[dict[str, Any]]:
        """The tasks, as a scenario expects them."""
        return [
            {
                "task": one.asked.task,
                "title": one.asked.title,
                "role": one.role,
                "outside": None if one.asked.outside is None else one.asked.outside.email,
                "decision": one.asked.decision,
                "state": one.state,
                "outcome": one.outcome,
                "values": one.answer,
                "by": one.by,
                "approvals": len([each for each in one.given if each.outcome == one.outcome]),
                "shown": one.asked.shown,
                "due": None if one.due is None else at(one.due).isoformat().replace("+00:00", "Z"),
                "told": one.told,
            }
            for one in self._tasks.values()
        ]

    def unused(self) -> list[str]:
        """Replies that nobody asked for."""
        return [
            f"/people/{kind}: {len(left)} of its replies were not asked for"
            for kind, left in self._replies.items()
            if left
        ]

    def _make(self, call: Call, asked: Asked) -> Task:
        now = self._time.now()
        wanted = clock.plan_of(asked.deadline)
        steps: list[tuple[int, Any]] = []
        if wanted is not None:
            calendar = self._calendars.find(wanted.calendar, wanted.site)
            for one in wanted.steps:
                moment = after(calendar, at(now), timedelta(milliseconds=one.after))
                steps.append((int(moment.timestamp() * 1000), one))
        due = next((moment for moment, one in steps if one.do == "due"), None)
        task = Task(asked=asked, run=call.run, id=ids.new(), role=asked.role, began=now, due=due, steps=deque(steps))
        self._tasks[call.key] = task
        self._expect(task, now)
        return task

    def _expect(self, task: Task, now: int) -> None:
        queue = self._replies.get(task.asked.task)
        reply = queue.popleft() if queue else None
        task.coming = None
        if reply is not None and not reply.nobody:
            task.coming = Coming(reply, now + milliseconds(reply.after))

    def _move(self, task: Task, moment: int) -> None:
        """What is next of it: somebody who replies comes before a clock."""
        if task.coming is not None and task.coming.moment <= moment:
            self._reply(task, task.coming.reply, moment)
        else:
            self._step(task, task.steps.popleft()[1], moment)
        if not task.is_open and task.coming is not None:
            if task.coming.reply.refused != _LATE:
                self.wrong.append(
                    f"/people/{task.asked.task}: {task.coming.reply.by} came when the task was {task.state}"
                )
            task.coming = None

    def _reply(self, task: Task, reply: Reply, moment: int) -> None:
        place = f"/people/{task.asked.task}: {reply.by}"
        task.coming = None
        try:
            self._decide(task, reply, moment)
        except Problem as problem:
            if problem.name != reply.refused:
                self.wrong.append(f"{place} was refused: {problem.name}: {problem.detail}")
        else:
            if reply.refused is not None:
                self.wrong.append(f"{place} was to be refused with {reply.refused}, and was not")
        if task.is_open:
            self._expect(task, moment)

    def _decide(self, task: Task, reply: Reply, moment: int) -> None:
        asked, account = task.asked, account_of(reply.by)
        roles = frozenset((task.role,) if reply.roles is None else reply.roles)
        person = Person(account=account, actor=f"account:{ids.show('acc', account)}", roles=roles)
        held = {"assignee": None, "is_given": False, "is_kept": False}
        acting.behalf_of({"role": task.role, "state": task.state, **held}, person)
        if reply.outcome not in asked.outcomes:
            raise InvalidField("/outcome", f"the task takes one of {', '.join(asked.outcomes)}")
        answer = forms.checked(self._forms, asked.form, roles, reply.values, reply.outcome)
        same = [one for one in task.given if (one.outcome, one.answer) == (reply.outcome, answer)]
        if any(one.account == account for one in task.given):
            raise NoAuthority("You have decided it before: somebody else has to as well")
        earlier = [
            one.account
            for other in self._tasks.values()
            if other.run == task.run and other is not task
            for one in other.given
        ]
        missing, need = 0, ""
        if asked.decision is not None:
            case = Case(decision=asked.decision, role=task.role, facts=asked.facts, earlier=earlier)
            verdict, needed = self._matrix.judge(case, reply.by, roles, [(one.by, one.need) for one in same])
            missing, need = verdict.missing, needed.digest
        task.given = [
            *task.given,
            Decided(account=account, by=reply.by, outcome=reply.outcome, answer=answer, moment=moment, need=need),
        ]
        if missing and reply.outcome not in asked.refusals:
            return
        task.state = states.after(task.state, "complete")
        task.outcome, task.answer, task.by, task.decided = reply.outcome, answer, reply.by, moment

    def _step(self, task: Task, step: Any, moment: int) -> None:
        """As `services.human_tasks.escalating` does it."""
        if step.do in _MOVES:
            task.state = states.after(task.state, _MOVES[step.do])
        if step.do == "reassign":
            task.role = step.role
        if step.do == "auto_decide":
            task.outcome, task.by, task.decided = step.outcome, "deadline", moment
        if step.do == "expire":
            task.reason = "its deadline is over"
        if step.do not in {"auto_decide", "expire"}:
            task.told = [*task.told, step.role or task.role]


def _standing(task: Task) -> rows.Standing:
    return rows.Standing(
        task_id=task.id,
        kind=task.asked.task,
        role=task.role,
        state=task.state,
        version=1,
        created_at=at(task.began),
        due_at=None if task.due is None else at(task.due),
        outcome=task.outcome,
        answer=values.encode(task.answer).decode(),
        decided_by=_actor(task.by),
        decided_at=_moment(task.decided),
        reason=task.reason,
    )


def _actor(by: str | None) -> str | None:
    return by if by in {None, "deadline"} else f"account:{ids.show('acc', account_of(str(by)))}"


def _moment(moment: int | None) -> datetime | None:
    return None if moment is None else at(moment)


def _rows(task: Task) -> list[dict[str, Any]]:
    return [
        {"outcome": one.outcome, "account_id": one.account, "behalf": None, "decided_at": at(one.moment)}
        for one in task.given
    ]
