"""Many holds are cleared together: seen before, and each by itself, with the authority asked of each (ADR 0104)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, divide, is_outage
from infra.ids import TenantId
from infra.pagination import BadCursor
from infra.problems import Problem
from services.engine import redriving
from services.holds import clearing
from services.holds.authority import Decider, Judge
from services.holds.clearing import Hand, Wish
from services.holds.errors import HoldChanged, HoldClosed

Outcome = Literal["cleared", "overridden", "agreed", "changed", "refused", "left"]
SECONDS: Final = 10.0
_log: Final = logging.getLogger(__name__)


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What a preview promised: `seen` are ids and the version that each had."""

    why: str
    seen: bytes


def pack(why: str, rows: Sequence[Any]) -> bytes:
    seen = redriving.pack_seen([(row["hold_id"], row["version"]) for row in rows])
    return msgspec.msgpack.encode(Batch(why, seen))


def unpack(packed: bytes) -> Batch:
    """Raises BadCursor: made by another version."""
    try:
        return msgspec.msgpack.decode(packed, type=Batch)
    except msgspec.DecodeError:
        raise BadCursor("The token is not one of a preview; make another") from None


async def drive(
    database: Database, tenant: TenantId, batch: Batch, by: Decider, judge: Judge | None
) -> list[tuple[UUID, Outcome]]:
    """Clear each as it was seen, in a commit of its own: locks of several orders are never waited for in a circle.

    Safe to repeat, after whatever went wrong; those that no time is left for are `left`.
    """
    until, done = clock.monotonic() + SECONDS, list[tuple[UUID, Outcome]]()
    seens = redriving.unpack(batch.seen)
    divide(len(seens))
    for hold, seen in seens:
        if clock.monotonic() >= until:
            done.append((hold, "left"))
            continue
        wish = Wish(act="clear", why=batch.why, by=by, seen=seen)
        done.append((hold, await _one(database, tenant, hold, wish, judge)))
    return done


async def _one(database: Database, tenant: TenantId, hold: UUID, wish: Wish, judge: Judge | None) -> Outcome:
    try:
        async with database.tenant(tenant) as connection:
            outcome: clearing.Outcome = await Hand(connection, tenant, judge).act(hold, wish)
            return outcome
    except (HoldClosed, HoldChanged):
        return "changed"
    except Problem:
        return "refused"
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("one of many holds could not be cleared", extra={"hold": str(hold)})
        return "refused"
