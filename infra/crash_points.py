"""Named places where a test may kill the process (faults F-01, F-18). Without the operator's flag they do nothing.

A specification is `name`, `name%3` (at the third passing) or `name~label` (only where the label matches), separated by
commas: `call.answered%2,call.before~/do/1/poison`. With a `!` before it the code raises there and the process lives.

Each crash writes one line to standard error, `crash point NAME in PID`, so that a test tells it from any other death.
"""

from __future__ import annotations

import os
import signal
from typing import Final, NamedTuple

NAMES: Final = (
    "intake.before",
    "intake.committed",
    "creation.committed",
    "request.committed",
    "claim.committed",
    "activation.begun",
    "call.before",
    "call.answered",
    "call.settling",
    "checkpoint.before",
    "checkpoint.committed",
    "end.before",
    "end.committed",
    "emit.taken",
    "judging.before",
    "judging.committed",
    "records.before",
    "records.committed",
    "migration.moved",
    "pack.written",
    "archive.written",
    "archive.removed",
    "task.decided",
    "task.mailed",
    "entry.noted",
    "drop.written",
    "drop.prepared",
    "drop.placed",
    "entry.posting",
    "entry.posted",
    "webhook.sent",
    "grant.answered",
    "poll.answered",
    "poll.committed",
    "deadline.acted",
    "deadline.committed",
    "seal.computed",
    "seal.committed",
)


class UnknownCrashPoint(ValueError):
    """The specification names a point that does not exist; `NAMES` lists them."""


class Crashed(Exception):
    """A mistake of the code at this point, as a test ordered it."""


class _Order(NamedTuple):
    label: str
    nth: int
    raises: bool


_armed: dict[str, list[_Order]] = {}
_passed: dict[tuple[str, _Order], int] = {}


def arm(specification: str) -> None:
    """Arm the points of `specification`, replacing any armed before; '' disarms. Called once, by the process's entry.

    Raises:
        UnknownCrashPoint: a name that is not in `NAMES`.
    """
    _armed.clear()
    _passed.clear()
    for part in filter(None, specification.split(",")):
        place, _, nth = part.partition("%")
        name, _, label = place.removeprefix("!").partition("~")
        if name not in NAMES:
            raise UnknownCrashPoint(f"{name!r} is no crash point; there are {', '.join(NAMES)}")
        _armed.setdefault(name, []).append(_Order(label, int(nth or 1), place.startswith("!")))


def pass_by(name: str, label: str = "") -> None:
    """Die here with SIGKILL when armed: nothing is flushed, closed or handed back.

    Raises:
        Crashed: the order says so, with `!`.
    """
    if not _armed:
        return
    for order in _armed.get(name, ()):
        if order.label and order.label != label:
            continue
        key = (name, order)
        _passed[key] = _passed.get(key, 0) + 1
        if _passed[key] >= order.nth:
            # Past every buffer of Python's, which SIGKILL would take along.
            os.write(2, f"crash point {name} in {os.getpid()}\n".encode())
            if order.raises:
                raise Crashed(name)
            os.kill(os.getpid(), signal.SIGKILL)
