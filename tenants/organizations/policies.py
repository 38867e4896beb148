"""Policies: rules on what workflows may write, of the operator, a partner and a client (ADR 0063).

All SQL about them; the caller commits. What is set above holds below, and nobody below takes it away: an owner's rules
stand beside those that it inherits. Each change is a version that stays. Of a partner that never set any, the shipped
ones hold (ADR 0064).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from template_library.policies import rules as checks
from template_library.policies import shipped
from template_library.policies.rules import Rule
from tenants.audit import service as audit
from tenants.organizations import levels
from tenants.organizations.errors import InvalidField
from tenants.organizations.levels import Owner
from tenants.organizations.policy_models import PolicyVersion

Level = Literal["operator", "partner", "client"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner has said last; version 0 of one that never said anything.

    `shipped`: the version of the shipped rules, where those hold since the owner is a partner and has set none.
    """

    owner: Owner
    version: int = 0
    rules: tuple[Rule, ...] = ()
    set_at: datetime | None = None
    shipped: int | None = None


async def of_tenant(session: AsyncSession, tenant_id: UUID) -> list[Owner]:
    """Whose rules hold in an environment, which has none of its own.

    Raises:
        UnknownClient: the scope sees no such tenant.
    """
    *above, _ = await levels.of_tenant(session, tenant_id)
    return above


async def read(session: AsyncSession, chain: Sequence[Owner]) -> list[Policy]:
    """What each of `chain` has said last, in its order."""
    newest = (
        select(PolicyVersion.owner_id, func.max(PolicyVersion.version).label("version"))
        .where(PolicyVersion.owner_id.in_([one.owner_id for one in chain]))
        .group_by(PolicyVersion.owner_id)
        .subquery()
    )
    is_newest = and_(PolicyVersion.owner_id == newest.c.owner_id, PolicyVersion.version == newest.c.version)
    query = select(PolicyVersion).join(newest, is_newest)
    rows = {row.owner_id: row for row in (await session.scalars(query)).all()}
    return [_policy(one, rows.get(one.owner_id)) for one in chain]


async def holding(session: AsyncSession, tenant_id: UUID) -> list[Rule]:
    """All rules that hold in an environment, whoever set them."""
    return [rule for one in await read(session, await of_tenant(session, tenant_id)) for rule in one.rules]


async def lock(session: AsyncSession, owner: Owner) -> None:
    """Nobody else changes the owner's policy until the transaction ends."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:owner, 63))"), {"owner": str(owner.owner_id)}
    )


async def change(
    session: AsyncSession, owner: Owner, rules: Sequence[Rule], *, actor: str, leaves_open: Collection[str] = ()
) -> Policy:
    """The owner's next version; the present one where it says the same. Safe to repeat.

    A partner's take the place of the shipped ones. `leaves_open`: what those guard and these do not, all of it.

    Raises:
        InvalidField: a rule is no good, or leaves open what is not named.
    """
    for mistake in checks.mistakes(rules):
        raise InvalidField(f"/rules{mistake.pointer}", mistake.detail)
    wrong = shipped.mistake(rules, leaves_open) if owner.level == "partner" else None
    if wrong or (leaves_open and owner.level != "partner"):
        raise InvalidField("/leaves_open", wrong or "Only a partner's rules take the place of others")
    await lock(session, owner)
    (present,) = await read(session, [owner])
    if present.version and present.rules == tuple(rules):
        return present
    said = msgspec.to_builtins(list(rules))
    row = PolicyVersion(
        owner_id=owner.owner_id,
        version=present.version + 1,
        level=owner.level,
        partner_id=owner.partner_id,
        client_id=owner.client_id,
        rules=said,
        set_by=actor,
    )
    session.add(row)
    await session.flush()
    after = {"version": row.version, "rules": said} | ({"leaves_open": sorted(leaves_open)} if leaves_open else {})
    await audit.record(
        session, actor=actor, action="policy.set", target=owner.public_id, after=after, partner_id=owner.partner_id
    )
    (made,) = await read(session, [owner])
    return made


def _policy(owner: Owner, row: PolicyVersion | None) -> Policy:
    if row is None and owner.level == "partner":
        return Policy(owner=owner, rules=shipped.RULES, shipped=shipped.VERSION)
    if row is None:
        return Policy(owner=owner)
    rules = msgspec.convert(row.rules, tuple[Rule, ...])
    return Policy(owner=owner, version=row.version, rules=rules, set_at=row.set_at)


async def of_worker(connection: Any, tenant_id: UUID) -> list[Rule]:
    """All rules that hold in an environment; `connection` is asyncpg's, in a transaction of the tenant."""
    rows = await connection.fetch(_HOLDING, tenant_id)
    said = [rule for row in rows for rule in msgspec.json.decode(row["rules"], type=list[Rule])]
    return said if any(row["level"] == "partner" for row in rows) else [*shipped.RULES, *said]


_HOLDING: Final = """
SELECT DISTINCT ON (p.owner_id) p.level, p.rules::text AS rules FROM app.tenant t JOIN app.policy_version p
  ON p.owner_id IN ('00000000-0000-0000-0000-000000000000', t.partner_id, t.client_id)
WHERE t.tenant_id = $1 ORDER BY p.owner_id, p.version DESC
"""
