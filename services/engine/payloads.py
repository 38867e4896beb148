"""Values over 32 KiB by reference: stored once a run, and named by their hash where they stood (ADR 0034).

A reference is a hole in JSON text: line feed, tab, carriage return, and the SHA-256 in hex as a JSON text. Everything
that is stored was written compactly, so that no raw control character can be in it: within a text it is escaped, and
between texts nothing writes one. Text with holes is still JSON, of which a database may read the small members. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from infra.problems import Problem
from services.engine import values

LARGE: Final = 32 * 1024
"""Bytes of JSON text beyond which a value is stored by reference."""
LARGE_OUTPUT: Final = 64 * 1024
"""Of a run's output: up to it the database looks into outputs (`app.is_held`)."""
BUDGET: Final = 64 * 1024 * 1024
"""Bytes that one run stores by reference. A value that changes with each step would leave all that it ever was; beyond
this, new values stay where they are, as small ones do."""
_MARK: Final = '\n\t\r"'
_MARK_BYTES: Final = _MARK.encode()
_HOLE: Final = re.compile(rb'\n\t\r"([0-9a-f]{64})"')
_MOST_PARTS: Final = 1_000
_DEEPEST: Final = 8


class PayloadUnreadable(Problem):
    """A stored value of a run is missing, or is not what was stored. Put the database right: none is made up for it."""

    name = "stored-value-unreadable"
    title = "A stored value cannot be read"


class Kept(msgspec.Struct, frozen=True):
    """A value to be stored: SHA-256 of its JSON text in hex, and the text."""

    digest: str
    text: bytes


def has_holes(text: bytes | str | None) -> bool:
    if text is None:
        return False
    return _MARK in text if isinstance(text, str) else _MARK_BYTES in text


def digests(text: bytes) -> set[str]:
    """What the holes in `text` name."""
    return {found.decode() for found in _HOLE.findall(text)}


def mentions(text: bytes) -> Counter[str]:
    """What the holes in `text` name, and how often each."""
    return Counter(found.decode() for found in _HOLE.findall(text))


def fill(text: bytes, bodies: Mapping[str, bytes]) -> bytes:
    """`text` with what its holes name. Raises PayloadUnreadable for one that is not in `bodies`."""

    def body(hole: re.Match[bytes]) -> bytes:
        digest = hole[1].decode()
        if digest not in bodies:
            raise PayloadUnreadable(f"the stored value {digest[:12]} is missing")
        return bodies[digest]

    return _HOLE.sub(body, text)


def digest_of(text: bytes) -> str:
    return sha256(text).hexdigest()


class Large:
    """The large values of one run while somebody has it in hand.

    What a run holds is replaced and never changed (`activation._copy`), so a value that was measured once is known by
    its identity: a run that carries it through many steps encodes and hashes it once.
    """

    def __init__(self, known: set[str] | None = None, stored: int = 0) -> None:
        """`known`: digests that are stored already; `stored`: their bytes."""
        self._known = set(known or ())
        self._stored = stored
        self._new: dict[str, Kept] = {}
        self._seen: dict[int, tuple[Any, Any]] = {}
        self._used: set[int] = set()
        self._is_large = bool(known)

    def known(self, digests_: set[str], stored: int) -> None:
        """The run has these in its rows already."""
        self._known |= digests_
        self._stored = max(self._stored, stored)
        self._is_large = self._is_large or bool(digests_)

    def encode(self, snapshot: msgspec.Struct) -> bytes:
        """`snapshot` as JSON text, with a hole for each large value in it.

        What was small so far is encoded once and measured; nothing else is done for it.
        """
        if not self._is_large:
            text = values.encode(snapshot)
            if len(text) <= LARGE:
                return text
            self._is_large = True
        return values.encode(self._holed(snapshot))

    def text(self, value: Any, most: int = LARGE) -> str:
        """`value` as JSON text; one of more than `most` bytes has holes."""
        text = values.encode(value)
        return (text if len(text) <= most else values.encode(self._of_value(value, 0))).decode()

    def take(self) -> list[Kept]:
        """What is to be stored with the commit that is made now; from here on it is known."""
        if not self._seen:
            return []
        made, self._new = list(self._new.values()), {}
        self._known |= {one.digest for one in made}
        # What this commit does not hold any more is let go.
        self._seen = {key: one for key, one in self._seen.items() if key in self._used}
        self._used = set()
        return made

    def _holed(self, node: Any) -> Any:
        """`node`, or the same with holes."""
        if isinstance(node, msgspec.Struct):
            return self._of_struct(node)
        if isinstance(node, list) and node and isinstance(node[0], msgspec.Struct):
            return [self._of_struct(one) for one in node]
        if isinstance(node, dict) and node and isinstance(next(iter(node.values())), msgspec.Struct):
            return {key: self._of_struct(one) for key, one in node.items()}
        return self._of_value(node, 0)

    def _of_struct(self, node: Any) -> Any:
        changed = {}
        for name in node.__struct_fields__:
            member = getattr(node, name)
            if isinstance(member, str | list | dict | msgspec.Struct):
                holed = self._holed(member)
                if holed is not member:
                    changed[name] = holed
        return msgspec.structs.replace(node, **changed) if changed else node

    def _of_value(self, node: Any, depth: int) -> Any:
        if not isinstance(node, str | list | dict) or (isinstance(node, str) and len(node) * 6 <= LARGE):
            return node
        seen = self._seen.get(id(node))
        if seen is not None:
            self._used.add(id(node))
            return seen[1]
        text = values.encode(node)
        if len(text) <= LARGE:
            return node
        made = self._parted(node, depth)
        if made is node:
            made = self._hole(node, text)
        if made is not node:
            self._seen[id(node)] = (node, made)
            self._used.add(id(node))
        return made

    def _parted(self, node: Any, depth: int) -> Any:
        """`node` with a hole for each large part of it, where little is left beside them; else `node` itself.

        So that a value keeps its hash when a step wraps it or puts something beside it.
        """
        if depth == _DEEPEST or not isinstance(node, list | dict) or len(node) > _MOST_PARTS:
            return node
        parts: Any
        if isinstance(node, dict):
            parts = {name: self._of_value(one, depth + 1) for name, one in node.items()}
            is_same = all(parts[name] is one for name, one in node.items())
        else:
            parts = [self._of_value(one, depth + 1) for one in node]
            is_same = all(part is one for part, one in zip(parts, node, strict=True))
        return node if is_same or len(values.encode(parts)) > LARGE else parts

    def _hole(self, node: Any, text: bytes) -> Any:
        digest = digest_of(text)
        if digest not in self._known and digest not in self._new:
            if self._stored + len(text) > BUDGET:
                return node
            self._stored += len(text)
            self._new[digest] = Kept(digest, text)
        return msgspec.Raw(f'{_MARK}{digest}"'.encode())
