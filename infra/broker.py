"""Dramatiq as the process model: processes, signals, housekeeping. No run travels in its messages (ADR 0001)."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, AsyncIO, Callbacks, Middleware, ShutdownNotifications, TimeLimit

HOUSEKEEPING_QUEUE = "housekeeping"


def connect(url: str, *middleware: Middleware) -> RedisBroker:
    """Make the process's broker. Retries stay off: what housekeeping missed, its next round does.

    Args:
        url: of Redis or Valkey; it may be away, the consumers try again by themselves.
        middleware: of the caller, run after our own.
    """
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call]
        url=url,
        middleware=[
            AgeLimit(max_age=600_000),
            TimeLimit(time_limit=300_000),
            ShutdownNotifications(),
            Callbacks(),
            AsyncIO(),
            *middleware,
        ],
        namespace="housekeeping",
    )
    dramatiq.set_broker(broker)
    return broker
