"""All SQL about passkeys and what they are to sign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.people_models import Passkey, PasskeyChallenge
from tenants.identity.sessions import Place


async def add_challenge(session: AsyncSession, values: dict[str, Any], life: timedelta) -> None:
    over = PasskeyChallenge.expires_at < func.clock_timestamp()
    await session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.partner_id == values["partner_id"], over))
    await session.execute(insert(PasskeyChallenge).values(expires_at=func.clock_timestamp() + life, **values))


async def take_challenge(session: AsyncSession, place: Place, digest: bytes, purpose: str) -> PasskeyChallenge | None:
    """What was to be signed at `place`; it counts no more."""
    taken = delete(PasskeyChallenge).where(
        PasskeyChallenge.partner_id == place.partner_id,
        PasskeyChallenge.challenge_hash == digest,
        PasskeyChallenge.host == place.host,
        PasskeyChallenge.purpose == purpose,
        PasskeyChallenge.expires_at > func.clock_timestamp(),
    )
    return (await session.scalars(taken.returning(PasskeyChallenge))).one_or_none()


async def add(session: AsyncSession, values: dict[str, Any]) -> Passkey | None:
    """The new one; None when the partner knows it already."""
    made = insert(Passkey).values(**values).on_conflict_do_nothing().returning(Passkey)
    return (await session.scalars(made)).one_or_none()


async def find(session: AsyncSession, place: Place, credential_id: bytes) -> Passkey | None:
    query = select(Passkey).where(
        Passkey.partner_id == place.partner_id, Passkey.host == place.host, Passkey.credential_id == credential_id
    )
    return (await session.scalars(query)).one_or_none()


async def of_account(session: AsyncSession, partner_id: UUID, account_id: UUID) -> list[Passkey]:
    query = select(Passkey).where(Passkey.partner_id == partner_id, Passkey.account_id == account_id)
    return list((await session.scalars(query.order_by(Passkey.created_at))).all())


async def use(session: AsyncSession, found: Passkey, sign_count: int) -> bool:
    """Whether nobody used it since it was read; from now on its counter is `sign_count`."""
    used = (
        update(Passkey)
        .where(
            Passkey.partner_id == found.partner_id,
            Passkey.credential_id == found.credential_id,
            Passkey.sign_count == found.sign_count,
        )
        .values(sign_count=sign_count, used_at=func.clock_timestamp())
        .returning(Passkey.account_id)
    )
    return (await session.execute(used)).scalar_one_or_none() is not None


async def remove(session: AsyncSession, partner_id: UUID, account_id: UUID, credential_id: bytes) -> bool:
    removed = delete(Passkey).where(
        Passkey.partner_id == partner_id, Passkey.account_id == account_id, Passkey.credential_id == credential_id
    )
    return (await session.execute(removed.returning(Passkey.account_id))).scalar_one_or_none() is not None


async def remove_all(session: AsyncSession, partner_id: UUID, account_id: UUID) -> int:
    """How many there were."""
    removed = delete(Passkey).where(Passkey.partner_id == partner_id, Passkey.account_id == account_id)
    return len((await session.scalars(removed.returning(Passkey.credential_id))).all())
