"""Messages of Redis: PUBLISH and SUBSCRIBE of RESP2, on a connection of their own. They carry no headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import hiredis

from infra.egress import Dial, Failed, Wire
from services.protocols import errors
from services.protocols.asyncapi.link import Incoming, Link, Outgoing
from services.protocols.asyncapi.messages import BYTES

_CHUNK: Final = 64 * 1024
_MESSAGE_PARTS: Final = 3


class Redis:
    """Fills Transport."""

    async def publish(self, link: Link, message: Outgoing) -> None:
        if message.headers:
            raise errors.configuration(
                "Unusable message", "messages of Redis have no headers; put them into the payload"
            )
        async with _connected(link) as session:
            await session.ask(b"PUBLISH", link.target.address.encode(), message.body)

    async def subscribe(self, link: Link) -> AsyncIterator[Incoming | None]:
        async with _connected(link) as session:
            await session.ask(b"SUBSCRIBE", link.target.address.encode())
            yield None
            while True:
                reply = await session.reply()
                if isinstance(reply, list) and len(reply) == _MESSAGE_PARTS and reply[0] == b"message":
                    yield Incoming(reply[2])


class _Session:
    def __init__(self, wire: Wire, link: Link) -> None:
        self._wire = wire
        self._link = link
        self._reader = hiredis.Reader()
        self._waiting = 0

    async def ask(self, *words: bytes) -> Any:
        """The answer. Raises Refusal for an error of the server's."""
        parts = [b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)]
        try:
            self._wire.writer.write(b"".join(parts))
            await self._wire.writer.drain()
        except OSError as error:
            raise Failed("cut", "the connection ended", sent=True) from error
        return await self.reply()

    async def reply(self) -> Any:
        while True:
            try:
                found = self._reader.gets()
            except hiredis.ProtocolError as error:
                raise Failed("malformed", "the answer is none of Redis'", sent=True) from error
            if isinstance(found, hiredis.ReplyError):
                raise self._refused(str(found))
            if found is not False:
                self._waiting = 0
                return found
            await self._read()

    async def _read(self) -> None:
        try:
            chunk = await self._wire.reader.read(_CHUNK)
        except OSError as error:
            raise Failed("cut", "the connection ended", sent=True) from error
        if not chunk:
            raise Failed("cut", "the connection ended", sent=True)
        self._waiting += len(chunk)
        if self._waiting > 2 * BYTES:
            raise Failed("too-large", f"a message has more than {BYTES} bytes", sent=True)
        self._reader.feed(chunk)

    def _refused(self, words: str) -> errors.Refusal:
        if words.startswith(("NOAUTH", "WRONGPASS", "ERR invalid password", "ERR AUTH")):
            return errors.unauthenticated("the server wants another user name and password (`basic`)")
        if words.startswith("NOPERM"):
            return errors.of_status(403, "the user may not do this on the channel")
        return errors.of_status(502, f"the server refused: {self._link.identity.without_secrets(words)}")


@asynccontextmanager
async def _connected(link: Link) -> AsyncIterator[_Session]:
    target = link.target
    password = link.identity.password()
    dial = Dial(
        protocol="redis", host=target.host, port=target.port, tls=target.tls, destination=link.exchange.destination
    )
    async with link.exchange.client.dial(link.tenant, dial) as wire:
        session = _Session(wire, link)
        if password is not None:
            user, secret = password
            await session.ask(b"AUTH", *([user.encode()] if user else []), secret.encode())
        yield session
