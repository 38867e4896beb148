"""What `dramatiq services.worker.entry` runs: one process of the fleet, with the claim loop on its event loop.

Dramatiq brings processes, signals and the housekeeping actor; runs are claimed from PostgreSQL (ADR 0001).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import uvloop
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

from infra import broker, crash_points, settings
from infra.logs import configure
from services.worker.housekeeping import declare
from services.worker.process import WorkerProcess

_log: Final = logging.getLogger(__name__)

# Before Dramatiq makes its loop.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

_settings = settings.load()
configure(_settings.log_level)
if _settings.crash_points:
    crash_points.arm(_settings.crash_point)


class Engine(Middleware):
    """Starts the claim loop when a worker process has booted, drains it when the process is told to stop."""

    def __init__(self) -> None:
        self._process: WorkerProcess | None = None

    def after_worker_boot(self, _broker: Any, _worker: Any) -> None:
        """Runs on the worker's main thread, so the start is handed to the event loop's."""
        thread = get_event_loop_thread()
        if thread is None:
            raise RuntimeError("Dramatiq's AsyncIO middleware is missing")
        self._process = WorkerProcess(_settings, send_housekeeping=housekeeping.send)
        thread.run_coroutine(self._process.start())

    def before_worker_shutdown(self, _broker: Any, _worker: Any) -> None:
        """The loop must still run here: AsyncIO's own shutdown comes later."""
        thread = get_event_loop_thread()
        if thread is not None and self._process is not None:
            thread.run_coroutine(self._process.stop())


dramatiq_broker = broker.connect(_settings.redis_url, Engine())
housekeeping = declare(dramatiq_broker, _settings)
