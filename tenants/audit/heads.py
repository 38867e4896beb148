"""Where signed heads go, out of the database's reach: a series of lines for each log, to which is only ever added."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol
from uuid import UUID

from tenants.audit.verifier import Line

Place = tuple[str, UUID]
"""Kind and id of a log."""
Goal = Path | Literal["objects"] | None
"""A folder, the bucket of documents, or nowhere, as the settings have it."""
FOLDER: Final = "audit-heads"
_KINDS: Final = frozenset({"tenant", "partner", "operator"})
_TAIL: Final = 16_384
"""Bytes at a file's end that hold its last line."""


class Newest(NamedTuple):
    """The newest batch of a log that was published, or to which a rollback set it back. `n` 0: none."""

    n: int
    head: str


NONE: Final = Newest(0, "")


class Heads(Protocol):
    """Any number of processes may add to it at once. Raises what its medium does, such as OSError."""

    async def places(self) -> list[Place]:
        """The logs that it has lines of."""
        ...

    async def newest(self, place: Place) -> Newest: ...

    async def append(self, place: Place, behind: Newest, lines: Sequence[Line]) -> int:
        """Answers how many were added: none where somebody else has added since `behind` was read."""
        ...

    def lines(self, place: Place) -> AsyncIterator[bytes]:
        """All that was published of a log, in chunks of whole lines."""
        ...

    async def close(self) -> None: ...


def name_of(place: Place) -> str:
    return f"{place[0]}-{place[1]}"


def place_of(name: str) -> Place | None:
    kind, _, text = name.partition("-")
    try:
        return (kind, UUID(text)) if kind in _KINDS else None
    except ValueError:
        return None


def raw(lines: Sequence[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def last_of(text: bytes) -> Newest:
    """By the last line that is whole: a writer may have died in one."""
    for one in reversed(text.split(b"\n")[:-1]):
        try:
            line = json.loads(one)
            return Newest(line["n"], line["head"])
        except (ValueError, KeyError, TypeError):
            continue
    return NONE


class FolderHeads:
    """A file for each log, one JSON object a line; it only ever grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def places(self) -> list[Place]:
        found = await asyncio.to_thread(lambda: sorted(self._folder.glob("*.jsonl")))
        return [place for place in (place_of(file.stem) for file in found) if place is not None]

    async def newest(self, place: Place) -> Newest:
        return await asyncio.to_thread(_newest_of, self._file(place))

    async def append(self, place: Place, behind: Newest, lines: Sequence[Line]) -> int:
        return await asyncio.to_thread(_append, self._file(place), behind, lines)

    async def lines(self, place: Place) -> AsyncIterator[bytes]:
        try:
            yield await asyncio.to_thread(self._file(place).read_bytes)
        except FileNotFoundError:
            return

    async def close(self) -> None:
        """Nothing is held open."""

    def _file(self, place: Place) -> Path:
        return self._folder / f"{name_of(place)}.jsonl"


def _newest_of(file: Path) -> Newest:
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL))
            return last_of(stream.read())
    except FileNotFoundError:
        return NONE


def _append(file: Path, behind: Newest, lines: Sequence[Line]) -> int:
    if not lines:
        return 0
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("a+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if _newest_of(file) != behind:
            return 0
        written = raw(lines)
        size = stream.seek(0, os.SEEK_END)
        if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
            written = b"\n" + written
        stream.write(written)
        stream.flush()
        os.fsync(stream.fileno())
    return len(lines)
