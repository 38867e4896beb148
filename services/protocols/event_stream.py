"""Server-sent events (WHATWG HTML, 9.2) and lines, read from an answer while it comes."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from infra.egress import Failed, Stream

EVENTS: Final = "text/event-stream"
BYTES: Final = 4 * 1024 * 1024
"""Of one event or line."""


class Event(msgspec.Struct, frozen=True):
    """`data` has at least one line; events without are not told."""

    data: str
    name: str = "message"
    id: str | None = None


async def lines(stream: Stream, limit: int = BYTES) -> AsyncIterator[str]:
    """Lines without their end, which is LF, CR or CRLF; the last may have none.

    Raises:
        Failed: `too-large` for a line beyond `limit`, and what reading the stream raises.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    parts: list[str] = []
    size = 0
    ended_with_cr = False
    async for chunk in stream.chunks():
        text = decoder.decode(chunk)
        if ended_with_cr and text.startswith("\n"):
            text = text[1:]
        ended_with_cr = text.endswith("\r") if text else ended_with_cr
        *whole, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in whole:
            yield "".join([*parts, line])
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > limit:
            raise Failed("too-large", f"a line has more than {limit} bytes", sent=True)
    if any(parts):
        yield "".join(parts)


async def events(stream: Stream, limit: int = BYTES) -> AsyncIterator[Event]:
    """Events in their order. One that the end of the stream cuts is not told. Raises as `lines`."""
    data: list[str] = []
    name, last = "message", None
    size = 0
    async for line in lines(stream, limit):
        if not line:
            if data:
                yield Event("\n".join(data), name, last)
            data, name, size = [], "message", 0
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
            size += len(value)
            if size > limit:
                raise Failed("too-large", f"an event has more than {limit} bytes", sent=True)
        elif field == "event":
            name = value or "message"
        elif field == "id" and "\0" not in value:
            last = value
