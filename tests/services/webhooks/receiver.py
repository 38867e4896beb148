"""A receiver of webhooks on loopback, which answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Got(msgspec.Struct, frozen=True):
    """A request; header names are lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


class Receiver:
    """`answer`: bytes, or what talks to the caller. `most` is how many were there at once."""

    def __init__(self) -> None:
        self.answer: bytes | Talk = OK
        self.got: list[Got] = []
        self.port = 0
        self.at_once = self.most = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?token=of-the-receivers-own"

    def says(self, status: str, *headers: str, body: bytes = b"") -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.answer = "\r\n".join(head).encode() + b"\r\n\r\n" + body

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.got.append(Got(head[0].split(" ")[1], headers, body))
                self.at_once += 1
                self.most = max(self.most, self.at_once)
                try:
                    if isinstance(self.answer, bytes):
                        writer.write(self.answer)
                        await writer.drain()
                    else:
                        await self.answer(writer)
                finally:
                    self.at_once -= 1
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the test is over
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    listener = await asyncio.start_server(receiver.talk, "127.0.0.1", 0)
    receiver.port = listener.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        listener.close()


def verifies(got: Got, secret: str) -> int:
    """How many of the signatures are good under `secret`, reckoned as a receiver would from the specification alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return got.headers["webhook-signature"].split(" ").count(wanted)
