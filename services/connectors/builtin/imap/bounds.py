"""How much a message may be before anything of it is understood: it may be anybody's, and made to hurt."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from typing import Any, Final

MOST_BYTES: Final = 10 * 1024 * 1024
"""Of a message."""
MOST_FILES: Final = 20
_MOST_LINES: Final = 250_000
MOST_PARTS: Final = 100
_LONGEST_HEADER: Final = 16 * 1024
_LONGEST_OF_A_PART: Final = 2 * 1024
"""Characters of a header that has parameters."""
_LONGEST_HEAD: Final = 256 * 1024
_DEEPEST: Final = 40
_NESTING: Final = re.compile(rb"multipart|message/", re.IGNORECASE)
"""Every part that holds others says one of both."""


class Unfit(Exception):
    """No event is made of the message. `why` says it without what the message holds."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Bounded(Compat32):
    """The library looks for parameters in a time that grows with the square of a header's length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        has_parameters = sourcelines[0][:8].lower() == "content-"
        most = _LONGEST_OF_A_PART if has_parameters else _LONGEST_HEADER
        if sum(map(len, sourcelines)) > most:
            raise Unfit(f"a header has more than {most} characters")
        return super().header_source_parse(sourcelines)


_PARSER: Final[BytesParser[Any]] = BytesParser(policy=_Bounded())


def parsed(raw: bytes) -> Message:
    """The message, its parts not yet looked into. Takes seconds at worst: call it in a thread.

    Raises:
        Unfit: it is larger, deeper or longer than what people and systems send.
    """
    if len(raw) > MOST_BYTES:
        raise Unfit(f"it has more than {MOST_BYTES} bytes: have what is in it sent in parts")
    if raw.count(b"\n") > _MOST_LINES or raw.count(b"\r") > _MOST_LINES:
        raise Unfit(f"it has more than {_MOST_LINES} lines: have what is in it sent in parts")
    if len(_NESTING.findall(raw)) > _DEEPEST:
        raise Unfit("it has too many parts inside of parts: have what is in it sent by itself")
    if len(raw.partition(b"\r\n\r\n")[0]) > _LONGEST_HEAD:
        raise Unfit("its head is too long")
    try:
        found = _PARSER.parsebytes(raw)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError) as error:
        # The library is known to stumble over what was made for that.
        raise Unfit("it is no mail that can be read") from error
    assert isinstance(found, Message)  # noqa: S101 (what the parser makes)
    return found
