"""A mail server in TLS that lets nobody in, and says again whatever it was told."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class Porter:
    """`told`: the pairs of user and password that came."""

    def __init__(self) -> None:
        self.port = 0
        self.told: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            words = line.decode().strip()
            if words.startswith("EHLO"):
                writer.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif words.startswith("AUTH PLAIN "):
                given = words.removeprefix("AUTH PLAIN ")
                _, user, password = base64.b64decode(given).decode().split("\0")
                self.told.append(password)
                writer.write(f"535 5.7.8 {user} with {password}, or {given}, is nobody here\r\n".encode())
            else:
                writer.write(b"221 bye\r\n")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def porter(certificate: Path, key: Path) -> AsyncIterator[Porter]:
    made = Porter()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
