"""Why a run waits, in words for people: what its row tells while nobody works on it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from services.engine import values
from services.engine.frames import Hearing
from services.engine.state import Snapshot, Strand
from services.engine.waits import Calling, Joining, Sleeping

_LONGEST: Final = 1_000


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the run waits for.

    Attributes:
        kind: `uncertain`, `connection`, `slot`, `quota`, `manual` or `playbook` of one, `person`, `program`, `timer`
            or `event`.
        ref: the connection, the human task, nothing of a program, or the reference of the task that waits.
        since: when it began to wait, RFC 3339.
        until: when the clock moves it, where a clock does.
        others: how many other things it waits for at once (`open_waits`).
        task: reference of the task whose call it is, of a connection or a program.
        parked: the connection is known to be away; the end of its outage moves the run (ADR 0026).
    """

    kind: str
    ref: str
    since: str
    reason: str
    until: str | None = None
    others: int = 0
    task: str = ""
    parked: bool = False


def reason(snapshot: Snapshot, now: dt.datetime) -> Reason:
    """The most telling of all that the run waits for: a person, a side that is away, then events, then the clock.

    Its texts are such as the database can look into: what stands in documents and answers is not always so.
    """
    found = _reason(snapshot, now)
    waits = sum(not isinstance(strand.wait, Joining) for strand in snapshot.strands)
    return msgspec.structs.replace(
        found,
        ref=values.plain(found.ref),
        reason=values.plain(found.reason)[:_LONGEST],
        task=values.plain(found.task),
        others=max(waits - 1, 0),
    )


def _reason(snapshot: Snapshot, now: dt.datetime) -> Reason:
    since = now.isoformat()
    asked = [calling for _, calling in snapshot.calls() if calling.asked is not None]
    for calling in asked:
        task = calling.effect.reference
        return Reason("uncertain", task, _moment(calling.asked) or since, calling.reason, task=task)
    for _, calling in sorted(snapshot.calls(), key=lambda one: not _is_away(one[1])):
        is_program = calling.effect.function.startswith("run.")
        kind, ref = ("program", "") if is_program else (calling.line or "connection", calling.ref)
        task, until = calling.effect.reference, _moment(calling.due)
        return Reason(kind, ref, since, calling.reason, until, task=task, parked=_is_away(calling))
    for strand in snapshot.strands:
        for frame in strand.frames:
            if isinstance(frame.memory, Hearing) and frame.hears:
                return Reason("event", frame.reference, since, _events(frame.memory), _moment(snapshot.due()))
    for strand in snapshot.strands:
        if isinstance(strand.wait, Sleeping):
            return Reason("timer", _reference(strand), since, "it waits for a moment in time", _moment(snapshot.due()))
    return Reason("timer", "", since, "it waits for a moment in time", _moment(snapshot.due()))


def _is_away(calling: Calling) -> bool:
    """Its connection is; who waits for a slot or a call of a rate is in a line that moves."""
    return calling.parked and not calling.line


def _events(memory: Hearing) -> str:
    kinds = sorted({str(one["type"]) for one in memory.filters if isinstance(one.get("type"), str)})
    return f"it waits for an event: {', '.join(kinds)}" if kinds else "it waits for an event"


def _reference(strand: Strand) -> str:
    return strand.frames[-1].reference


def _moment(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC).isoformat()
