"""Tells when an event loop stands still, and where: code that computes on it keeps everybody waiting (F-37)."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from typing import Final, Self

_log: Final = logging.getLogger(__name__)

LIMIT_SECONDS: Final = 0.5
_BEATS: Final = 5
"""In each limit."""
_FRAMES: Final = 12


class Watch:
    """A thread looks at the loop on which `start` was called, and logs a line for each time that it stands still.

    The line holds places in the code and no values.
    """

    def __init__(self, limit: float = LIMIT_SECONDS) -> None:
        self._limit = limit
        self._pause = limit / _BEATS
        self._ended = threading.Event()
        self._beaten = 0.0
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """To be called on the loop."""
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._beat()
        threading.Thread(target=self._look, name="stalls", daemon=True).start()

    def stop(self) -> None:
        """To be called on the loop, once it was started or not. Safe to repeat."""
        self._ended.set()
        if self._next is not None:
            self._next.cancel()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _beat(self) -> None:
        self._beaten = time.monotonic()
        self._next = self._loop.call_later(self._pause, self._beat)

    def _look(self) -> None:
        told, looked = 0.0, time.monotonic()
        while not self._ended.wait(self._pause):
            before, looked = looked, time.monotonic()
            beaten = self._beaten
            # When this thread stood still as well, it was the whole process or the machine.
            awake = looked - before < self._limit
            if awake and looked - beaten >= self._limit and beaten != told:
                told = beaten
                self._tell(looked - beaten)

    def _tell(self, seconds: float) -> None:
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 (Python has no other way to it)
        stack = traceback.extract_stack(frame)[-_FRAMES:] if frame is not None else []
        places = [f"{place.filename}:{place.lineno} {place.name}" for place in stack]
        _log.warning("the event loop stands still", extra={"seconds": round(seconds, 3), "stack": places})
