"""The child process that runs suspects, as its parent sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import Final

_log: Final = logging.getLogger(__name__)


class Suspects:
    """At most one child at a time, started when it is needed."""

    def __init__(self) -> None:
        self._living: asyncio.Task[None] | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._stopping = False

    def ensure(self) -> None:
        """Have a child run the suspects, unless one does already."""
        if not self._stopping and (self._living is None or self._living.done()):
            self._living = asyncio.create_task(self._live())

    async def _live(self) -> None:
        self._child = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.worker.suspects")
        _log.info("suspects run alone", extra={"pid": self._child.pid})
        await self._child.wait()

    async def stop(self, seconds: float) -> None:
        """Tell the child to stop and wait for it; it hands back what it holds, so that nothing is blamed for this."""
        self._stopping = True
        if self._living is None:
            return
        until = asyncio.get_running_loop().time() + seconds
        while not self._living.done() and asyncio.get_running_loop().time() < until:
            # A child that is just being started has no process yet; it is told as soon as it has one.
            if self._child is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._child.terminate()
            await asyncio.wait([self._living], timeout=0.2)
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
        await asyncio.wait([self._living], timeout=1)
