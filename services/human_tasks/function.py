"""`human-task:1.0.0@default`: a call of a workflow that a person answers (ADR 0097).

The first call makes the task, in a transaction of its own and once for the call's key; from then on the run is parked.
Whoever closes the task makes the run due in the same commit, and the next call answers what became of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from infra import ids
from infra.database import Database, through_outage
from services.deadlines.errors import InvalidPlan
from services.engine import values
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Done, ErrorDetails, Failed, Later
from services.human_tasks import clock, rows
from services.human_tasks.rows import Standing
from template_library import human_tasks
from template_library.human_tasks import Asked
from tenants.calendars.calendar import NeverOpen
from tenants.calendars.errors import UnknownCalendar

PREFIX: Final = "tsk"
LARGEST: Final = 256 * 1024
"""Bytes of all that a task is asked with; a person reads no more than that."""
_REST_SECONDS: Final = 86_400.0
"""Between two looks that nobody called for: what was decided calls the run, in its own commit or by the sweep."""
_MOVING_SECONDS: Final = 2.0
_ASKED_ANEW: Final = frozenset({"cancelled", "expired"})
"""If need be: whoever makes tasks knows whether the run has heard of the end of the one before."""
_TIMEOUT: Final = 408
_INVALID: Final = 400
_AWAY: Final = 503


class TaskFunction:
    """Fills the engine's Function protocol; keeps no state of a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def __call__(self, call: Call) -> Answer:
        try:
            asked = read(call)
        except msgspec.ValidationError as error:
            return _failed("validation", _INVALID, "The task cannot be read", str(error))
        try:
            return await through_outage(lambda: self._answer(call, asked), "a human task")
        except (UnknownCalendar, NeverOpen, InvalidPlan) as error:
            return _failed("configuration", _INVALID, "The task's deadline cannot be counted", str(error))

    async def _answer(self, call: Call, asked: Asked) -> Answer:
        async with self._database.tenant(call.tenant) as connection:
            found = await rows.of_call(connection, call)
            is_made = found is None or found.state in _ASKED_ANEW
            if is_made and await self._make(connection, call, asked) == "moves":
                return _waits("", "its run is in other hands", _MOVING_SECONDS)
            found = await rows.of_call(connection, call)
            if found is None:
                return _waits("", "its task is being made", _MOVING_SECONDS)
            await rows.follow(connection, call, found)
            given = await rows.given(connection, call.tenant, found.task_id)
        return told(found, given)

    async def _make(self, connection: Any, call: Call, asked: Asked) -> str:
        wanted = clock.plan_of(asked.deadline)
        due = None if wanted is None else await clock.due(connection, call.tenant, wanted)
        told = await rows.add(connection, call, ids.new(), asked, due)
        made = await rows.of_call(connection, call) if told == "made" and wanted is not None else None
        if made is not None and wanted is not None:
            await clock.begin(connection, call.tenant, made.task_id, wanted, call.run)
        return told


def read(call: Call) -> Asked:
    """The task that a call asks for. Raises msgspec.ValidationError: it is no task, or one that is too large."""
    asked = human_tasks.read(call.arguments)
    if len(values.encode(msgspec.to_builtins(asked))) > LARGEST:
        raise msgspec.ValidationError(f"what the task is asked with takes more than {LARGEST // 1024} KiB")
    return asked


def told(found: Standing, given: list[Any]) -> Answer:
    """What its run is answered; `given` are rows of what people decided of it."""
    if found.state == "completed":
        return Done(output=_output(found, given), usage="")
    if found.state == "expired":
        by = f"Nobody of the role {found.role}" if found.role else "The outside participant did not answer; nobody"
        detail = f"{by} decided in time: {found.reason or 'its deadline is over'}"
        return _failed("timeout", _TIMEOUT, "The task expired", detail)
    due = "" if found.due_at is None else f", due {_moment(found.due_at)}"
    who = rows.whom(found.role)
    return _waits(
        ids.show(PREFIX, found.task_id),
        f"{who} is to do the task {found.kind}: asked for since {_moment(found.created_at)}{due}",
        _REST_SECONDS,
    )


def _output(found: Standing, given: list[Any]) -> dict[str, Any]:
    return {
        "outcome": found.outcome,
        "values": values.decode(found.answer or "{}"),
        "by": found.decided_by,
        "at": None if found.decided_at is None else _moment(found.decided_at),
        "task": ids.show(PREFIX, found.task_id),
        "approvals": [
            {
                "outcome": one["outcome"],
                "by": _account(one["account_id"]),
                "on_behalf_of": None if one["behalf"] is None else _account(one["behalf"]),
                "at": _moment(one["decided_at"]),
            }
            for one in given
        ],
    }


def _account(account: Any) -> str:
    return f"account:{ids.show('acc', account)}"


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _waits(ref: str, reason: str, seconds: float) -> Later:
    error = ErrorDetails(type=f"{STANDARD_ERRORS}timeout", status=_AWAY, title="Nobody decided", detail=reason)
    return Later(reason=reason, ref=ref, error=error, seconds=seconds, sent=False, parked=True, line="person")


def _failed(name: str, status: int, title: str, detail: str) -> Failed:
    return Failed(
        error=ErrorDetails(type=STANDARD_ERRORS + name, status=status, title=title, detail=detail), sent=False
    )
