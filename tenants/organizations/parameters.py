"""Values that are inherited: operator, partner, client, environment, site, the nearest first (ADR 0041).

All SQL about them; the caller commits. A session of the operator, a partner or a tenant writes its own and what is
below it, and reads besides what it inherits. They are configuration and no secrets: whoever is below reads them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField
from tenants.organizations.levels import Level, Owner
from tenants.organizations.models import Parameter

MOST: Final = 200
"""Values of one owner."""
LONGEST: Final = 8_192
"""Bytes of a value as JSON."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Above(msgspec.Struct, frozen=True):
    """A value that another one is in front of."""

    level: Level
    value: Any


class Inherited(msgspec.Struct, frozen=True, kw_only=True):
    """A value and where it comes from; `above`: those that it is in front of, the nearest first."""

    name: str
    value: Any
    level: Level
    owner: str
    set_at: datetime
    above: list[Above]


async def effective(session: AsyncSession, chain: Sequence[Owner]) -> list[Inherited]:
    """What holds for the last of `chain`, by name."""
    owners = {one.owner_id: one for one in chain}
    query = select(Parameter).where(Parameter.owner_id.in_(list(owners)))
    rows = (await session.scalars(query.execution_options(populate_existing=True))).all()
    places = [one.owner_id for one in chain]
    named: dict[str, list[Parameter]] = {}
    for row in sorted(rows, key=lambda row: -places.index(row.owner_id)):
        named.setdefault(row.name, []).append(row)
    return [
        Inherited(
            name=name,
            value=found[0].value,
            level=owners[found[0].owner_id].level,
            owner=owners[found[0].owner_id].public_id,
            set_at=found[0].set_at,
            above=[Above(owners[one.owner_id].level, one.value) for one in found[1:]],
        )
        for name, found in sorted(named.items())
    ]


async def lock(session: AsyncSession, owner: Owner) -> None:
    """Nobody else changes the owner's values until the transaction ends."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 41))"), {"owner": str(owner.owner_id)}
    )


async def change(session: AsyncSession, owner: Owner, values: Mapping[str, Any], *, actor: str) -> None:
    """Set the owner's values by name; None takes one away, so that what is above holds. Others stay. Safe to repeat.

    Raises:
        InvalidField: a name or a value is no good, or there are too many.
    """
    await lock(session, owner)
    for name, value in values.items():
        _check(name, value)
        if value is None:
            where = (Parameter.owner_id == owner.owner_id, Parameter.name == name)
            await session.execute(delete(Parameter).where(*where))
            continue
        row = {**msgspec.structs.asdict(owner), "name": name, "value": value, "set_by": actor}
        put = insert(Parameter).values(**row)
        changes = {"value": put.excluded.value, "set_by": actor, "set_at": func.clock_timestamp()}
        await session.execute(put.on_conflict_do_update(index_elements=["owner_id", "name"], set_=changes))
    held = await session.scalar(select(func.count()).where(Parameter.owner_id == owner.owner_id))
    if (held or 0) > MOST:
        raise InvalidField("/values", f"Keep at most {MOST} values at one level")
    if values:
        target, partner_id = owner.public_id, owner.partner_id
        after = {"values": dict(values)}
        await audit.record(
            session, actor=actor, action="parameters.set", target=target, after=after, partner_id=partner_id
        )


def _check(name: str, value: Any) -> None:
    if _NAME.fullmatch(name) is None:
        raise InvalidField("/values", "Name a value with 1 to 64 letters, digits and _, not beginning with a digit")
    if len(msgspec.json.encode(value)) > LONGEST:
        raise InvalidField(f"/values/{name}", f"Use at most {LONGEST} bytes")
