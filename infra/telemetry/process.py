"""Telemetry of one process, from its start to its end. What is off is not even imported."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from infra.settings import Settings
from infra.telemetry import trace
from infra.telemetry.export_queue import ExportQueue
from infra.telemetry.instruments import DROPPED, INSTRUMENTS
from infra.telemetry.prometheus import MetricsServer
from infra.telemetry.trace import Recorder

if TYPE_CHECKING:
    from infra.telemetry import otlp

Process = Literal["api", "worker", "suspects"]
LAST_SECONDS: Final = 2.0
"""A process that ends waits so long for its last export."""


class Telemetry:
    """One for the process; `open` and `close` on its event loop. Nothing here raises for a collector's sake."""

    def __init__(self, settings: Settings, process: Process) -> None:
        self._settings = settings
        self._process: Process = process
        self._queue: ExportQueue | None = None
        self._push: _Push | None = None
        self._senders: list[otlp.SpanSender | otlp.MetricSender] = []
        self._page: MetricsServer | None = None

    @property
    def measures(self) -> bool:
        """Whether anybody gets the metrics; what costs a query is asked for only then."""
        return self._settings.metrics_port is not None or exporter_of(self._settings, "metrics") != "none"

    async def open(self) -> None:
        settings = self._settings
        if settings.metrics_port is not None:
            self._page = MetricsServer(INSTRUMENTS, {"process": self._process})
            await self._page.open(settings.metrics_host, settings.metrics_port)
        traces, metrics = exporter_of(settings, "traces"), exporter_of(settings, "metrics")
        if traces != "none" or metrics != "none":
            # In a thread, since it reads some hundred files.
            await asyncio.to_thread(self._export, traces, metrics)

    def _export(self, traces: str, metrics: str) -> None:
        # Imported here: 0.2 s and 16 MiB that a process without telemetry does not spend.
        from infra.telemetry import otlp  # noqa: PLC0415

        settings, resource = self._settings, otlp.resource_of(self._settings, self._process)
        if traces != "none":
            sender = otlp.SpanSender(settings, traces, resource)
            self._queue = ExportQueue(
                sender,
                size=settings.otel_bsp_max_queue_size,
                batch=settings.otel_bsp_max_export_batch_size,
                delay=settings.otel_bsp_schedule_delay / 1000,
            )
            self._senders.append(sender)
            self._queue.start()
            DROPPED.read = self._queue.dropped
            trace.record_with(Recorder(self._queue.put, ratio_of(settings), _obeys_caller(settings)))
        if metrics != "none":
            measured = otlp.MetricSender(settings, metrics, resource, INSTRUMENTS)
            self._senders.append(measured)
            self._push = _Push(measured, settings.otel_metric_export_interval / 1000)
            self._push.start()

    async def close(self) -> None:
        """Export the rest, for at most `LAST_SECONDS`. Safe to repeat."""
        trace.record_with(None)
        if self._page is not None:
            await self._page.close()
        if self._senders:
            await asyncio.to_thread(self._end)

    def _end(self) -> None:
        senders, self._senders = self._senders, []
        for ending in (self._queue, self._push):
            if ending is not None:
                ending.stop(LAST_SECONDS / 2)
        for sender in senders:
            sender.close()


class _Push(threading.Thread):
    """Sends the metrics at intervals and once more at the end."""

    def __init__(self, send: Callable[[], bool], seconds: float) -> None:
        super().__init__(name="metrics", daemon=True)
        self._send = send
        self._seconds = seconds
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(self._seconds):
            self._try()
        self._try()

    def stop(self, seconds: float) -> None:
        self._ended.set()
        self.join(seconds)

    def _try(self) -> None:
        # The next round says the same and more: what is lost here is no more than a moment's reading.
        with suppress(Exception):
            self._send()


def exporter_of(settings: Settings, signal: Literal["traces", "metrics"]) -> str:
    """`otlp`, `console` or `none`."""
    if settings.otel_sdk_disabled:
        return "none"
    chosen: str = getattr(settings, f"otel_{signal}_exporter")
    own: str = getattr(settings, f"otel_exporter_otlp_{signal}_endpoint")
    return chosen or ("otlp" if own or settings.otel_exporter_otlp_endpoint else "none")


def ratio_of(settings: Settings) -> float:
    sampler = settings.otel_traces_sampler.removeprefix("parentbased_")
    return {"always_on": 1.0, "always_off": 0.0}.get(sampler, settings.otel_traces_sampler_arg)


def _obeys_caller(settings: Settings) -> bool:
    return settings.otel_traces_sampler.startswith("parentbased_")
