"""The process's own clock, for durations and log lines. The database's clock decides leases and timers (F-04)."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present instant in UTC, with its zone."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never jumps; only differences mean anything."""
    return time.monotonic()
