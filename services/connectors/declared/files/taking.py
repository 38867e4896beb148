"""Taking the files of a folder: each once, none before it is whole, and those behind us out of the way.

The cursor is what makes it once: it names the files that were taken, as they were, and goes into the database with the
events made of them. So a file is moved away by the call after the one that read it, when its events are there.
"""

from __future__ import annotations

import fnmatch
from typing import Any, Final

import msgspec

from infra.egress.sftp import Entry, Sftp, SftpRefused
from services.connectors.declared.files.exchange import parsed, shown
from services.connectors.files.layout import Layout
from services.connectors.files.rows import MOST_BYTES
from services.connectors.sdk.errors import Refusal

_MOST_KEPT: Final = 2_000
"""Files that match and are still there."""
_MOST_ROWS: Final = 5_000
"""Of one call, all files together; the others are for the next one. One file is taken whole."""
_UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".writing")

Kept = dict[str, str]
"""Files by name, each as it was: size and time, which are others when it was written again."""


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken from where; folders are the server's own paths. `done`: empty: files stay."""

    folder: str
    pattern: str
    layout: Layout
    is_renamed: bool
    done: str = ""


async def take(files: Sftp, taking: Taking, cursor: Any) -> dict[str, Any]:
    """`files` with their rows and faults, and the next `cursor`.

    Raises:
        Refusal: the folder is not there, may not be read, or has too many files that match.
    """
    taken, looked = _kept(cursor, "taken"), _kept(cursor, "looked")
    present = [one for one in await files.entries(taking.folder) if _matches(one.name, taking.pattern)]
    if len(present) > _MOST_KEPT:
        detail = f"The folder has more than {_MOST_KEPT} files that match: have those that were taken moved away"
        raise Refusal(detail, name="configuration", title="The folder is too full")
    unmoved = await _moved(files, taking, [one for one in present if taken.get(one.name) == mark(one)])
    kept: Kept = {}
    waiting: Kept = {}
    found: list[dict[str, Any]] = []
    count = 0
    for one in present:
        now = mark(one)
        if taken.get(one.name) == now:
            kept |= {one.name: now} if one.name in unmoved or not taking.done else {}
        elif count > _MOST_ROWS or not (taking.is_renamed or looked.get(one.name) == now):
            waiting[one.name] = now
        else:
            read = await _read(files, taking, one)
            if read is None:
                continue  # it changed while it was read: the next look sees it anew
            count += len(read["rows"])
            kept[one.name] = now
            found.append(read)
    found += [_not_moved(one, taking) for one in present if one.name in unmoved and taking.done]
    return {"files": found, "cursor": {"taken": kept, "looked": waiting}}


def mark(entry: Entry) -> str:
    return f"{entry.size}-{entry.modified}"


def _kept(cursor: Any, member: str) -> Kept:
    found = cursor.get(member) if isinstance(cursor, dict) else None
    return found if isinstance(found, dict) else {}


def _matches(name: str, pattern: str) -> bool:
    is_unfinished = name.startswith(".") or name.lower().endswith(_UNFINISHED)
    return not is_unfinished and fnmatch.fnmatchcase(name, pattern)


async def _read(files: Sftp, taking: Taking, entry: Entry) -> dict[str, Any] | None:
    """None: it is not as it was listed any more."""
    path = f"{taking.folder}/{entry.name}"
    if entry.size > MOST_BYTES:
        why = {"line": 0, "why": f"it has more than {MOST_BYTES} bytes: have it sent in parts"}
        return {"name": entry.name, "mark": mark(entry), "as_of": None, "rows": [], "faults": [why]}
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


async def _moved(files: Sftp, taking: Taking, past: list[Entry]) -> frozenset[str]:
    """The names of those that could not be moved away. Who cannot move files can still take others."""
    left = set()
    for one in past if taking.done else []:
        path = f"{taking.folder}/{one.name}"
        try:
            # Written again since it was listed, it is a new file, which nobody has read.
            if await files.find(path) == one:
                await _move(files, path, f"{taking.done}/{one.name}", one)
        except SftpRefused:
            left.add(one.name)
    return frozenset(left)


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
    return {"name": entry.name, "mark": mark(entry), "as_of": None, "rows": [], "faults": [{"line": 0, "why": why}]}
