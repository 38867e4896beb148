"""A TCP proxy before a real system that loses answers, loses requests and delivers them late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

Fault = Literal["lost", "answer-lost", "abandoned", "held", "lock-503"]
"""What happens to one request.

lost: it never arrives; the client's connection is cut. answer-lost: it is done, then the connection is cut.
abandoned: it is forwarded and the connection cut at once, so the next attempt runs beside it. held: the connection is
cut and the request arrives only when `release` is called. lock-503: it never arrives and is answered with 503.
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

    def once(self, text: str, fault: Fault) -> None:
        """The next request that contains `text` meets `fault`; the rest pass."""
        left = [fault]

        def decide(request: bytes) -> Fault | None:
            return left.pop() if left and text.encode() in request else None

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

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_message(reader)
                fault = self.decide(request)
                self.met += fault is not None
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
            writer.close()

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
            writer.close()


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


async def _read_message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    if b"transfer-encoding: chunked" in head.lower() or b"http/1.0 " in head.lower() or b"http/1.1 " in head.lower():
        return head + await reader.read()
    return head
