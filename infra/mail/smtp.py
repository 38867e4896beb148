"""Hands mail to the operator's server (RFC 5321), over a connection that the guard has checked.

The standard library's client opens its own socket and blocks; this one speaks over `infra.egress`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import msgspec

from infra import redaction
from infra.egress import Client, Dial, Failed, Refused, Wire, upgrade
from infra.egress.dial import hang_up
from infra.encryption.secret import Secret
from infra.mail import replies, xoauth2
from infra.mail.errors import NotDelivered, Stage
from infra.mail.replies import Reply
from infra.mail.server import Server

_SECONDS: Final = 30.0
_CONTENT_SECONDS: Final = 120.0
_QUIT_SECONDS: Final = 2.0
_NOBODYS: Final = UUID(int=0)
"""Mail of all tenants goes over one connection."""
# What says that there is no such address, and not that this mail, or we, are not welcome (RFC 3463, 3.2).
_NO_ADDRESS: Final = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_NO_ADDRESS_CODES: Final = frozenset({550, 551, 553})


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to all of `recipients` or to none; `content` is the message with CRLF between lines, in ASCII."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class Session:
    """A connection that has been greeted, secured and signed in. Mails one after another; see `opened`.

    Attributes:
        is_in_doubt: a mail was handed over, and what the server says of it has not come.
    """

    def __init__(self, wire: Wire, server: Server) -> None:
        self._wire = wire
        self._server = server
        self._offers: dict[str, str] = {}
        self._is_secure = server.security == "tls"
        self.is_in_doubt = False

    async def begin(self) -> None:
        """Raises NotDelivered: `connection` or `sign-in`."""
        greeting = await replies.read(self._wire.reader, _SECONDS)
        if not greeting.is_done:
            raise NotDelivered("connection", greeting.text)
        await self._greet()
        if self._server.security == "starttls":
            await self._secure()
        if self._server.user:
            await self._sign_in()

    async def deliver(self, envelope: Envelope) -> None:
        """Whether the server answers for it from now on.

        Raises:
            NotDelivered: it does not; after `connection` the session is of no more use.
        """
        _check_content(envelope.content)
        try:
            await self._say("sender", f"MAIL FROM:<{envelope.sender}>")
            for one in envelope.recipients:
                await self._say("recipient", f"RCPT TO:<{one}>")
            await self._say("content", "DATA", wanted=354)
            self.is_in_doubt = True
            self._wire.writer.write(_stuffed(envelope.content))
            await self._drain()
            reply = await replies.read(self._wire.reader, _CONTENT_SECONDS)
            self.is_in_doubt = False
            _judge("content", reply)
        except NotDelivered as error:
            if error.stage != "connection":
                # Should that fail, the next mail finds it so; what became of this one is known.
                with contextlib.suppress(NotDelivered):
                    await self._say("connection", "RSET")
            raise

    async def leave(self) -> None:
        """Say goodbye; whether it is heard does not matter."""
        with contextlib.suppress(NotDelivered, OSError, TimeoutError):
            self._wire.writer.write(b"QUIT\r\n")
            async with asyncio.timeout(_QUIT_SECONDS):
                await self._wire.writer.drain()
                await replies.read(self._wire.reader, _QUIT_SECONDS)

    async def _greet(self) -> None:
        reply = await self._say("connection", f"EHLO {self._server.greets_as}")
        self._offers = {}
        for line in reply.lines[1:]:
            name, _, more = line.partition(" ")
            self._offers[name.upper()] = more.upper()

    async def _secure(self) -> None:
        """Nothing is said in the clear but the wish for TLS: who takes the offer away gets no mail (RFC 3207, 6)."""
        if "STARTTLS" not in self._offers:
            raise NotDelivered("connection", "the server does not offer STARTTLS")
        await self._say("connection", "STARTTLS")
        try:
            self._wire = await upgrade(self._wire, self._server.host)
        except Failed as error:
            raise NotDelivered("connection", error.detail) from error
        self._is_secure = True
        await self._greet()

    async def _sign_in(self) -> None:
        server, offered = self._server, self._offers.get("AUTH", "").split()
        if not self._is_secure or (server.password is None and server.token is None):
            raise NotDelivered("sign-in", "a password is sent in TLS only")
        if server.token is not None:
            await self._by_token(server.user, server.token, offered)
        elif server.password is not None:
            await self._by_password(server.user, server.password.reveal(), offered)

    async def _by_token(self, user: str, token: Secret, offered: list[str]) -> None:
        """Who is refused is told why before the reply, and says nothing to that."""
        if "XOAUTH2" not in offered:
            raise NotDelivered("sign-in", "the server does not offer XOAUTH2")
        self._wire.writer.write(b"AUTH XOAUTH2 " + xoauth2.response(user, token) + b"\r\n")
        await self._drain()
        reply = await replies.read(self._wire.reader, _SECONDS)
        if reply.code == 334:  # noqa: PLR2004 (RFC 4954, 4)
            await self._say("sign-in", "")
            raise NotDelivered("connection", "it neither lets us in nor refuses")
        _judge("sign-in", reply)

    async def _by_password(self, user: str, password: str, offered: list[str]) -> None:
        if "PLAIN" in offered:
            await self._say("sign-in", f"AUTH PLAIN {_encoded(f'{chr(0)}{user}{chr(0)}{password}')}")
        elif "LOGIN" in offered:
            await self._say("sign-in", "AUTH LOGIN", wanted=334)
            await self._say("sign-in", _encoded(user), wanted=334)
            await self._say("sign-in", _encoded(password))
        else:
            raise NotDelivered("sign-in", "the server offers neither PLAIN nor LOGIN")

    async def _say(self, stage: Stage, line: str, *, wanted: int | None = None) -> Reply:
        if not line.isascii() or not line.isprintable():
            raise NotDelivered(stage, "it holds what a command may not", is_final=True)
        self._wire.writer.write(line.encode() + b"\r\n")
        await self._drain()
        return _judge(stage, await replies.read(self._wire.reader, _SECONDS), wanted)

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(_CONTENT_SECONDS):
                await self._wire.writer.drain()
        except (OSError, TimeoutError) as error:
            raise NotDelivered("connection", "the connection was cut") from error

    @property
    def wire(self) -> Wire:
        return self._wire


@asynccontextmanager
async def opened(client: Client, server: Server) -> AsyncIterator[Session]:
    """A session with `server`; it ends with the block.

    Raises:
        NotDelivered: `connection` or `sign-in`.
    """
    if server.password is not None:
        # Servers have been seen to say again what they were told.
        redaction.hold([server.password])
    dial = Dial(protocol="smtp", host=server.host, port=server.port, tls=server.security == "tls")
    try:
        async with client.dial(_NOBODYS, dial) as wire, begun(wire, server) as session:
            yield session
    except Refused as error:
        raise NotDelivered("connection", error.detail) from error
    except Failed as error:
        raise NotDelivered("connection", error.detail) from error


@asynccontextmanager
async def begun(wire: Wire, server: Server) -> AsyncIterator[Session]:
    """As `opened`, on a connection that somebody else made and hangs up."""
    session = Session(wire, server)
    try:
        await session.begin()
        yield session
    finally:
        await session.leave()
        if session.wire is not wire:
            await hang_up(session.wire)


def _judge(stage: Stage, reply: Reply, wanted: int | None = None) -> Reply:
    if reply.is_done if wanted is None else reply.code == wanted:
        return reply
    if reply.code == 421:  # noqa: PLR2004 (the server closes, RFC 5321, 3.8)
        raise NotDelivered("connection", reply.text, code=reply.code)
    is_final = reply.is_final
    if stage == "recipient" and is_final and not _is_no_address(reply):
        # The mail is refused, and not the address: it is given up, and the next one is tried.
        raise NotDelivered("content", reply.text, is_final=True, code=reply.code)
    is_final = is_final and stage in {"recipient", "content"}
    raise NotDelivered(stage, reply.text, is_final=is_final, code=reply.code)


def _is_no_address(reply: Reply) -> bool:
    return reply.enhanced in _NO_ADDRESS if reply.enhanced else reply.code in _NO_ADDRESS_CODES


def _check_content(content: bytes) -> None:
    """A lone CR or LF would end a line for one server and not for the next (SMTP smuggling)."""
    bare = content.replace(b"\r\n", b"")
    if b"\r" in bare or b"\n" in bare or b"\x00" in bare or not content.isascii():
        raise NotDelivered("content", "the message is not in its wire form", is_final=True)


def _stuffed(content: bytes) -> bytes:
    body = content if content.endswith(b"\r\n") else content + b"\r\n"
    stuffed = body.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b".\r\n"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
