"""What waits for export: bounded, and emptied by a thread that may be as slow as the collector (F-29)."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from infra.telemetry.metrics import Series
from infra.telemetry.trace import Span

_log: Final = logging.getLogger(__name__)
_QUIET_SECONDS: Final = 60.0

Send = Callable[[list[Span]], bool]
"""Exports a batch; False, or an exception, when it was lost. May take seconds."""


class ExportQueue:
    """`put` costs an append and never waits. Full: the newcomer is dropped and counted."""

    def __init__(self, send: Send, *, size: int, batch: int, delay: float) -> None:
        """At most `size` spans wait; up to `batch` go out together, at the latest after `delay` seconds."""
        self._send = send
        self._size = size
        self._batch = min(batch, size)
        self._delay = delay
        self._waiting: deque[Span] = deque()
        self._wanted = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self._warned = -_QUIET_SECONDS
        self.refused = 0
        self.failed = 0

    def start(self) -> None:
        self._thread.start()

    def put(self, span: Span) -> None:
        if len(self._waiting) >= self._size or self._stopping:
            self.refused += 1
            return
        self._waiting.append(span)
        if len(self._waiting) == self._batch:
            self._wanted.set()

    def stop(self, seconds: float) -> None:
        """Export what waits, for at most `seconds`; what is left then is lost."""
        self._stopping = True
        self._wanted.set()
        self._thread.join(seconds)

    def dropped(self) -> Series:
        return [(("queue-full",), self.refused), (("export-failed",), self.failed)]

    def _run(self) -> None:
        while not self._stopping:
            self._wanted.wait(self._delay)
            self._wanted.clear()
            self._empty()
        self._empty()

    def _empty(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            try:
                taken = self._send(batch)
            except Exception as error:  # noqa: BLE001 (nothing that telemetry does may end anything else)
                self._warn(repr(error))
                taken = False
            if not taken:
                self.failed += len(batch)
                self._warn("the collector did not take them")

    def _warn(self, why: str) -> None:
        if time.monotonic() - self._warned > _QUIET_SECONDS:
            self._warned = time.monotonic()
            _log.warning("spans are lost", extra={"why": why, "lost": self.failed})
