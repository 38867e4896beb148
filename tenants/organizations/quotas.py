"""The most that others may push into a partner's environments, and into one of them (ADR 0033). The caller commits.

The tightest holds: the operator sets a partner's, for all its environments together; the partner sets those of each
environment. Where nobody has set one there is no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField, QuotaAboveOwn
from tenants.organizations.models import PartnerQuota, TenantQuota

Quota = Literal["runs-per-minute", "open-runs", "payload-bytes-per-day"]
RUNS: Final[Quota] = "runs-per-minute"
OPEN: Final[Quota] = "open-runs"
BYTES: Final[Quota] = "payload-bytes-per-day"
QUOTAS: Final[tuple[Quota, ...]] = (RUNS, OPEN, BYTES)
SOFT: Final = 0.8
"""From this share on it is told that a quota is nearly used up."""
_MOST: Final = 2**53
_COUNTED: Final = 1_000_000


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant has used. `bytes`: None where no quota has them counted. Seconds to the end of minute and day."""

    runs: int
    open: int
    bytes: int | None
    minute_left: float
    day_left: float


async def set_partners(
    session: AsyncSession, partner_id: UUID, amounts: Mapping[Quota, int | None], *, actor: str
) -> None:
    """In the operator's scope. None takes a quota away; what is not named stays.

    Raises:
        InvalidField: an amount is no good.
    """
    for name, amount in amounts.items():
        _check(name, amount)
        if amount is None:
            await session.execute(
                delete(PartnerQuota).where(PartnerQuota.partner_id == partner_id, PartnerQuota.name == name)
            )
            continue
        row = {"partner_id": partner_id, "name": name, "amount": amount, "set_by": actor}
        await session.execute(_put(insert(PartnerQuota).values(**row), ["partner_id", "name"], amount, actor))
    if amounts:
        target = ids.show("ptr", partner_id)
        after: dict[str, Any] = {str(name): amount for name, amount in amounts.items()}
        await audit.record(session, actor=actor, action="quota.set", target=target, after=after, partner_id=partner_id)


async def set_tenants(
    session: AsyncSession, partner_id: UUID, tenant_id: UUID, amounts: Mapping[Quota, int | None], *, actor: str
) -> None:
    """In the partner's scope. None takes a quota away; what is not named stays.

    Raises:
        InvalidField: an amount is no good.
        QuotaAboveOwn: the partner has less than that for all its environments.
    """
    own = await partners(session, partner_id)
    for name, amount in amounts.items():
        _check(name, amount)
        if amount is None:
            await session.execute(
                delete(TenantQuota).where(TenantQuota.tenant_id == tenant_id, TenantQuota.name == name)
            )
            continue
        if name in own and amount > own[name].amount:
            raise QuotaAboveOwn(f"/{name}: {amount} is more than the {own[name].amount} of all your environments")
        row = {"tenant_id": tenant_id, "partner_id": partner_id, "name": name, "amount": amount, "set_by": actor}
        await session.execute(_put(insert(TenantQuota).values(**row), ["tenant_id", "name"], amount, actor))
    if amounts:
        after: dict[str, Any] = {str(name): amount for name, amount in amounts.items()}
        await audit.record(session, actor=actor, action="quota.set", target=ids.show("ten", tenant_id), after=after)


async def partners(session: AsyncSession, partner_id: UUID) -> dict[str, PartnerQuota]:
    """A partner's, by name."""
    query = select(PartnerQuota).where(PartnerQuota.partner_id == partner_id)
    # What was read before a change of the same transaction is read anew.
    return {row.name: row for row in await session.scalars(query.execution_options(populate_existing=True))}


async def tenants(session: AsyncSession, tenant_id: UUID) -> dict[str, TenantQuota]:
    """A tenant's own, by name."""
    query = select(TenantQuota).where(TenantQuota.tenant_id == tenant_id)
    return {row.name: row for row in await session.scalars(query)}


async def load(session: AsyncSession, tenant_id: UUID) -> Load:
    """What a tenant has used, in its scope; open runs are counted to a million."""
    found = await session.execute(
        text(
            "SELECT coalesce((SELECT c.started FROM app.tenant_clock c WHERE c.tenant_id = :tenant "
            "  AND c.minute = floor(date_part('epoch', now()) / 60)), 0) AS runs, "
            "(SELECT count(*) FROM (SELECT 1 FROM app.run r WHERE r.tenant_id = :tenant "
            "  AND r.state IN ('pending', 'running', 'waiting', 'suspended') LIMIT :most) o) AS open, "
            "(SELECT CASE WHEN l.day = (now() AT TIME ZONE 'UTC')::date THEN l.bytes ELSE 0 END "
            "  FROM app.tenant_load l WHERE l.tenant_id = :tenant) AS bytes, "
            "60 - date_part('second', now()) AS minute_left, date_part('epoch', date_trunc('day', now() AT TIME ZONE "
            "  'UTC') + interval '1 day' - now() AT TIME ZONE 'UTC') AS day_left"
        ),
        {"tenant": tenant_id, "most": _COUNTED},
    )
    return Load(**found.mappings().one())


def _check(name: Quota, amount: int | None) -> None:
    if amount is not None and not 0 <= amount <= _MOST:
        raise InvalidField(f"/{name}", f"a whole number from 0 to {_MOST}, or null for no limit")


def _put(statement: Any, key: list[str], amount: int, actor: str) -> Any:
    """A quota that is set anew is told of anew."""
    changes = {"amount": amount, "set_by": actor, "set_at": func.clock_timestamp(), "told": 0, "told_at": None}
    return statement.on_conflict_do_update(index_elements=key, set_=changes)
