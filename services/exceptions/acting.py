"""Many exceptions are acted on together: found by a filter, seen before, and done one by one (ADR 0030)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from infra.database import Database
from infra.ids import TenantId
from infra.pagination import BadCursor
from services.engine import redriving
from services.engine.redriving import Undone
from services.exceptions.categories import EVERY, TAKES, Category, Done
from services.exceptions.errors import ExceptionChanged, ExceptionClosed
from services.exceptions.handling import Act, Hand
from services.exceptions.reading import Filter

Changed = Literal["changed"]
Outcome = Done | Changed | Undone


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What a preview promised: `seen` are ids and the changes that each had."""

    act: Act
    seen: bytes


def narrowed(only: Filter, act: Act) -> Filter:
    """`only` such of the filter's as the act is for."""
    wanted: Sequence[Category] = EVERY if only.categories is None else only.categories
    takes = [category for category in wanted if category in TAKES[act.action]]
    return msgspec.structs.replace(only, state="open", categories=takes)


def pack(act: Act, rows: Sequence[Any]) -> bytes:
    seen = redriving.pack_seen([(row["exception_id"], row["changes"]) for row in rows])
    return msgspec.msgpack.encode(Batch(act, seen))


def unpack(packed: bytes) -> Batch:
    """Raises BadCursor: made by another version."""
    try:
        return msgspec.msgpack.decode(packed, type=Batch)
    except msgspec.DecodeError:
        raise BadCursor("The token is not one of a preview; make another") from None


async def drive(database: Database, tenant: TenantId, batch: Batch, actor: str) -> list[tuple[UUID, Outcome]]:
    """Act on each, in a commit of its own and only as it was seen. Safe to repeat, after whatever went wrong."""

    async def one(connection: Any, exception: UUID, seen: int) -> Done | Changed:
        try:
            return await Hand(connection, tenant, exception, actor).act(batch.act, seen)
        except (ExceptionChanged, ExceptionClosed):
            return "changed"

    return await redriving.each(database, tenant, redriving.unpack(batch.seen), one)


def counted(done: Sequence[tuple[UUID, Outcome]]) -> dict[str, int]:
    """How many came to what."""
    return dict(Counter(outcome for _, outcome in done))
