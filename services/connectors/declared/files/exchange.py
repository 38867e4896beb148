"""A request of a manifest that is about a file: what an exchange over HTTP is to the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from infra.egress import Failed, Response
from infra.egress.sftp import Entry, Sftp, SftpRefused
from services.connectors.declared.exchanges import Asking
from services.connectors.declared.files.layouts import Layouts
from services.connectors.declared.mapping import Filled, Unmapped, pieces
from services.connectors.declared.replies import Reply
from services.connectors.declared.request_parts import FilePart
from services.connectors.files import rows, session, writing
from services.connectors.files.layout import Layout
from services.connectors.files.rows import MOST_BYTES, Table, Unreadable
from services.connectors.files.writing import Unwritable
from services.connectors.sdk.errors import Away, Misread, Refusal
from services.engine import values

_DONE: Final = Response(200, {}, b"")


class FileExchange:
    """Fills what `Exchange` does, for a request with `file`.

    `list` gives `{files: [{name, size, modified}]}`; `read` gives `{found, name, as_of, rows, faults}` and more of the
    first folder that has the file; `write` gives `{name, rows}`.
    """

    def __init__(self, part: FilePart, pointer: str, layouts: Layouts) -> None:
        self._do = part.do
        self._layouts = layouts
        self._folders = [_Text(one, f"{pointer}/folder") for one in (part.folder, *part.elsewhere)]
        self._name = _Text(part.name, f"{pointer}/name")
        self._layout = Filled(part.layout, f"{pointer}/layout")
        self._rows = Filled(part.rows, f"{pointer}/rows") if part.rows else None
        self._head = Filled(part.head, f"{pointer}/head")

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        texts = [filled for one in (*self._folders, self._name) for filled in one.parts]
        return (*texts, self._layout, *([] if self._rows is None else [self._rows]), self._head)

    async def run(self, asking: Asking, path: str | None = None) -> Reply:
        """List, read or write.

        Raises:
            Refusal: it cannot be done, with what to change.
            Away: as `session.opened`.
        """
        del path
        try:
            folders = [await one.of(asking) for one in self._folders]
            name = await self._name.of(asking)
            layout = self._layouts.found(await asking.filled(self._layout, asking.given))
            content = await self._content(asking, layout) if self._do == "write" else b""
        except (Unmapped, Unwritable) as error:
            why = error.detail if isinstance(error, Unmapped) else error.why
            detail = f"No file can be made of this input: {why}"
            raise Refusal(detail, name="validation", status=400, title="The input has no place") from error
        context = asking.context
        async with session.opened(context, session.login(context.settings, context)) as (files, root):
            places = [session.below(root, one) for one in folders]
            if self._do == "list":
                # What has a name that cannot be shown could not be asked for by it.
                named = [one for one in await files.entries(places[0]) if one.name.isprintable()]
                return Reply({"files": [_shown(one) for one in named]}, _DONE)
            paths = [session.below(root, one, name) for one in folders]
            if self._do == "read":
                return Reply(await _read(files, paths, name, layout), _DONE)
            await _written(files, paths[0], content, asking)
            return Reply({"name": name, "rows": asking.variables["rows"]}, _DONE)

    async def _content(self, asking: Asking, layout: Layout) -> bytes:
        """Raises Unmapped, Unwritable."""
        if self._rows is None:
            raise Unmapped("a file to be written has no rows")
        found = await asking.filled(self._rows, asking.given)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise Unmapped(f"{self._rows.pointer} gives no list of rows")
        head = await asking.filled(self._head, asking.given)
        asking.variables["rows"] = len(found)
        content = await asyncio.to_thread(writing.write, found, layout, head)
        if len(content) > MOST_BYTES:
            raise Unwritable(f"it has more than {MOST_BYTES} bytes")
        return content


class _Text:
    """A folder or a name, in which programs may stand."""

    def __init__(self, text: str, pointer: str) -> None:
        self._pieces = tuple(pieces(text, pointer))
        self._pointer = pointer

    @property
    def parts(self) -> Sequence[Filled]:
        return [one.filled for one in self._pieces if one.filled is not None]

    async def of(self, asking: Asking) -> str:
        """Raises Unmapped."""
        found = [one.text if one.filled is None else await self._one(one.filled, asking) for one in self._pieces]
        return "".join(found)

    async def _one(self, filled: Filled, asking: Asking) -> str:
        value = await asking.filled(filled, asking.given)
        if isinstance(value, bool | dict | list):
            raise Unmapped(f"{self._pointer} is no text and no number")
        return "" if value is None else value if isinstance(value, str) else values.encode(value).decode()


async def _read(files: Sftp, paths: list[str], name: str, layout: Layout) -> dict[str, Any]:
    """Of the first place that has it. A file that is moved on meanwhile is found in the place behind."""
    for path in paths:
        entry = await files.find(path)
        if entry is None:
            continue
        try:
            content = await files.read(path, MOST_BYTES)
        except SftpRefused as refused:
            if refused.why != "absent":
                raise
            continue
        return {"found": True, **_shown(entry), **shown(await parsed(content, layout, name), entry)}
    return {"found": False, "name": name, "rows": [], "faults": []}


async def parsed(content: bytes, layout: Layout, name: str) -> Table:
    """The file's rows; of one that is unreadable the fault. In a thread: ten megabytes take a second."""
    try:
        return await asyncio.to_thread(rows.read, content, layout, name)
    except Unreadable as error:
        return Table(rows=[], faults=[rows.Fault(0, error.why)], as_of=None)


def shown(table: Table, entry: Entry) -> dict[str, Any]:
    """Rows, faults, and of when they are: as the file says, else when it was written."""
    return {
        "as_of": table.as_of or _instant(entry.modified),
        "rows": [{"line": one.line, "values": one.values} for one in table.rows],
        "faults": msgspec.to_builtins(table.faults),
    }


async def _written(files: Sftp, path: str, content: bytes, asking: Asking) -> None:
    """Under another name first, so that nobody reads a part of it; then it has its name, at once or not at all.

    Raises:
        Refusal: a file of this name has other content.
    """
    try:
        aside = await files.put(path, content)
    except Failed as failed:
        raise Away("the connection was cut before it was written", sent=False) from failed
    asking.context.sent = True
    try:
        await files.rename(aside.path, path)
    except SftpRefused as refused:
        await _cleared(files, aside.path, *aside.before)
        is_there = refused.why == "exists" or (refused.why == "absent" and await files.find(path) is not None)
        if not is_there:
            raise
        # Another attempt of the same call was quicker, and cleared: the same key makes the same name and bytes.
        if await files.read(path, MOST_BYTES) != content:
            raise Misread("there is a file of this name with other content") from refused
    else:
        await _cleared(files, *aside.before)


async def _cleared(files: Sftp, *paths: str) -> None:
    """Of attempts that came to nothing; the file has its name, whatever becomes of this."""
    with contextlib.suppress(SftpRefused, Failed):
        for one in paths:
            await files.remove(one)


def _shown(entry: Entry) -> dict[str, Any]:
    return {"name": entry.name, "size": entry.size, "modified": _instant(entry.modified)}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
