"""What a connector has beside its operations when a system can be asked for news: answers become events."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable
from uuid import UUID

import msgspec


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """From where on it is asked.

    Attributes:
        cursor: what the last answer gave, any JSON; None: it is asked for the first time.
        began: since when it is watched, RFC 3339.
    """

    cursor: Any
    began: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something new. `id` and `version` are the system's own: what has the same of both is the same news.

    Attributes:
        version: empty where the system has none; then each id is told once.
        time: when it happened, RFC 3339; None: it is not known.
    """

    id: str
    version: str
    data: Any
    subject: str | None = None
    time: str | None = None


class Unfit(msgspec.Struct, frozen=True):
    """An item that no event can be made of.

    Attributes:
        detail: why, without what it holds.
        item: what came; the same is told once.
        known_by: what the system knows it by.
        status: of an order: the system's own, for which no state is known. It is told as one thing for all its orders.
    """

    detail: str
    item: Any
    known_by: str = ""
    status: str | None = None


def unfit(output: Any) -> list[Unfit]:
    """What an operation left out of its lists and tells in its member `unfit` (`capabilities/common.yaml`)."""
    listed = output.get("unfit") if isinstance(output, dict) else None
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [
        Unfit(f"{one.get('id', '')}: {one.get('why', '')}", one, str(one.get("id", "")), one.get("status"))
        for one in found
    ]


class News(msgspec.Struct, frozen=True):
    """What an answer held, in its order, and the cursor that comes next.

    Attributes:
        more: there is more behind that cursor, and it is asked again at once.
    """

    items: list[Item | Unfit]
    cursor: Any
    more: bool = False


def news(items: list[Item | Unfit], output: Any, position: Position, cursor: Any) -> News:
    """With what the operation left out. `cursor`: that the answer gave, if any.

    One that stays where it was has nothing behind it, whatever the answer says: nobody asks without an end.
    """
    following = position.cursor if cursor is None else cursor
    says_more = isinstance(output, dict) and output.get("more") is True
    return News([*items, *unfit(output)], following, more=says_more and following != position.cursor)


class Polled(Protocol):
    """One trigger of a connector.

    Attributes:
        operation: which is called; it reads.
        event: type of the events, of the catalogue.
        seconds: between two calls.
    """

    @property
    def operation(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def seconds(self) -> float: ...

    async def asks(self, position: Position, settings: dict[str, Any], tenant: UUID) -> dict[str, Any]:
        """The operation's input. Raises Misread: it cannot be made; Away: not now."""
        ...

    async def reads(self, output: Any, position: Position, settings: dict[str, Any], tenant: UUID) -> News:
        """The operation's output as news. Raises Misread: it has no list of items; Away: it cannot be read now."""
        ...


@runtime_checkable
class Watches(Protocol):
    """A connector with triggers."""

    def polled(self, trigger: str) -> Polled | None:
        """The trigger of this name that asks; None: there is none."""
        ...
