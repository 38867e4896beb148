"""What systems say of a record and cannot be: an exception `data`, for whoever keeps the data (ADR 0030, ADR 0071).

`connection` (asyncpg) is in a transaction of the tenant, which the caller commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Text, any_, func, literal, update
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.ids import TenantId
from services.exceptions.tables import ExceptionRow
from services.records.stewards import ENTITY
from template_library.order_states import ForbiddenTransition
from template_library.status_maps import UnmappedStatus

Cause = Literal[
    "unmapped-status",
    "forbidden-transition",
    "master-data",
    "mapping-failed",
    "record-refused",
    "no-conversion",
    "not-translated",
]
_WORDS: Final = 1000
_OPEN: Final = """
INSERT INTO app.exception AS e (tenant_id, exception_id, category, mark, cause, title, connection, entity, entity_id)
VALUES ($1, $2, 'data', $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, mark) WHERE state = 'open'
DO UPDATE SET times = e.times + 1, last_at = clock_timestamp(), title = excluded.title
"""
_CLOSE: Final = """
UPDATE app.exception SET state = 'resolved', outcome = 'went-on', closed_by = 'engine', closed_at = clock_timestamp()
WHERE tenant_id = $1 AND mark = $2 AND state = 'open' RETURNING true
"""


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that cannot be.

    Attributes:
        record: name of the record that it is about.
        system: that says so.
        of: what makes it the same as another: a status that no order's of this system is mapped, or the order's id.
        title: in words for people, without payload beyond numbers that records are known by.
        connection: behind which the system is, where it is known.
        entity_id: the record, where it is of one.
    """

    record: str
    cause: Cause
    system: str
    of: str
    title: str
    connection: UUID | None = None
    entity_id: UUID | None = None

    @property
    def mark(self) -> str:
        told = f"{self.record}\0{self.cause}\0{self.system}\0{self.of}"
        return f"data:{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def of_status(
    refused: UnmappedStatus | ForbiddenTransition,
    record: str,
    system: str,
    number: str,
    *,
    connection: UUID | None = None,
) -> Contradiction:
    """What is wrong with the status that `system` has the record `number` in.

    A status without a state is one thing, however many records are in it; a state that cannot follow is each record's.
    """
    of = refused.status if isinstance(refused, UnmappedStatus) else number
    return Contradiction(
        record=record,
        cause=refused.cause,
        system=system,
        of=of,
        title=f"{system}, {record} {number}: {refused}",
        connection=connection,
    )


def of_two(kind: str, one: UUID, other: UUID, title: str = "") -> Contradiction:
    """Two entities of which somebody says that they are one. The same, whichever is named first."""
    of = " ".join(sorted(str(each) for each in (one, other)))
    return Contradiction(
        record=kind, cause="master-data", system="cross-reference", of=of, title=title, entity_id=min(one, other)
    )


async def tell(connection: Any, tenant: TenantId, found: Contradiction) -> None:
    """Open an exception for it, or count it where one is open."""
    shown = None if found.connection is None else ids.show("con", found.connection)
    values = (found.mark, found.cause, found.title[:_WORDS], shown, ENTITY[found.record], found.entity_id)
    await connection.execute(_OPEN, tenant, ids.new(), *values)


async def settle(connection: Any, tenant: TenantId, found: Contradiction) -> bool:
    """They agree again: its exception is resolved. Answers whether one was open. Safe to repeat."""
    return await settle_mark(connection, tenant, found.mark)


async def settle_mark(connection: Any, tenant: TenantId, mark: str) -> bool:
    """As `settle`, of what is known by its mark alone."""
    return bool(await connection.fetchval(_CLOSE, tenant, mark))


async def settle_all(session: AsyncSession, tenant_id: UUID, found: Iterable[Contradiction]) -> None:
    """As `settle`, in a session of the API's."""
    marks = [one.mark for one in found]
    closed = {"state": "resolved", "outcome": "went-on", "closed_by": "engine", "closed_at": func.clock_timestamp()}
    # One parameter: two entities that each stand for hundreds of others have more pairs than a statement takes.
    one_of = ExceptionRow.mark == any_(literal(marks, ARRAY(Text)))
    open_ones = (ExceptionRow.tenant_id == tenant_id, one_of, ExceptionRow.state == "open")
    await session.execute(
        update(ExceptionRow).where(*open_ones).values(**closed), execution_options={"synchronize_session": False}
    )
