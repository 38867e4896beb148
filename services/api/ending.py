"""News that the server is about to stop, before it waits for the requests that are open."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_of_end(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` on the running loop when the process is told to end, beside whatever the server does about it.

    A server sends the lifespan's shutdown only after the last answer, so that a request that waits would hold it up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {number: signal.getsignal(number) for number in _NUMBERS}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        earlier = before[signal.Signals(number)]
        if callable(earlier):
            earlier(number, frame)

    # A loop's own handlers are woken by the signal's number, whatever stands here.
    changed = {number for number in _NUMBERS if before[number] not in {signal.SIG_DFL, None}}
    for number in changed:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, before[number])
