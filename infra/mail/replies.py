"""A mail server's replies (RFC 5321, 4.2), read within bounds."""

from __future__ import annotations

import asyncio
import re
from typing import Final

import msgspec

from infra.mail.errors import NotDelivered

_LINE: Final = re.compile(rb"([2-5][0-9]{2})([ -]?)([^\r\n]*)\r?\n")
_ENHANCED: Final = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?:\s|$)")
_LONGEST_LINE: Final = 2048
_MOST_LINES: Final = 64
_SHOWN: Final = 300


class Reply(msgspec.Struct, frozen=True):
    code: int
    lines: tuple[str, ...]

    @property
    def is_done(self) -> bool:
        return 200 <= self.code < 300  # noqa: PLR2004 (RFC 5321, 4.2.1)

    @property
    def is_final(self) -> bool:
        """Whether the server will say the same again."""
        return self.code >= 500  # noqa: PLR2004 (RFC 5321, 4.2.1)

    @property
    def enhanced(self) -> str | None:
        """The enhanced code (RFC 3463), such as `5.1.1`."""
        found = _ENHANCED.match(self.lines[0]) if self.lines else None
        return found[1] if found else None

    @property
    def text(self) -> str:
        return f"{self.code} {' '.join(self.lines)}"[:_SHOWN].strip()


async def read(reader: asyncio.StreamReader, seconds: float) -> Reply:
    """The next reply, with what cannot be seen taken out of it.

    Raises:
        NotDelivered: `connection`: none came, or what came is none.
    """
    lines: list[str] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                line = await reader.readuntil(b"\n")
                found = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
                if found is None or len(lines) >= _MOST_LINES:
                    raise NotDelivered("connection", "the server does not speak SMTP")
                text = found[3].decode("utf-8", "replace")
                lines.append("".join(letter for letter in text if letter.isprintable()).strip())
                if found[2] != b"-":
                    return Reply(int(found[1]), tuple(lines))
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise NotDelivered("connection", "the server did not answer") from error
