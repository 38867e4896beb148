"""Names to addresses, in threads of their own: one that nobody answers for keeps no other work waiting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

THREADS: Final = 32
"""Look-ups at once. A thread stays with its name until the system's resolver gives up, long after its caller did."""

Look = Callable[[str, int], list[str]]


def look(host: str, port: int) -> list[str]:
    """The system resolver's answer, every address of it; blocks. Raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Resolver:
    """The system's resolver for one process and event loop. Its threads are made when they are needed.

    Who finds none free waits in the event loop, so that whoever gives up leaves nothing behind in a queue.

    Args:
        threads: at most.
        look: asked in one of them.
    """

    def __init__(self, threads: int = THREADS, look: Look = look) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="resolve")
        self._free = asyncio.Semaphore(threads)
        self._look = look

    async def __call__(self, host: str, port: int) -> list[str]:
        await self._free.acquire()
        loop = asyncio.get_running_loop()

        def ended(_: Future[list[str]]) -> None:
            # The loop may have ended before the thread did.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._free.release)

        try:
            asked = self._pool.submit(self._look, host, port)
        except BaseException:
            self._free.release()
            raise
        asked.add_done_callback(ended)
        return await asyncio.wrap_future(asked)
