from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from uuid import UUID

import pytest

from infra.egress import Client, Guard

TENANT = UUID(int=1)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[bytes | Talk], Awaitable["Server"]]


class Server:
    """A server of raw bytes on loopback. `heads` keeps each request's head; `connections` counts."""

    def __init__(self, answer: bytes | Talk) -> None:
        self._answer = answer
        self.heads: list[str] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                length = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
                if length:
                    await reader.readexactly(int(length[0].partition(":")[2]))
                if not isinstance(self._answer, bytes):
                    await self._answer(reader, writer)
                    break
                writer.write(self._answer)
                await writer.drain()
                if b"content-length" not in self._answer.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(answer: bytes | Talk) -> Server:
            server = Server(answer)
            listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
            stack.callback(listener.close)
            server.port = listener.sockets[0].getsockname()[1]
            return server

        yield start


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client as the embedded mode has it: loopback is allowed."""
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture
async def strict() -> AsyncIterator[Client]:
    """A client as a shared installation has it."""
    async with Client(Guard()) as client:
        yield client


@pytest.fixture
def tenant() -> UUID:
    return TENANT


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture(name="answer")
def answer_fixture() -> Callable[..., bytes]:
    """`answer(body, *headers, status=)`: the bytes of a response."""
    return answer
