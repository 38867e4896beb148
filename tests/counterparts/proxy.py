"""A TCP proxy before a real system that loses answers, loses requests and delivers them late."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

Fault = Literal["lost", "answer-lost", "abandoned", "held", "lock-503", "late", "answer-late"]
"""What happens to one request.

lost: it never arrives; the client's connection is cut. answer-lost: it is done, then the connection is cut.
abandoned: it is forwarded and the connection cut at once, so the next attempt runs beside it. held: the connection is
cut and the request arrives only when `release` is called. lock-503: it never arrives and is answered with 503. late: it
arrives when the client's patience is over. answer-late: it is done, and answered when the client's patience is over.
"""
Decide = Callable[[bytes], Fault | None]

_LOCKED = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 6\r\nRetry-After: 0\r\n\r\nlocked"


class Proxy:
    """Forwards whole requests one at a time; `decide` sees each and names its fault."""

    def __init__(self, upstream: int) -> None:
        self.port = 0
        self.decide: Decide = lambda _request: None
        self.met = 0
        self._upstream = upstream
        self._held: list[bytes] = []
        self._tasks: set[asyncio.Task[bytes]] = set()
        self._talks: set[asyncio.Task[Any]] = set()

    def once(self, text: str, fault: Fault) -> None:
        """The next request that contains `text` meets `fault`; the rest pass."""
        left = [fault]

        def decide(request: bytes) -> Fault | None:
            return left.pop() if left and text.encode() in request else None

        self.decide = decide

    def each(self, faults: Mapping[str, list[Fault]]) -> None:
        """The first requests that match a regular expression meet its faults, one each; the rest pass.

        What no request has met yet stays in `faults`.
        """

        def decide(request: bytes) -> Fault | None:
            for pattern, left in faults.items():
                if left and re.search(pattern.encode(), request):
                    return left.pop(0)
            return None

        self.decide = decide

    async def release(self) -> int:
        """Deliver the held requests and wait until they are done; their number."""
        held, self._held = self._held, []
        for request in held:
            await self._forward(request)
        return len(held)

    async def settle(self) -> None:
        """Wait until abandoned requests are done."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """End what is still said. Whoever comes now is not heard."""
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        try:
            while True:
                request = await _read_message(reader)
                fault = self.decide(request)
                self.met += fault is not None
                if fault in {"late", "answer-late"}:
                    await self._past_patience(request, reader, is_late=fault == "late")
                    return
                answer = await self._meet(fault, request)
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(answer)
                await writer.drain()
                if b"\r\ncontent-length:" not in answer.partition(b"\r\n\r\n")[0].lower():
                    return  # its end is the connection's
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            await _closed(writer)

    async def _past_patience(self, request: bytes, reader: asyncio.StreamReader, *, is_late: bool) -> None:
        """Its answer finds nobody any more."""
        if not is_late:
            await self._forward(request)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        if is_late:
            await self._forward(request)

    async def _meet(self, fault: Fault | None, request: bytes) -> bytes | None:
        if fault is None:
            return await self._forward(request)
        if fault == "answer-lost":
            await self._forward(request)
        elif fault == "abandoned":
            task = asyncio.get_running_loop().create_task(self._forward(request))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif fault == "held":
            self._held.append(request)
        return _LOCKED if fault == "lock-503" else None

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await _read_message(reader)
        finally:
            await _closed(writer)


@asynccontextmanager
async def proxied(upstream: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(upstream)
    listener = await asyncio.start_server(proxy.talk, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
        await proxy.settle()
    finally:
        listener.close()
        await proxy.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    if b"transfer-encoding: chunked" in head.lower() or b"http/1.0 " in head.lower() or b"http/1.1 " in head.lower():
        return head + await reader.read()
    return head
