"""A mail server on loopback that keeps every word that is said to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from typing import Final

REFUSED: Final = "gone@"


class Postbox:
    """`said`: the lines of its callers, but the mails'; `taken`: these. Addresses `gone@…` are refused by `name`."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()
        self.port = 0
        self.said: list[str] = []
        self.taken: list[bytes] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 " + self._name + b" is ready\r\n")
        while line := await reader.readline():
            words = line.decode().strip()
            self.said.append(words)
            if words == "DATA":
                writer.write(b"354 go on\r\n")
                self.taken.append(await reader.readuntil(b"\r\n.\r\n"))
            refused = words.startswith(f"RCPT TO:<{REFUSED}")
            writer.write(b"550 5.1.1 " + self._name + b" knows nobody there\r\n" if refused else b"250 OK\r\n")
            await writer.drain()
        writer.close()


@asynccontextmanager
async def postbox(name: str) -> AsyncIterator[Postbox]:
    box = Postbox(name)
    server = await asyncio.start_server(box.talk, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box


def parts(mail: bytes) -> list[str]:
    """A mail's headers as they are read, and each of its parts unpacked."""
    message = message_from_bytes(mail, policy=default)
    found = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            found += [f"{name}: {value}" for name, value in part.items()]
            found.append(content.decode("utf-8", "replace"))
    return found
