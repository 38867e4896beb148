"""Named places where a test may kill the process (faults F-01, F-18). Without the operator's flag they do nothing.

A specification is `name`, `name%3` (at the third passing) or `name~label` (only where the label matches), separated by
commas: `call.answered%2,call.before~/do/1/poison`.
"""

from __future__ import annotations

import os
import signal
from typing import Final

NAMES: Final = (
    "intake.before",
    "intake.committed",
    "claim.committed",
    "activation.begun",
    "call.before",
    "call.answered",
    "checkpoint.before",
    "checkpoint.committed",
    "end.before",
    "end.committed",
)


class UnknownCrashPoint(ValueError):
    """The specification names a point that does not exist; `NAMES` lists them."""


_armed: dict[str, list[tuple[str, int]]] = {}
_passed: dict[tuple[str, str, int], int] = {}


def arm(specification: str) -> None:
    """Arm the points of `specification`, replacing any armed before; '' disarms. Called once, by the process's entry.

    Raises:
        UnknownCrashPoint: a name that is not in `NAMES`.
    """
    _armed.clear()
    _passed.clear()
    for part in filter(None, specification.split(",")):
        place, _, nth = part.partition("%")
        name, _, label = place.partition("~")
        if name not in NAMES:
            raise UnknownCrashPoint(f"{name!r} is no crash point; there are {', '.join(NAMES)}")
        _armed.setdefault(name, []).append((label, int(nth or 1)))


def pass_by(name: str, label: str = "") -> None:
    """Die here with SIGKILL when armed: nothing is flushed, closed or handed back."""
    if not _armed:
        return
    for wanted, nth in _armed.get(name, ()):
        if wanted and wanted != label:
            continue
        key = (name, wanted, nth)
        _passed[key] = _passed.get(key, 0) + 1
        if _passed[key] >= nth:
            os.kill(os.getpid(), signal.SIGKILL)
