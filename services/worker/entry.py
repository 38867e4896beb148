"""What `dramatiq services.worker.entry` runs: one process of the fleet, with the claim loop on its event loop.

Dramatiq brings processes, signals and the housekeeping actor; runs are claimed from PostgreSQL (ADR 0001).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from typing import Any, Final, NoReturn

import uvloop
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread
from dramatiq.middleware import Middleware

from infra import broker, collector, core_dumps, crash_points, settings
from infra.logs import configure
from infra.problems import Problem
from services.worker.housekeeping import Rounds, declare
from services.worker.process import WorkerProcess

_log: Final = logging.getLogger(__name__)
_END_SECONDS: Final = 5.0

# Before Dramatiq makes its loop.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

core_dumps.forbid()
_settings = settings.load()
configure(_settings.log_level)
if _settings.crash_points:
    crash_points.arm(_settings.crash_point)


class Engine(Middleware):
    """Starts the claim loop when a worker process has booted, drains it when the process is told to stop."""

    def after_worker_boot(self, _broker: Any, _worker: Any) -> None:
        """Runs on the worker's main thread, so the start is handed to the event loop's."""
        try:
            _event_loop().run_coroutine(_process.start())
            collector.settle()
        except Exception:  # noqa: BLE001
            # Dramatiq would go on without us, alive and idle. Of an exit its parent hears; it ends the other processes
            # as a stop does, and then itself.
            _log.exception("the worker cannot start")
            _end()

    def before_worker_shutdown(self, _broker: Any, _worker: Any) -> None:
        """The loop must still run here: AsyncIO's own shutdown comes later."""
        _event_loop().run_coroutine(_stop())


async def _stop() -> None:
    _rounds.end()
    await _process.stop()


def _end() -> NoReturn:
    # Threads that are not ours to end could hold up the exit.
    limit = threading.Timer(_END_SECONDS, os._exit, (1,))
    limit.daemon = True
    limit.start()
    if (thread := get_event_loop_thread()) is not None:
        thread.stop()  # type: ignore[no-untyped-call]
    raise SystemExit(1)


def _event_loop() -> EventLoopThread:
    thread = get_event_loop_thread()
    if thread is None:
        raise RuntimeError("Dramatiq's AsyncIO middleware is missing")
    return thread


def _prepare(send_housekeeping: Callable[[], object]) -> WorkerProcess:
    """Raises ImportError, which is how Dramatiq's parent learns that a process has no use and ends with a code."""
    try:
        return WorkerProcess(_settings, send_housekeeping=send_housekeeping)
    except Problem as problem:
        raise ImportError(f"the worker cannot start: {problem.detail}") from None


dramatiq_broker = broker.connect(_settings.redis_url, Engine())
_rounds = Rounds()
housekeeping = declare(dramatiq_broker, _settings, _rounds)
_process = _prepare(housekeeping.send)
