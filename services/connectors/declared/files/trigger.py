"""A trigger of files: what is taken, and the rows of each file as news; a bad row keeps no other back."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from typing import Any, Final
from uuid import UUID

from infra import clock
from services.connectors.declared.files import taking
from services.connectors.declared.files.layouts import Layouts
from services.connectors.declared.files.taking import Taking
from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.connectors.declared.trigger_parts import FilesPart, PollPart
from services.connectors.declared.triggers import DeclaredPoll
from services.connectors.files import session
from services.connectors.sdk.context import Context
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.manifest import Operation
from services.connectors.sdk.watching import Item, News, Position, Unfit
from services.engine import values
from services.engine.expressions.protocol import Evaluator
from template_library.dsl.positions import step

TAKE: Final = Operation(
    name="files.take",
    title="Take the files of a trigger",
    mode="read",
    inner=True,
    input={
        "type": "object",
        "properties": {"trigger": {"type": "string"}, "cursor": {}},
        "required": ["trigger"],
        "additionalProperties": False,
    },
    output={
        "type": "object",
        "properties": {"files": {"type": "array", "items": {"type": "object"}}, "cursor": {"type": "object"}},
        "required": ["files", "cursor"],
        "additionalProperties": False,
    },
)
"""What every manifest with a trigger of files has beside its own operations."""


_BREATH: Final = 100
"""Rows."""


class FilesPoll(DeclaredPoll):
    """Fills `Polled`, by `TAKE`."""

    def __init__(self, part: FilesPart, name: str, evaluator: Evaluator, layouts: Layouts) -> None:
        """Raises DurationError: `every` is no duration."""
        polled = PollPart(part.title, TAKE.name, part.event, part.items or "${ .rows }", every=part.every)
        super().__init__(polled, name, evaluator)
        pointer = step("/triggers", name)
        self._name = name
        self._layouts = layouts
        self._has_items = bool(part.items)
        self._is_renamed = part.complete == "renamed"
        self._places = Filled({"folder": part.folder, "name": part.name, "done": part.done}, f"{pointer}/places")
        self._layout = Filled(part.layout, f"{pointer}/layout")

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        return (*super().parts, self._places, self._layout)

    async def asks(self, position: Position, settings: dict[str, Any], tenant: UUID) -> dict[str, Any]:
        """See `Polled.asks`."""
        del settings, tenant
        return {"trigger": self._name, "cursor": position.cursor}

    async def take(self, cursor: Any, context: Context) -> dict[str, Any]:
        """What `TAKE` gives.

        Raises:
            Refusal: also when the settings name no folder, no pattern or no layout.
            Away: as `session.opened`.
        """
        settings = context.settings
        position = Position(cursor=cursor, began="")
        places = await self._filled(self._places, None, position, settings, context.tenant)
        layout = self._layouts.found(await self._filled(self._layout, None, position, settings, context.tenant))
        if not isinstance(places["folder"], str) or not isinstance(places["name"], str) or not places["name"]:
            detail = f"The settings name no folder or no pattern of files for the trigger `{self._name}`"
            raise Refusal(detail, name="configuration", title="A setting is missing")
        seconds = session.seconds(context)
        until = clock.monotonic() + seconds / 2
        async with session.opened(context, session.login(settings, context)) as (files, root):
            found = Taking(
                folder=session.below(root, places["folder"]),
                pattern=places["name"],
                layout=layout,
                is_renamed=self._is_renamed,
                until=until,
                seconds=seconds,
                done=session.below(root, places["done"]) if places["done"] else "",
            )
            return await taking.take(files, found, cursor)

    async def reads(self, output: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> News:
        """See `Polled.reads`."""
        items: list[Item | Unfit] = []
        for file in output["files"]:
            listed = await self._listed(file, position, settings, tenant)
            items += listed if isinstance(listed, list) else []
            faults = [*file["faults"], *([] if isinstance(listed, list) else [{"line": 0, "why": listed}])]
            items += [_unfit(file, one["line"], one["why"]) for one in faults]
        return News(items, output["cursor"])

    async def _listed(
        self, file: dict[str, Any], position: Position, settings: dict[str, Any], tenant: UUID
    ) -> list[Item | Unfit] | str:
        """The items of one file; a text: why it has none."""
        given = {**file, "rows": _known_rows(file)}
        listed: Any = given["rows"]
        if self._has_items:
            known = {"cursor": position.cursor, "began": position.began, "settings": settings}
            try:
                listed = await self._items.of(given, known, Filling(self._evaluator, tenant))
            except Unmapped as unmapped:
                return unmapped.detail
        if not isinstance(listed, list):
            return f"{self.pointer}/items gives no list"
        found: list[Item | Unfit] = []
        for number, one in enumerate(listed):
            if number % _BREATH == 0:
                await asyncio.sleep(0)  # most rows are read without asking anybody, and others want the loop
            read = await self._read(one, position, settings, tenant)
            line = one.get("line", 0) if isinstance(one, dict) else 0
            found.append(_unfit(file, line, read.detail) if isinstance(read, Unfit) else read)
        return found


def _known_rows(file: dict[str, Any]) -> list[dict[str, Any]]:
    """Each row with its file, of when it is, and what tells it from others: a digest, and which of equal ones it is."""
    seen: Counter[str] = Counter()
    found = []
    for one in file["rows"]:
        digest = hashlib.sha256(values.encode(one["values"])).hexdigest()[:16]
        seen[digest] += 1
        about = {"file": file["name"], "as_of": file["as_of"], "digest": digest, "nth": seen[digest]}
        found.append({**about, "line": one["line"], "values": one["values"]})
    return found


def _unfit(file: dict[str, Any], line: Any, why: str) -> Unfit:
    """Told with its file and line; the same row of a file that is sent again is told again."""
    place = f"{file['name']}, line {line}" if line else file["name"]
    return Unfit(f"{place}: {why}", [file["name"], file["mark"], line, why])
