"""Texts of a message, whatever they say that they are written in; nothing that cannot be shown is left in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

LONGEST: Final = 500
_READ: Final = 4_000
"""Characters of a header."""
_MOST_ADDRESSES: Final = 50
_CHARSETS: Final = re.compile(
    r"utf-?8|us-ascii|ascii|latin-?1|iso-8859-[0-9]{1,2}|(windows-|cp)125[0-8]|koi8-[ru]|gb(2312|k|18030)|big5"
    r"|shift[_-]jis|euc-(jp|kr)|iso-2022-jp"
)
"""Those that mail is written in, and none of Python's that take long or are no text."""
_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BREAK: Final = re.compile(r"\r\n?|\n")


def decoded(content: bytes, charset: str | None) -> str:
    """Text with lines that end in a line feed. What is not of its charset becomes a replacement character."""
    name = (charset or "utf-8").strip().lower()
    if not _CHARSETS.fullmatch(name):
        name = "utf-8"
    try:
        found = content.decode(name, "replace")
    except LookupError:
        found = content.decode("utf-8", "replace")
    return _UNSEEN.sub("", _BREAK.sub("\n", found))


def header(value: object, longest: int = LONGEST) -> str:
    """A header's text on one line (RFC 2047); empty where there is none."""
    given = "" if value is None else str(value)[:_READ]
    try:
        pieces = decode_header(given)
    except (ValueError, LookupError):  # also of its base64
        pieces = [(given, None)]
    found = "".join(one if isinstance(one, str) else decoded(one, charset or "utf-8") for one, charset in pieces)
    return " ".join(_UNSEEN.sub("", found).split())[:longest]


def addresses(values: Sequence[object]) -> list[tuple[str, str]]:
    """Of headers: each name and address; at most fifty, and none that is no address."""
    given = ", ".join(str(one)[:_READ] for one in values[:4])
    try:
        found = getaddresses([given])
    except (ValueError, IndexError, TypeError):
        return []
    pairs = [(header(name, 200), header(address, 254)) for name, address in found]
    return [(name, address) for name, address in pairs if "@" in address][:_MOST_ADDRESSES]


def instant(value: object) -> str | None:
    """What a `Date` says, RFC 3339 in UTC; None: nothing that can be read."""
    try:
        found = parsedate_to_datetime(str(value)[:100])
        aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
