"""Reads mailboxes (IMAP4rev1, RFC 3501), over a connection that the guard has checked.

The standard library's client opens its own socket, blocks, and reads as much as the server says that there is. Nothing
here removes a message.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

import msgspec

from infra.egress import Failed, Wire, upgrade
from infra.egress.dial import hang_up
from infra.encryption.secret import Secret
from infra.mail import mailbox_names, xoauth2
from infra.mail.answers import Answers, Line
from infra.mail.errors import Asked, NotRead

_MOST_LINES: Final = 20_000
"""Of one answer."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID: Final = re.compile(rb"\bUID ([0-9]{1,10})\b")
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE ([0-9]{1,12})\b")
_ARRIVED: Final = re.compile(
    rb'\bINTERNALDATE "([ 0-3]?[0-9])-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) '
    rb'([+-])([0-9]{2})([0-9]{2})"'
)
_STATE: Final = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) ([0-9]{1,10})\]")
_EXISTS: Final = re.compile(rb"\* ([0-9]{1,10}) EXISTS")
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Who comes, by a password or a token (XOAUTH2).

    `host`: whom TLS is verified against, where it is begun on the way; None: it is there already.
    """

    user: str
    password: Secret | None = None
    token: Secret | None = None
    host: str | None = None


class Folder(msgspec.Struct, frozen=True):
    """An open one. `validity`: its uids are these as long as this number is; `following`: the next message's uid."""

    name: str
    validity: int
    following: int
    messages: int


class Entry(msgspec.Struct, frozen=True):
    """A message that was not read. `arrived`: as the server has it."""

    uid: int
    size: int
    arrived: datetime


