"""The running mail server, as tests see it."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec

from infra.egress import Client, Guard, OnePlace
from infra.encryption.secret import Secret
from infra.mail.server import Security, Server
from tests.infra.egress.test_tls import NAME
from tests.patience import PATIENCE


class MailServer(msgspec.Struct, frozen=True):
    """The running server; `taken` are its messages so far."""

    ports: dict[str, int]
    folder: Path
    certificate: Path

    def server(self, security: Security = "starttls", **changes: Any) -> Server:
        known: dict[str, Any] = {"host": "127.0.0.1", "port": self.ports[security], "greets_as": "mail.example"}
        if security != "none":
            known |= {"host": NAME, "user": "waybill", "password": Secret("correct horse")}
        return Server(security=security, **(known | changes))

    def client(self, server: Server, *, trusted: bool = True) -> Client:
        """The way to it; its name leads to this machine, where a resolver would say so."""

        async def resolve(_name: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        trust = ssl.create_default_context(cafile=str(self.certificate)) if trusted else None
        guard = OnePlace(server.host, server.port, plain=server.security == "none", resolve=resolve)
        return Client(guard, trust=trust)

    @asynccontextmanager
    async def guarded(self) -> AsyncIterator[Client]:
        """The way out of connections, on which NAME leads to this machine."""

        async def resolve(_name: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        trust = ssl.create_default_context(cafile=str(self.certificate))
        async with Client(Guard(allow_loopback=True, resolve=resolve), trust=trust) as client:
            yield client

    def taken(self, count: int = 0) -> list[dict[str, Any]]:
        """What it took, once there are `count`."""
        until = time.monotonic() + PATIENCE
        while True:
            found = [msgspec.json.decode(file.read_bytes()) for file in sorted(self.folder.glob("*.json"))]
            if len(found) >= count or time.monotonic() > until:
                return found
            time.sleep(0.02)

    def messages(self, count: int = 0) -> list[EmailMessage]:
        return [read(base64.b64decode(one["content"])) for one in self.taken(count)]


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message
