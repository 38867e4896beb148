"""Many exceptions are acted on together: found by a filter, seen before, and done one by one (ADR 0030)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra.database import Database
from infra.ids import TenantId
from infra.pagination import BadCursor
from infra.problems import Problem
from services.engine import redriving
from services.engine.redriving import Left
from services.exceptions.categories import (
    ENDS,
    EVERY,
    NO_COMPENSATION,
    NO_SKIP,
    OF_ENTRY,
    OTHERWISE,
    TAKES,
    Category,
    Done,
)
from services.exceptions.errors import ExceptionChanged, ExceptionClosed
from services.exceptions.handling import Act, Hand
from services.exceptions.reading import Filter

Changed = Literal["changed"]
Outcome = Done | Changed | Literal["refused"] | Left


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """What a preview promised: `seen` are ids and the changes that each had."""

    act: Act
    seen: bytes


def narrowed(only: Filter, act: Act) -> Filter:
    """`only` such of the filter's as the act is for."""
    wanted: Sequence[Category] = EVERY if only.categories is None else only.categories
    takes = [category for category in wanted if category in TAKES[act.action]]
    fit = msgspec.structs.replace(only, state="open", categories=takes, but_entries=act.action in ENDS)
    return msgspec.structs.replace(fit, **_declared(act, is_so=True))


def pack(act: Act, rows: Sequence[Any]) -> bytes:
    seen = redriving.pack_seen([(row["exception_id"], row["changes"]) for row in rows])
    return msgspec.msgpack.encode(Batch(act, seen))


def unpack(packed: bytes) -> Batch:
    """Raises BadCursor: made by another version."""
    try:
        return msgspec.msgpack.decode(packed, type=Batch)
    except msgspec.DecodeError:
        raise BadCursor("The token is not one of a preview; make another") from None


def refused(only: Filter, act: Act) -> list[Filter]:
    """`only` such of the filter's as the act is not for: of other categories, and of entries where it ends them."""
    wanted: Sequence[Category] = EVERY if only.categories is None else only.categories
    others = [category for category in wanted if category not in TAKES[act.action]]
    found = [msgspec.structs.replace(only, state="open", categories=others)] if others else []
    takes = [category for category in wanted if category in TAKES[act.action]]
    if takes and act.action in ENDS:
        found.append(msgspec.structs.replace(only, state="open", categories=takes, only_entries=True))
    if takes and act.action in _DECLARED:
        found.append(msgspec.structs.replace(only, state="open", categories=takes, **_declared(act, is_so=False)))
    return found


def why_not(category: Category, act: Act) -> str:
    """Of one of `refused`."""
    if category not in TAKES[act.action]:
        return OTHERWISE[category]
    return _DECLARED[act.action][1] if act.action in _DECLARED else OF_ENTRY


_DECLARED: Final = {"skip": ("takes_skip", NO_SKIP), "compensate": ("compensates", NO_COMPENSATION)}
"""Acts that a document has to declare: which part of the filter finds those that do, and why not the others."""


def _declared(act: Act, *, is_so: bool) -> dict[str, bool]:
    return {_DECLARED[act.action][0]: is_so} if act.action in _DECLARED else {}


class Driven(msgspec.Struct, frozen=True):
    """What became of each, and of those that were refused, why."""

    done: list[tuple[UUID, Outcome]]
    whys: dict[UUID, str]


async def drive(database: Database, tenant: TenantId, batch: Batch, actor: str) -> Driven:
    """Act on each as it was seen; a batch and its record are one commit. Safe to repeat, after whatever went wrong."""
    whys: dict[UUID, str] = {}

    async def one(connection: Any, exception: UUID, seen: int) -> Done | Changed:
        try:
            return await Hand(connection, tenant, exception, actor).act(batch.act, seen)
        except (ExceptionChanged, ExceptionClosed):
            return "changed"
        except Problem as problem:
            whys[exception] = problem.detail or problem.title
            raise

    async def some(connection: Any, seens: redriving.Seens) -> list[tuple[UUID, Outcome]]:
        busy = await _busy(connection, tenant, [exception for exception, _ in seens])
        done: list[tuple[UUID, Outcome]] = []
        for exception, seen in seens:
            done.append(
                (exception, "left" if exception in busy else await redriving.beside(connection, exception, seen, one))
            )
        after = {"action": batch.act.action, **redriving.counted(done)}
        await redriving.record(connection, tenant, actor, "exceptions.acted", after)
        return done

    return Driven(await redriving.in_batches(database, tenant, redriving.unpack(batch.seen), some), whys)


async def _busy(connection: Any, tenant: TenantId, exceptions: Sequence[UUID]) -> set[UUID]:
    """Those whose run somebody else has in hand; the runs of all others are locked from here on."""
    rows = await connection.fetch(
        "SELECT exception_id, run_id FROM app.exception "
        "WHERE tenant_id = $1 AND exception_id = ANY ($2) AND run_id IS NOT NULL",
        tenant,
        exceptions,
    )
    held = await redriving.hold(connection, [row["run_id"] for row in rows])
    return {row["exception_id"] for row in rows if row["run_id"] not in held}
