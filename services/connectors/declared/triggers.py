"""A poll of a manifest: what its operation is asked, and what of the answer is news."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.connectors.declared.mapping import Filled, Filling, Unmapped
from services.connectors.declared.trigger_parts import PollPart
from services.connectors.sdk.errors import Away, Misread
from services.connectors.sdk.watching import Item, News, Position, Unfit, news
from services.engine import values
from services.engine.expressions.protocol import Evaluator, ExpressionsUnavailable
from template_library.dsl.durations import milliseconds
from template_library.dsl.positions import step

VARIABLES: Final = frozenset({"cursor", "began", "settings"})
"""What every program of a trigger may use."""
WATCH: Final = "watch"
"""The setting of a connection that names the triggers which are asked."""
_TEXTS: Final = ("id", "version", "subject", "time")


class DeclaredPoll:
    """Fills `Polled`. Keeps nothing of a call."""

    def __init__(self, part: PollPart, name: str, evaluator: Evaluator) -> None:
        """Raises DurationError: `every` is no duration."""
        self.pointer = pointer = step("/triggers", name)
        self.operation = part.operation
        self.event = part.event.type
        self.seconds = milliseconds(part.every) / 1000
        self._evaluator = evaluator
        self._input = Filled(part.input, f"{pointer}/input")
        self._items = Filled(part.items, f"{pointer}/items")
        self._cursor = Filled(part.cursor, f"{pointer}/cursor") if part.cursor else None
        texts = {one: getattr(part.event, one) for one in _TEXTS if getattr(part.event, one)}
        self._event = Filled({**texts, "data": part.event.data}, f"{pointer}/event")

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        found = (self._input, self._items, self._cursor, self._event)
        return tuple(one for one in found if one is not None)

    async def asks(self, position: Position, settings: dict[str, Any], tenant: UUID) -> dict[str, Any]:
        """See `Polled.asks`."""
        found: dict[str, Any] = await self._filled(self._input, None, position, settings, tenant)
        return {name: value for name, value in found.items() if value is not None}

    async def reads(self, output: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> News:
        """See `Polled.reads`."""
        items = await self._filled(self._items, output, position, settings, tenant)
        if not isinstance(items, list):
            raise Misread(f"{self.pointer}/items gives no list", output)
        given = None if self._cursor is None else await self._filled(self._cursor, output, position, settings, tenant)
        read = [await self._read(one, position, settings, tenant) for one in items]
        return news(read, output, position, given)

    async def _read(self, item: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> Item | Unfit:
        try:
            made = await self._filled(self._event, item, position, settings, tenant)
        except Misread as misread:
            return Unfit(misread.detail, item)
        texts = {name: _text(made[name]) for name in _TEXTS if name in made}
        for name in ("id", "version"):
            if name in texts and not texts[name]:
                return Unfit(f"{self.pointer}/event/{name} gives no text and no number", item)
        return Item(
            id=texts["id"] or "",
            version=texts.get("version") or "",
            data=made["data"],
            subject=texts.get("subject"),
            time=texts.get("time"),
        )

    async def _filled(
        self, filled: Filled, value: Any, position: Position, settings: dict[str, Any], tenant: UUID
    ) -> Any:
        known = {"cursor": position.cursor, "began": position.began, "settings": settings}
        try:
            return await filled.of(value, known, Filling(self._evaluator, tenant))
        except Unmapped as unmapped:
            raise Misread(unmapped.detail) from unmapped
        except ExpressionsUnavailable as error:
            raise Away("its mappings cannot be evaluated on this machine now", sent=False) from error


def _text(value: Any) -> str | None:
    """Texts as they are, numbers as JSON writes them; None for everything else."""
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, bool | dict | list):
        return None
    return values.encode(value).decode()
