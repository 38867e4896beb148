"""What a server of mailboxes says (IMAP4rev1, RFC 3501, 7), read within bounds: it may be anybody's."""

from __future__ import annotations

import asyncio
import re
from typing import Final

import msgspec

from infra.mail.errors import NotRead

_LITERAL: Final = re.compile(rb"\{([0-9]{1,10})\+?\}$")
_LONGEST_LINE: Final = 200_000
_MOST_LITERALS: Final = 64
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"$')


class Line(msgspec.Struct, frozen=True):
    """A response. `text`: without its end, literals taken out of it; `literals`: those, in their order."""

    text: bytes
    literals: tuple[bytes, ...] = ()

    @property
    def words(self) -> str:
        """For a person: what can be shown of it."""
        told = self.text.partition(b" ")[2].decode("utf-8", "replace")
        return "".join(one for one in told if one.isprintable())[:300].strip()

    @property
    def last(self) -> bytes:
        """The value that it ends with, of a `FETCH` of one thing: a literal or a quoted text; empty: there is none."""
        if self.literals:
            return self.literals[-1]
        found = _QUOTED.search(self.text.rstrip(b")"))
        return re.sub(rb"\\(.)", rb"\1", found[1]) if found else b""


class Answers:
    """Responses as they come; all that are read may have `most` bytes together."""

    def __init__(self, reader: asyncio.StreamReader, most: int) -> None:
        self._reader = reader
        self._left = most

    async def next(self) -> Line:
        """Raises NotRead: `connection`: it ended, or is none; `large`: it is more than is read of anybody."""
        pieces: list[bytes] = []
        literals: list[bytes] = []
        try:
            while True:
                line = await self._line()
                found = _LITERAL.search(line)
                if found is None:
                    return Line(b"".join([*pieces, line]), tuple(literals))
                if len(literals) >= _MOST_LITERALS:
                    raise NotRead("connection", "it does not speak IMAP")
                pieces.append(line[: found.start()])
                literals.append(await self._literal(int(found[1])))
        except (OSError, asyncio.IncompleteReadError) as error:
            raise NotRead("connection", "the connection was cut") from error

    async def _line(self) -> bytes:
        try:
            line = await self._reader.readuntil(b"\r\n")
        except asyncio.LimitOverrunError as error:
            raise NotRead("connection", "it does not speak IMAP") from error
        if len(line) > _LONGEST_LINE:
            raise NotRead("connection", "it does not speak IMAP")
        self._take(len(line))
        return line[:-2]

    async def _literal(self, size: int) -> bytes:
        # Before any of it is read: a size is only a number that somebody said.
        self._take(size)
        return await self._reader.readexactly(size)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise NotRead("large", "it says more than is read in one session")
