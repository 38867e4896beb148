"""How long an audit is kept, what is held, and who is forgotten in it (ADR 0057). The caller commits.

Each log is named by its id: a tenant's in a session of the tenant, a partner's or the operator's in one of theirs.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Scope
from tenants.audit import service
from tenants.audit.errors import AuditHeld, NotHeld
from tenants.audit.seal_models import AuditKeeping, AuditKeepingAbove

LEAST_DAYS: Final = 30
_MOST: Final = 2_000
_TURN: Final = 57
"""Of the lock under which batches are dropped."""
SUBJECT: Final = re.compile(r"(acc|key)_[0-7][0-9a-hjkmnp-tv-z]{25}")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """`days` None: for ever. The rest is of the legal hold, None where there is none."""

    days: int | None = None
    hold_reason: str | None = None
    held_by: str | None = None
    held_at: datetime | None = None


async def read(session: AsyncSession, log: UUID) -> Kept:
    model, named = _table(session)
    row = (await session.scalars(select(model).where(getattr(model, named) == log))).one_or_none()
    if row is None:
        return Kept()
    return Kept(days=row.days, hold_reason=row.hold_reason, held_by=row.held_by, held_at=row.held_at)


async def set_days(session: AsyncSession, log: UUID, days: int | None, *, actor: str) -> None:
    """Whole batches are dropped once all of their rows are older; None: nothing is."""
    await _set(session, log, days=days)
    await service.record(session, actor=actor, action="audit.retention-changed", target="audit", after={"days": days})


async def hold(session: AsyncSession, log: UUID, reason: str, *, actor: str) -> None:
    """Nothing of the audit is dropped or veiled, whatever its age. Safe to repeat, with another reason."""
    await _set(session, log, hold_reason=reason, held_by=actor, held_at=func.clock_timestamp())
    await service.record(session, actor=actor, action="audit.held", target="audit", after={"reason": reason})


async def release(session: AsyncSession, log: UUID, *, actor: str) -> None:
    """Raises NotHeld."""
    if (await read(session, log)).hold_reason is None:
        raise NotHeld
    await _set(session, log, hold_reason=None, held_by=None, held_at=None)
    await service.record(session, actor=actor, action="audit.released", target="audit")


async def forget(session: AsyncSession, log: UUID, subject: str, *, actor: str) -> tuple[str, int]:
    """Veil the account or key `subject` in the log; answers its pseudonym, and in how many rows.

    Their seals hold. Who it was cannot be found out from what is left, by nobody.

    Raises:
        AuditHeld: a legal hold keeps all of it.
    """
    await _take_turn(session, log)
    held = await read(session, log)
    if held.hold_reason is not None:
        raise AuditHeld.because(held.hold_reason)
    pseudonym = f"pseudonym:{secrets.token_hex(8)}"
    veiled = 0
    while found := await session.scalar(select(func.app.audit_veil(subject, pseudonym, _MOST))):
        veiled += found
    await service.record(session, actor=actor, action="audit.veiled", target=pseudonym, after={"rows": veiled})
    return pseudonym, veiled


async def refuse_held(session: AsyncSession, client_id: UUID) -> None:
    """Before a client is deleted.

    Raises:
        AuditHeld: one of its environments is held.
    """
    reason = await session.scalar(select(func.app.audit_hold_of(client_id)))
    if reason is not None:
        raise AuditHeld.because(reason)


async def _take_turn(session: AsyncSession, log: UUID) -> None:
    """As whoever drops a batch does: it is waited for, and whoever comes later sees what is set here."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(log), _TURN))))


async def _set(session: AsyncSession, log: UUID, **values: object) -> None:
    await _take_turn(session, log)
    model, named = _table(session)
    made = insert(model).values(**{named: log}, **values)
    await session.execute(made.on_conflict_do_update(index_elements=[named], set_=values))


def _table(session: AsyncSession) -> tuple[Any, str]:
    """Where it stands, and what names the log there."""
    scope: Scope = session.info["scope"]
    return (AuditKeepingAbove, "log_id") if scope.tenant_id is None else (AuditKeeping, "tenant_id")
