"""Lines of runs that name large values often: each is written once, and put back where it stood by whoever reads.

Such a line has a last member `large`, of `mark` and `values`. Where a value stood, a text stands: the mark, a colon and
the value's SHA-256 in hex. The mark is the hash of the line itself, so no text in it can be meant for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from services.engine import payloads

LONGEST: Final = 8 * 1024 * 1024
"""Bytes of a line up to which values are put back when it is written."""
_MEMBER: Final = b',"large":'


class _Values(msgspec.Struct, frozen=True):
    mark: str
    values: dict[str, msgspec.Raw]


class _Line(msgspec.Struct, frozen=True):
    large: msgspec.Raw = msgspec.Raw()


def written(text: bytes, bodies: Mapping[str, bytes]) -> bytes:
    """A line without holes, of a text with them and what they name.

    Raises:
        PayloadUnreadable: one is not in `bodies`.
    """
    named = payloads.mentions(text)
    if len(text) + sum(len(bodies.get(one, b"")) * times for one, times in named.items()) <= LONGEST:
        return payloads.fill(text, bodies)
    mark = payloads.digest_of(text)[:32]
    marked = payloads.fill(text, {one: f'"{mark}:{one}"'.encode() for one in bodies})
    large = _Values(mark, {one: msgspec.Raw(body) for one, body in bodies.items()})
    return b"".join((marked[:-1], _MEMBER, msgspec.json.encode(large), b"}"))


def pieces(line: bytes) -> Iterator[bytes | memoryview]:
    """The line with its values where they belong, in parts: the whole may be many times as long."""
    large = bytes(msgspec.json.decode(line, type=_Line).large)
    if not large:
        yield line
        return
    found = msgspec.json.decode(large, type=_Values)
    text = line[: -len(_MEMBER) - len(large) - 1]
    begin = 0
    for named in re.finditer(rb'"%s:([0-9a-f]{64})"' % found.mark.encode(), text):
        yield text[begin : named.start()]
        yield memoryview(found.values[named[1].decode()])
        begin = named.end()
    yield text[begin:] + b"}"
