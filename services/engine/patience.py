"""How long a claimed run may be left to its calls, by the database's clock."""

from __future__ import annotations

from services.engine.claims import Claim
from services.engine.listener import LOOK_SECONDS
from services.engine.state import Snapshot


def now(claim: Claim) -> int:
    """Unix milliseconds."""
    return int(claim.moment().timestamp() * 1000)


def seconds_to(claim: Claim, due: int | None) -> float | None:
    return None if due is None else max(due / 1000 - claim.moment().timestamp(), 0.0)


def patience(claim: Claim, snapshot: Snapshot, *, is_asked: bool) -> float | None:
    """Seconds until something else than an answer may move the run; None: nothing else does.

    `is_asked`: somebody wants the run suspended, and what is due may be a call that is not begun any more.
    """
    seconds = seconds_to(claim, snapshot.due())
    if seconds is not None and is_asked:
        seconds = max(seconds, LOOK_SECONDS)
    if not snapshot.listens():
        return seconds
    return LOOK_SECONDS if seconds is None else min(seconds, LOOK_SECONDS)
