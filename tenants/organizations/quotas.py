"""The most that others may push in, at each level (ADR 0033): all SQL about it; the caller commits.

The tightest holds: the operator sets the installation's and each partner's, for all that is below together; a partner
sets each client's, for its environments together, and each environment's. Where nobody has set one there is no limit.
A site has none: an event comes to its environment, and may begin runs for several sites.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.audit import service as audit
from tenants.organizations.errors import InvalidField, QuotaAboveOwn
from tenants.organizations.levels import Level, Owner
from tenants.organizations.quota_models import QuotaRow

Quota = Literal["runs-per-minute", "open-runs", "payload-bytes-per-day"]
RUNS: Final[Quota] = "runs-per-minute"
OPEN: Final[Quota] = "open-runs"
BYTES: Final[Quota] = "payload-bytes-per-day"
QUOTAS: Final[tuple[Quota, ...]] = (RUNS, OPEN, BYTES)
SOFT: Final = 0.8
"""From this share on it is told that a quota is nearly used up."""
_MOST: Final = 2**53
_COUNTED: Final = 1_000_000
_WHOSE: Final[dict[Level, str]] = {
    "operator": "of the installation",
    "partner": "of all your environments",
    "client": "of all of the client's environments",
}


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant has used. `bytes`: None where no quota has them counted. Seconds to the end of minute and day."""

    runs: int
    open: int
    bytes: int | None
    minute_left: float
    day_left: float


async def change(
    session: AsyncSession, chain: Sequence[Owner], amounts: Mapping[Quota, int | None], *, actor: str
) -> None:
    """Set what the last of `chain` has; None takes a quota away, what is not named stays.

    Raises:
        InvalidField: an amount is no good.
        QuotaAboveOwn: somebody above has less than that for all that is below, as far as the session sees it.
    """
    *above, owner = chain
    there = await read(session, above)
    for name, amount in amounts.items():
        _check(name, amount)
        if amount is None:
            where = (QuotaRow.owner_id == owner.owner_id, QuotaRow.name == name)
            await session.execute(delete(QuotaRow).where(*where))
            continue
        for one, own in zip(above, there, strict=True):
            if name in own and amount > own[name].amount:
                raise QuotaAboveOwn(f"/{name}: {amount} is more than the {own[name].amount} {_WHOSE[one.level]}")
        row = {**msgspec.structs.asdict(owner), "name": name, "amount": amount, "set_by": actor}
        # One that is set anew is told of anew.
        changes = {"amount": amount, "set_by": actor, "set_at": func.clock_timestamp(), "told": 0, "told_at": None}
        put = insert(QuotaRow).values(**row)
        await session.execute(put.on_conflict_do_update(index_elements=["owner_id", "name"], set_=changes))
    if amounts:
        after: dict[str, Any] = {str(name): amount for name, amount in amounts.items()}
        target, whose = owner.public_id, owner.partner_id
        await audit.record(session, actor=actor, action="quota.set", target=target, after=after, partner_id=whose)


async def read(session: AsyncSession, chain: Sequence[Owner]) -> list[dict[str, QuotaRow]]:
    """What each of `chain` has, by name, as far as the session sees it."""
    query = select(QuotaRow).where(QuotaRow.owner_id.in_([one.owner_id for one in chain]))
    found: dict[UUID, dict[str, QuotaRow]] = {one.owner_id: {} for one in chain}
    # What was read before a change of the same transaction is read anew.
    for row in await session.scalars(query.execution_options(populate_existing=True)):
        found[row.owner_id][row.name] = row
    return [found[one.owner_id] for one in chain]


async def load(session: AsyncSession, tenant_id: UUID) -> Load:
    """What a tenant has used, in its scope; open runs are counted to a million."""
    found = await session.execute(
        text(
            "SELECT coalesce((SELECT c.started FROM app.tenant_clock c WHERE c.tenant_id = :tenant "
            "  AND c.minute >= floor(date_part('epoch', now()) / 60)), 0) AS runs, "
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
