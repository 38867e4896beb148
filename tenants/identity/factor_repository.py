"""All SQL about second factors."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.account_repository import FoundAccount
from tenants.identity.people_models import RecoveryCode, Totp


async def totp(session: AsyncSession, partner_id: UUID, account_id: UUID) -> Totp | None:
    query = select(Totp).where(Totp.partner_id == partner_id, Totp.account_id == account_id)
    return (await session.scalars(query)).one_or_none()


async def put_totp(session: AsyncSession, account: FoundAccount, sealed: bytes) -> bool:
    """Store what is to be confirmed; False when one is confirmed already."""
    values = {"partner_id": account.partner_id, "account_id": account.account_id, "tenant_id": account.own_tenant_id}
    made = insert(Totp).values(sealed=sealed, **values)
    put = made.on_conflict_do_update(
        index_elements=["partner_id", "account_id"],
        set_={"sealed": made.excluded.sealed, "last_step": 0, "created_at": func.clock_timestamp()},
        where=Totp.confirmed_at.is_(None),
    )
    return (await session.execute(put.returning(Totp.account_id))).scalar_one_or_none() is not None


async def use_step(session: AsyncSession, found: Totp, step: int, *, confirms: bool) -> bool:
    """Whether the step was not used yet, and none after it; from now on it is.

    A secret that was begun anew since `found` was read is another one: what fits the first says nothing of it.
    """
    values = {"last_step": step}
    used = (
        update(Totp)
        .where(Totp.partner_id == found.partner_id, Totp.account_id == found.account_id, Totp.last_step < step)
        .where(Totp.created_at == found.created_at)
        .values(**values, **({"confirmed_at": func.clock_timestamp()} if confirms else {}))
        .returning(Totp.account_id)
    )
    return (await session.execute(used)).scalar_one_or_none() is not None


async def put_recovery_codes(session: AsyncSession, account: FoundAccount, digests: Collection[bytes]) -> None:
    """In place of those that there were."""
    values = {"partner_id": account.partner_id, "account_id": account.account_id, "tenant_id": account.own_tenant_id}
    await _drop_codes(session, account.partner_id, account.account_id)
    await session.execute(insert(RecoveryCode).values([{**values, "digest": one} for one in digests]))


async def use_recovery_code(session: AsyncSession, partner_id: UUID, account_id: UUID, digest: bytes) -> bool:
    used = delete(RecoveryCode).where(
        RecoveryCode.partner_id == partner_id, RecoveryCode.account_id == account_id, RecoveryCode.digest == digest
    )
    return (await session.execute(used.returning(RecoveryCode.account_id))).scalar_one_or_none() is not None


async def remove(session: AsyncSession, partner_id: UUID, account_id: UUID) -> bool:
    """Whether there was one."""
    await _drop_codes(session, partner_id, account_id)
    removed = delete(Totp).where(Totp.partner_id == partner_id, Totp.account_id == account_id)
    return (await session.execute(removed.returning(Totp.account_id))).scalar_one_or_none() is not None


async def _drop_codes(session: AsyncSession, partner_id: UUID, account_id: UUID) -> None:
    await session.execute(
        delete(RecoveryCode).where(RecoveryCode.partner_id == partner_id, RecoveryCode.account_id == account_id)
    )
