"""What a part of the night has found."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, kw_only=True):
    """One line of the table. A part fills it in while it goes, so that a failure still says how far it came.

    Attributes:
        faults: processes killed, servers taken away.
        note: figures of its own.
        failure: the invariant that broke, in its own words; empty when all held.
    """

    part: str
    proves: str
    minutes: float = 0.0
    rounds: int = 0
    runs: int = 0
    faults: int = 0
    note: str = ""
    failure: str = ""
    skipped: str = ""

    @property
    def result(self) -> str:
        if self.failure:
            return f"FAILED: {self.failure}"
        return f"not run: {self.skipped}" if self.skipped else "held"
