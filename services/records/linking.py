"""Keys that a run says are of one thing (ADR 0141). `connection` (asyncpg) is in a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from services.records import contradictions, meeting
from services.records.errors import TooManyKeys
from services.records.keys import MOST, PREFIX, Key
from services.records.meeting import Named, Pen

_COUNT: Final = "SELECT count(*) FROM app.entity_key WHERE tenant_id = $1 AND entity_id = $2"
_KEYS: Final = """
SELECT system, id, is_preferred FROM app.entity_key WHERE tenant_id = $1 AND entity_id = $2
ORDER BY system, linked_at, id
"""


class Its(msgspec.Struct, frozen=True):
    """A key that an entity has; of several of one system the preferred one is written by."""

    key: Key
    is_preferred: bool


class Apart(Exception):
    """What is said to be one is known as several. Nothing was written; a person merges them, or corrects a system.

    `known`: by entity a key of it that was named, in the order in which they were.
    """

    def __init__(self, known: dict[UUID, Named]) -> None:
        told = [f"`{one.key.id}` of {one.key.system} is {ids.show(PREFIX, at)}" for at, one in known.items()]
        super().__init__(f"{', '.join(told)}: nothing was linked; merge them, or correct the system that is wrong")
        self.known = known


async def link(connection: Any, tenant: TenantId, named: Sequence[Named], *, actor: str) -> UUID:
    """The entity that has all of these, in the turn of their kind; made where nobody knows any. Safe to repeat.

    Raises:
        Apart: they are those of two entities or more.
        TooManyKeys: it would have more than 500.
    """
    found = {one: await meeting.find(connection, tenant, one) for one in named}
    known: dict[UUID, Named] = {}
    for one, at in found.items():
        if at is not None:
            known.setdefault(at, one)
    if len(known) > 1:
        raise Apart(known)
    new, pen = [one for one, at in found.items() if at is None], Pen(connection, tenant, actor)
    entity = next(iter(known)) if known else await pen.make(new.pop(0))
    if new and await connection.fetchval(_COUNT, tenant, entity) + len(new) > MOST:
        raise TooManyKeys(f"An entity has at most {MOST} keys")
    for one in new:
        await pen.link(entity, one)
    return entity


async def keys(connection: Any, tenant: TenantId, entity: UUID) -> list[Its]:
    """By system, the oldest first."""
    rows = await connection.fetch(_KEYS, tenant, entity)
    return [Its(Key(row["system"], row["id"]), row["is_preferred"]) for row in rows]


async def tell(connection: Any, tenant: TenantId, apart: Apart) -> None:
    """An exception `master-data` for each two that are said to be one, but not of those that a person has split."""
    for (one, its), (other, theirs) in combinations(apart.known.items(), 2):
        if not await meeting.were_split(connection, tenant, one, other):
            title = (
                f"{its.kind}: {its.key.id} of {its.key.system} and {theirs.key.id} of {theirs.key.system} are said to"
                " be one and are kept apart; merge them, or correct the system that is wrong"
            )
            await contradictions.tell(connection, tenant, contradictions.of_two(its.kind, one, other, title))
