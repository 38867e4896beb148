"""All that a run waits for at once, strand by strand, as its snapshot has it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from services.engine.frames import Frame, Hearing, Trying
from services.engine.state import Snapshot, Strand
from services.engine.waits import Calling, Sleeping

Kind = Literal[
    "call",
    "uncertain",
    "connection",
    "slot",
    "quota",
    "manual",
    "playbook",
    "person",
    "hold",
    "program",
    "event",
    "timer",
    "attempt",
    "key",
]


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """Events that a listener waits for: one of its filters.

    Attributes:
        type: None for any.
        attributes: what the others must be, as they were evaluated.
        is_met: of a strategy that wants all, this one has come.
    """

    type: str | None
    attributes: dict[str, Any]
    is_met: bool = False


class OpenWait(msgspec.Struct, frozen=True, kw_only=True):
    """What one strand of a run waits for.

    Attributes:
        kind: an answer (`call` when nothing keeps it), a person who says what became of it (`uncertain`), a
            `connection` that is away, a `slot` or the `quota` of one, a person who does what it cannot (`manual`), or
            that its `playbook` is left; the `person` of a human task; that no `hold` keeps an order; a `program`; an
            `event`; a moment (`timer`), or
            that of the next `attempt` of what failed. Of no strand, but of the whole run: its `key`.
        reference: pointer of the task that waits.
        ref: the connection; of a key the run that has it; of a person the task.
        attempt: of the call, or of the tasks that are tried.
        unknown: the call was sent, may not be made again, and nobody knows its outcome.
        until: when the clock moves it. `interrupted_at`: when the time of it, or of a task around it, is over.
        events, heard, correlation: of a listener; the values that events must agree on, as far as they are known.
    """

    kind: Kind
    reference: str
    name: str = ""
    ref: str = ""
    reason: str = ""
    attempt: int | None = None
    unknown: bool = False
    until: dt.datetime | None = None
    interrupted_at: dt.datetime | None = None
    events: list[Awaited] = []
    heard: int = 0
    correlation: dict[str, Any] = {}


def of(snapshot: Snapshot) -> list[OpenWait]:
    """In the order of the strands; nothing of those that wait for other strands of the run."""
    return [one for strand in snapshot.strands for one in _of(strand, _expiry(snapshot, strand))]


def _of(strand: Strand, expires: int | None) -> Iterator[OpenWait]:
    wait, top = strand.wait, strand.frames[-1]
    if isinstance(wait, Calling):
        yield _call(wait, expires)
    elif isinstance(wait, Sleeping):
        tried = top.memory if isinstance(top.memory, Trying) else None
        yield OpenWait(
            kind="timer" if tried is None else "attempt",
            reference=top.reference,
            name=_name(top),
            attempt=None if tried is None else tried.attempt,
            until=_moment(wait.until),
            interrupted_at=_moment(expires),
        )
    for frame in strand.frames:
        # One that is busy with an event hears the next ones all the same.
        if frame.hears and isinstance(frame.memory, Hearing):
            yield _listener(frame, frame.memory, expires)


def _call(wait: Calling, expires: int | None) -> OpenWait:
    effect = wait.effect
    kind: Kind = "call"
    if wait.asked is not None:
        kind = "uncertain"
    elif effect.function.startswith("run."):
        kind = "program"
    elif wait.line:
        kind = wait.line
    elif wait.due is not None or wait.parked:
        kind = "connection"
    return OpenWait(
        kind=kind,
        reference=effect.reference,
        name=effect.name,
        ref=wait.ref,
        reason=wait.reason,
        attempt=wait.attempt,
        unknown=wait.sent,
        until=_moment(wait.due),
        interrupted_at=_moment(expires),
    )


def _listener(frame: Frame, memory: Hearing, expires: int | None) -> OpenWait:
    events = []
    for place, wanted in enumerate(memory.filters or [{}]):
        kind = wanted.get("type")
        rest = {name: value for name, value in wanted.items() if name != "type" or not isinstance(kind, str)}
        met = place in memory.places or place in memory.until
        events.append(Awaited(type=kind if isinstance(kind, str) else None, attributes=rest, is_met=met))
    return OpenWait(
        kind="event",
        reference=frame.reference,
        name=_name(frame),
        interrupted_at=_moment(expires),
        events=events,
        heard=len(memory.heard),
        correlation=memory.expected,
    )


def _expiry(snapshot: Snapshot, strand: Strand) -> int | None:
    """When the first time limit around the strand is over: its own, or of those that wait for it."""
    by_id = {one.id: one for one in snapshot.strands}
    moments, one = [], strand
    while True:
        moments += [frame.expires for frame in one.frames if frame.expires is not None]
        if one.parent is None:
            return min(moments, default=None)
        one = by_id[one.parent]


def _name(frame: Frame) -> str:
    return frame.reference.rpartition("/")[2]


def _moment(milliseconds: int | None) -> dt.datetime | None:
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