class Mailbox:
    """A session. Every method raises NotRead; see `opened`."""

    def __init__(self, wire: Wire, most: int) -> None:
        self._wire = wire
        self._most = most
        self._answers = Answers(wire.reader, most)
        self._number = 0
        self._offers: frozenset[str] = frozenset()

    @property
    def wire(self) -> Wire:
        return self._wire

    async def begin(self, login: Login) -> None:
        """Raises NotRead: `connection`, `starttls` or `sign-in`."""
        greeting = await self._answers.next()
        if not greeting.text.upper().startswith(b"* OK"):
            # Who is let in before TLS is there could be anybody's (`PREAUTH`).
            raise NotRead("connection", "it does not greet as a server of mailboxes does")
        await self._ask_offers()
        if login.host is not None:
            await self._secure(login.host)
        await self._sign_in(login)

    async def open(self, name: str, *, to_change: bool = False) -> Folder:
        """The folder that the next questions are about. Without `to_change` nothing there can change by them.

        Raises:
            NotRead: `folder`: there is none, or the account may not open it.
        """
        verb = "SELECT" if to_change else "EXAMINE"
        lines = await self._say("folder", f"{verb} {mailbox_names.quoted(name)}")
        state: dict[bytes, int] = {}
        for line in lines:
            state |= {found[1]: int(found[2]) for found in _STATE.finditer(line.text)}
            if found := _EXISTS.match(line.text):
                state[b"EXISTS"] = int(found[1])
        if b"UIDVALIDITY" not in state or b"UIDNEXT" not in state:
            raise NotRead("folder", "it keeps no lasting numbers of messages (UIDVALIDITY, UIDNEXT)")
        return Folder(name, state[b"UIDVALIDITY"], state[b"UIDNEXT"], state.get(b"EXISTS", 0))

    async def search(self, first: int, last: int, since: date | None = None) -> list[int]:
        """Uids from `first` to `last` that are there, in their order; `since`: that arrived on this day or later."""
        more = "" if since is None else f" SINCE {since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        return [one for one in await self._found(f"UID {first}:{last}{more}") if first <= one <= last]

    async def named(self, message_id: str) -> list[int]:
        """Uids of messages with this `Message-ID`, which has no quotation mark."""
        if not _PLAIN.fullmatch(message_id) or '"' in message_id or "\\" in message_id:
            return []
        return await self._found(f'HEADER Message-ID "{message_id}"')

    async def entries(self, uids: Sequence[int]) -> list[Entry]:
        """Those of `uids` that are there."""
        wanted = frozenset(uids)
        if not wanted:
            return []
        lines = await self._say("refused", f"UID FETCH {_set(uids)} (UID RFC822.SIZE INTERNALDATE)")
        found = {one.uid: one for one in map(_entry, lines) if one is not None and one.uid in wanted}
        return [found[uid] for uid in sorted(found)]

    async def read(self, uid: int, most: int) -> bytes | None:
        """The message as it came, unread as before, its first `most` bytes; None: it is gone."""
        lines = await self._say("refused", f"UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)")
        for line in lines:
            found = _UID.search(line.text)
            if b"FETCH" in line.text and b"BODY[]" in line.text and found and int(found[1]) == uid:
                return line.last[:most]
        return None

    async def mark(self, uids: Sequence[int], flag: str) -> None:
        """Add the flag, with its backslash; those that are gone are passed over."""
        await self._say("refused", f"UID STORE {_set(uids)} +FLAGS.SILENT ({flag})")

    async def move(self, uids: Sequence[int], name: str) -> None:
        """To another folder, where the server can do that at once (RFC 6851).

        Raises:
            NotRead: `folder`: it cannot, or there is no such folder.
        """
        if "MOVE" not in self._offers:
            raise NotRead("folder", "it cannot move messages (RFC 6851)")
        await self._say("folder", f"UID MOVE {_set(uids)} {mailbox_names.quoted(name)}")

    async def leave(self) -> None:
        """Say goodbye; whether it is heard does not matter."""
        with contextlib.suppress(OSError):
            self._wire.writer.write(b"bye LOGOUT\r\n")
            await self._wire.writer.drain()

    async def _ask_offers(self) -> None:
        lines = await self._say("connection", "CAPABILITY")
        told = [line.text for line in lines if line.text.upper().startswith(b"* CAPABILITY")]
        self._offers = frozenset(b" ".join(told).decode("ascii", "replace").upper().split())

    async def _secure(self, host: str) -> None:
        """Nothing is said in the clear but the wish for TLS."""
        if "STARTTLS" not in self._offers:
            raise NotRead("starttls", "it does not offer STARTTLS")
        await self._say("starttls", "STARTTLS")
        try:
            self._wire = await upgrade(self._wire, host)
        except Failed as error:
            raise NotRead("connection", error.detail) from error
        # What was slipped in before the handshake stays behind with the reader that it came by.
        self._answers = Answers(self._wire.reader, self._most)
        await self._ask_offers()

    async def _sign_in(self, login: Login) -> None:
        if login.token is not None:
            await self._by_token(login.user, login.token)
        elif login.password is not None:
            await self._by_password(login.user, login.password.reveal())
        else:
            raise NotRead("sign-in", "there is nothing to sign in by")
        await self._ask_offers()

    async def _by_token(self, user: str, token: Secret) -> None:
        """Who is refused is told why before the command ends, and says nothing to that."""
        if "AUTH=XOAUTH2" not in self._offers:
            raise NotRead("sign-in", "it offers no way to sign in by a token (AUTH=XOAUTH2)")
        tag = self._send("AUTHENTICATE XOAUTH2")
        if not (line := await self._next_of(tag)).text.startswith(b"+"):
            raise NotRead("sign-in", line.words)
        self._wire.writer.write(xoauth2.response(user, token) + b"\r\n")
        if not (line := await self._next_of(tag)).text.startswith(b"+"):
            self._judge_end("sign-in", tag, line)
            return
        self._wire.writer.write(b"\r\n")
        await self._ended("sign-in", tag)

    async def _by_password(self, user: str, password: str) -> None:
        if "AUTH=PLAIN" in self._offers:
            self._number += 1
            tag = self._send("AUTHENTICATE PLAIN")
            line = await self._next_of(tag)
            if line.text.startswith(b"+"):
                told = f"\0{user}\0{password}".encode()
                self._wire.writer.write(base64.b64encode(told) + b"\r\n")
                await self._ended("sign-in", tag)
            else:
                raise NotRead("sign-in", line.words)
        elif "LOGINDISABLED" in self._offers or not (_PLAIN.fullmatch(user) and _PLAIN.fullmatch(password)):
            raise NotRead("sign-in", "it offers no way to sign in that this account can take (AUTH=PLAIN)")
        else:
            await self._say("sign-in", f"LOGIN {mailbox_names.string(user)} {mailbox_names.string(password)}")

    async def _found(self, what: str) -> list[int]:
        lines = await self._say("refused", f"UID SEARCH {what}")
        told = b" ".join(line.text[8:] for line in lines if line.text.upper().startswith(b"* SEARCH"))
        return sorted({int(one) for one in told.split() if one.isdigit() and len(one) <= 10})  # noqa: PLR2004 (of 32 bits)

    async def _say(self, stage: Asked, line: str) -> list[Line]:
        return await self._ended(stage, self._send(line))

    def _send(self, line: str) -> bytes:
        """Raises NotRead: the line would be more than one."""
        if not _PLAIN.fullmatch(line):
            raise NotRead("refused", "it holds what a command may not")
        self._number += 1
        tag = f"a{self._number}".encode()
        self._wire.writer.write(tag + b" " + line.encode() + b"\r\n")
        return tag

    async def _next_of(self, tag: bytes) -> Line:
        """The first line that is the command's: a wish to go on, or its end."""
        for _ in range(_MOST_LINES):
            line = await self._answers.next()
            if line.text.startswith(b"+") or line.text.startswith(tag + b" "):
                return line
        raise NotRead("connection", "it does not speak IMAP")

    async def _ended(self, stage: Asked, tag: bytes) -> list[Line]:
        """What it said until the command ended well."""
        try:
            await self._wire.writer.drain()
        except OSError as error:
            raise NotRead("connection", "the connection was cut") from error
        lines: list[Line] = []
        while len(lines) < _MOST_LINES:
            line = await self._answers.next()
            if line.text.upper().startswith(b"* BYE"):
                raise NotRead("connection", f"it closed the connection: {line.words}")
            if not line.text.startswith(tag + b" "):
                lines.append(line)
                continue
            self._judge_end(stage, tag, line)
            return [*lines, line]
        raise NotRead("connection", "it does not speak IMAP")

    @staticmethod
    def _judge_end(stage: Asked, tag: bytes, line: Line) -> None:
        if not line.text[len(tag) + 1 :].upper().startswith(b"OK"):
            raise NotRead(stage, line.words)


@asynccontextmanager
async def begun(wire: Wire, login: Login, most: int) -> AsyncIterator[Mailbox]:
    """A session on a connection that somebody else made and hangs up; at most `most` bytes are read in it.

    Raises:
        NotRead: `connection`, `starttls` or `sign-in`.
    """
    mailbox = Mailbox(wire, most)
    try:
        await mailbox.begin(login)
        yield mailbox
    finally:
        await mailbox.leave()
        if mailbox.wire is not wire:
            await hang_up(mailbox.wire)


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _entry(line: Line) -> Entry | None:
    uid, size, arrived = (one.search(line.text) for one in (_UID, _SIZE, _ARRIVED))
    if uid is None or size is None or arrived is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (one.decode() for one in arrived.groups())
    try:
        away = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-away if sign == "-" else away)
        on = (int(year), _MONTHS.index(month.title()) + 1, int(day))
        at = datetime(*on, int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None
    return Entry(int(uid[1]), int(size[1]), at.astimezone(UTC))
