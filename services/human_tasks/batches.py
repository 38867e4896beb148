"""Many tasks are decided alike: seen before, and each by the authority that one alone takes (ADR 0098)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, divide, is_outage
from infra.pagination import BadCursor
from infra.problems import Problem, Unavailable
from services.human_tasks import acting
from services.human_tasks.deciding import Decision, Desk
from services.human_tasks.errors import AnswerRefused
from services.human_tasks.people import Person

MOST: Final = 200
SECONDS: Final = 10.0
"""In which a batch is decided as far as it gets: of a request that is cut off nobody knows how far it was."""
Place = Callable[[], AbstractAsyncContextManager[None]]
"""Taken for each task, so that many in one call keep no others out. Raises Unavailable: none was free in time."""
Outcome = Literal["completed", "approved", "changed", "refused", "left"]


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A task of a batch, and its version as the preview saw it."""

    task: UUID
    version: int


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What a preview promised to one person: an outcome for these tasks."""

    account: UUID
    outcome: str
    why: str | None
    seen: list[Seen]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Of one task: whether it may be decided so, or what became of it; `why` not, as a problem's detail."""

    task: UUID
    version: int = 0
    outcome: Outcome
    why: str = ""


def pack(batch: Batch) -> bytes:
    return msgspec.msgpack.encode(batch)


def unpack(packed: bytes) -> Batch:
    """Raises BadCursor: made by another version."""
    try:
        return msgspec.msgpack.decode(packed, type=Batch)
    except msgspec.DecodeError:
        raise BadCursor("The token is not one of a preview; make another") from None


async def preview(  # noqa: PLR0913 (whose, which, and what is to be decided)
    database: Database, desk: Desk, tenant: UUID, person: Person, tasks: Sequence[UUID], *, outcome: str, place: Place
) -> list[Told]:
    """What would become of each, asked one by one; nothing is changed. Raises Unavailable: no place for one."""
    found: list[Told] = []
    for task in tasks:
        async with place(), database.tenant(tenant) as connection:
            try:
                row = await acting.locked(connection, tenant, task, person)
                verdict = await desk.look(connection, tenant, row, person, outcome=outcome)
                desk.check_bare(row, person, outcome)
            except Problem as problem:
                found.append(Told(task=task, outcome="refused", why=_why(problem)))
                continue
        told: Outcome = "completed" if verdict.is_allowed else "refused"
        if verdict.is_allowed and verdict.approvals > 1:
            told = "approved"
        found.append(Told(task=task, version=row["version"], outcome=told, why=verdict.why))
    return found


async def drive(  # noqa: PLR0913, PLR0917 (whose, which, and where there is room)
    database: Database, desk: Desk, tenant: UUID, person: Person, batch: Batch, place: Place
) -> list[tuple[Told, Any]]:
    """Decide each as it was seen, each in a commit of its own; with the run of what was decided.

    Safe to repeat: what was decided the first time is told as it was then. Those that no time is left for are `left`,
    and so is the rest when there is no place, or the database goes away. Raises Unavailable: no place for the first,
    and nothing was begun.
    """
    until, done = clock.monotonic() + SECONDS, list[tuple[Told, Any]]()
    divide(len(batch.seen))
    for one in batch.seen:
        if clock.monotonic() >= until:
            done.append((Told(task=one.task, outcome="left"), None))
            continue
        wanted = Decision(outcome=batch.outcome, why=batch.why, seen=one.version)
        try:
            async with place(), database.tenant(tenant) as connection:
                decided = await desk.complete(connection, tenant, one.task, person, wanted)
        except Unavailable:
            if not done:
                raise
            until = 0.0
            done.append((Told(task=one.task, outcome="left"), None))
            continue
        except Problem as problem:
            told: Outcome = "changed" if problem.name in {"task-changed", "task-over"} else "refused"
            done.append((Told(task=one.task, outcome=told, why=_why(problem)), None))
            continue
        except Exception as error:
            if not is_outage(error):
                raise
            # Some may be decided: that, and what is left, is told, instead of an outage in which nothing was.
            until = 0.0
            done.append((Told(task=one.task, outcome="left"), None))
            continue
        what: Outcome = "completed" if decided.is_complete else "approved"
        done.append((Told(task=one.task, outcome=what), decided.run))
    return done


def _why(problem: Problem) -> str:
    """In words for who chose many: what a form asks for is nowhere to be filled in."""
    return "Its form asks for something: decide it by itself" if isinstance(problem, AnswerRefused) else problem.detail
