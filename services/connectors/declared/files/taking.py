"""Taking the files of a folder: each once, none before it is whole, and those behind us out of the way.

The cursor is what makes it once: it names the files that were taken, as they were, and goes into the database with the
events made of them. So a file is moved away by the call after the one that read it, when its events are there.
"""

from __future__ import annotations

import asyncio
import fnmatch
from typing import Any, Final

import msgspec

from infra import clock
from infra.egress.sftp import Entry, Sftp, SftpRefused
from services.connectors.declared.files import slowness
from services.connectors.declared.files.exchange import parsed, shown
from services.connectors.declared.files.slowness import Kept, Slow, mark
from services.connectors.files.layout import Layout
from services.connectors.files.rows import MOST_BYTES
from services.connectors.sdk.errors import Refusal

_MOST_KEPT: Final = 2_000
"""Files that match and are still there."""
_MOST_ROWS: Final = 5_000
"""Of one call, all files together; the others are for the next one. One file is taken whole."""
_MOST_READ: Final = 20 * 1024 * 1024
"""Bytes, in the same way."""
_UNNAMED: Final = "its name is not UTF-8, or has characters that cannot be shown: have it sent under another name"
_UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".writing")


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken from where; folders are the server's own paths.

    Attributes:
        done: empty: files stay.
        seconds: of a session.
        until: by the monotonic clock; no other file is begun after it, so that the cursor is given before the session
            ends and the next call comes further.
    """

    folder: str
    pattern: str
    layout: Layout
    is_renamed: bool
    until: float
    seconds: float
    done: str = ""


async def take(files: Sftp, taking: Taking, cursor: Any) -> dict[str, Any]:
    """`files` with their rows and faults, and the next `cursor`.

    Raises:
        Refusal: the folder is not there, may not be read, or has too many files that match.
    """
    taken, looked = slowness.kept(cursor, "taken"), slowness.kept(cursor, "looked")
    present = [one for one in await files.entries(taking.folder) if _matches(one.name, taking.pattern)]
    if len(present) > _MOST_KEPT:
        detail = f"The folder has more than {_MOST_KEPT} files that match: have those that were taken moved away"
        raise Refusal(detail, name="configuration", title="The folder is too full")
    unnamed = [one for one in present if not one.name.isprintable()]
    present = [one for one in present if one.name.isprintable()]
    unmoved, stuck = await _moved(files, taking, [one for one in present if taken.get(one.name) == mark(one)])
    kept: Kept = {}
    waiting: Kept = {}
    found = [_fault(one, _UNNAMED) for one in unnamed]
    room, slow = _Room(taking.until), Slow(cursor, taking.seconds)
    for one in slow.last(present):
        now = mark(one)
        if taken.get(one.name) == now:
            kept |= {one.name: now} if one.name in unmoved or not taking.done else {}
            continue
        is_whole = taking.is_renamed or looked.get(one.name) == now
        if not is_whole or not room.is_left() or not slow.lets(one, is_first=room.is_empty):
            waiting[one.name] = now
            continue
        try:
            read = await _read_in_time(files, taking, one, slow, room)
        except TimeoutError:
            waiting[one.name] = now
            continue
        if read is None:
            continue  # it changed while it was read: the next look sees it anew
        kept[one.name] = now
        found.append(read)
    found += [_not_moved(one, taking) for one in present if one.name in stuck]
    found += [_fault(one, slow.why(one)) for one in present if slow.is_given_up(one)]
    return {"files": found, "cursor": {"taken": kept, "looked": waiting, **slow.kept(present)}}


class _Room:
    """For what one call may still begin: one file in any case, or a slow server's would never be taken."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._files = self._rows = self._bytes = 0

    @property
    def is_empty(self) -> bool:
        return not self._files

    def is_left(self) -> bool:
        is_full = self._rows > _MOST_ROWS or self._bytes >= _MOST_READ or clock.monotonic() >= self._until
        return not self._files or not is_full

    def take(self, entry: Entry, read: dict[str, Any] | None) -> None:
        self._files += 1
        self._rows += len(read["rows"]) if read else 0
        self._bytes += min(entry.size, MOST_BYTES)


def _matches(name: str, pattern: str) -> bool:
    is_unfinished = name.startswith(".") or name.lower().endswith(_UNFINISHED)
    return not is_unfinished and fnmatch.fnmatchcase(name, pattern)


async def _read_in_time(files: Sftp, taking: Taking, entry: Entry, slow: Slow, room: _Room) -> dict[str, Any] | None:
    """As `_read`. Raises TimeoutError: the time of a look was over before; others of the session go on."""
    left = taking.until - clock.monotonic()
    read = None
    try:
        async with asyncio.timeout(max(left, taking.seconds / 4)):
            read = await _read(files, taking, entry)
    except TimeoutError:
        # What was moved away before it may have had most of the time.
        slow.note(entry, is_first=room.is_empty and left > taking.seconds / 4)
        raise
    finally:
        room.take(entry, read)
    return read


async def _read(files: Sftp, taking: Taking, entry: Entry) -> dict[str, Any] | None:
    """None: it is not as it was listed any more."""
    path = f"{taking.folder}/{entry.name}"
    if entry.size > MOST_BYTES:
        return _fault(entry, f"it has more than {MOST_BYTES} bytes: have it sent in parts")
    try:
        content = await files.read(path, MOST_BYTES)
    except SftpRefused as refused:
        if refused.why != "absent":
            raise
        return None
    if await files.find(path) != entry or len(content) != entry.size:
        return None
    table = await parsed(content, taking.layout, entry.name)
    return {"name": entry.name, "mark": mark(entry), **shown(table, entry)}


async def _moved(files: Sftp, taking: Taking, past: list[Entry]) -> tuple[set[str], set[str]]:
    """The names of those that were not moved away, and among them of those that could not be.

    Who cannot move files can still take others.
    """
    left: set[str] = set()
    stuck: set[str] = set()
    for number, one in enumerate(past if taking.done else []):
        if number and clock.monotonic() >= taking.until:
            left.add(one.name)
            continue
        path = f"{taking.folder}/{one.name}"
        try:
            # Written again since it was listed, it is a new file, which nobody has read.
            if await files.find(path) == one:
                await _move(files, path, f"{taking.done}/{one.name}", one)
        except SftpRefused:
            stuck.add(one.name)
    return left | stuck, stuck


async def _move(files: Sftp, path: str, to: str, entry: Entry) -> None:
    """Beside one of its name, where such a one was moved there before."""
    try:
        await files.rename(path, to)
    except SftpRefused as refused:
        if refused.why != "exists":
            raise
        await files.rename(path, f"{to}.{mark(entry)}")


def _not_moved(entry: Entry, taking: Taking) -> dict[str, Any]:
    folder = taking.done.rpartition("/")[2]
    why = f"it was read, and cannot be moved to the folder {folder}: is it there, and may the account write in it?"
    return _fault(entry, why)


def _fault(entry: Entry, why: str) -> dict[str, Any]:
    """Of the file as a whole; nothing that cannot be shown of its name gets into a text."""
    name = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in entry.name)
    return {"name": name, "mark": mark(entry), "as_of": None, "rows": [], "faults": [{"line": 0, "why": why}]}
