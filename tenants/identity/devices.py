"""Browsers in which an account has signed in: what they try is counted apart from what strangers try (ADR 0016).

A device's cookie lets nobody in. It stands for "the password was known here once", on one host and for one account.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity.account_repository import FoundAccount
from tenants.identity.models import Account, KnownDevice
from tenants.identity.sessions import Place, digest_of

LIFE: Final = timedelta(days=90)
_TOKEN_BYTES: Final = 32
_DROPPED_AT_ONCE: Final = 100


async def is_known(session: AsyncSession, place: Place, token: str | None, email: str) -> bool:
    """Whether the account of this address has signed in with the cookie's text at `place`, within 90 days."""
    digest = None if token is None else digest_of(token)
    if digest is None:
        return False
    query = (
        select(KnownDevice.account_id)
        .join(Account, (Account.partner_id == KnownDevice.partner_id) & (Account.account_id == KnownDevice.account_id))
        .where(*_at(place, digest), Account.email == email, Account.password_hash.is_not(None))
    )
    return (await session.execute(query)).one_or_none() is not None


async def remember(session: AsyncSession, place: Place, account: FoundAccount, token: str | None) -> str | None:
    """Know the browser from now on; answers the text for its cookie when it needs another.

    People who share a browser share its cookie: each is known in it for what they signed in to.
    """
    await _drop(session, place.partner_id)
    digest = None if token is None else digest_of(token)
    made = None
    if digest is None or not await _is_ours(session, place, digest):
        made = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = hashlib.sha256(made.encode()).digest()
    values = {"partner_id": place.partner_id, "token_hash": digest, "host": place.host}
    values |= {"account_id": account.account_id, "tenant_id": account.own_tenant_id}
    known = insert(KnownDevice).values(values)
    keys = ["partner_id", "token_hash", "account_id"]
    await session.execute(known.on_conflict_do_update(index_elements=keys, set_={"seen_at": func.clock_timestamp()}))
    return made


async def forget(session: AsyncSession, partner_id: UUID, account_id: UUID) -> None:
    """The account's browsers are strangers again."""
    await session.execute(
        delete(KnownDevice).where(KnownDevice.partner_id == partner_id, KnownDevice.account_id == account_id)
    )


async def _is_ours(session: AsyncSession, place: Place, digest: bytes) -> bool:
    query = select(KnownDevice.token_hash).where(*_at(place, digest)).limit(1)
    return (await session.execute(query)).one_or_none() is not None


async def _drop(session: AsyncSession, partner_id: UUID) -> None:
    """Rows that nobody has used for their life, some at a time and none that somebody else holds just now."""
    mine = KnownDevice.partner_id == partner_id
    over = select(KnownDevice.token_hash, KnownDevice.account_id).where(
        mine, KnownDevice.seen_at < func.clock_timestamp() - LIFE
    )
    dropped = over.limit(_DROPPED_AT_ONCE).with_for_update(skip_locked=True)
    await session.execute(
        delete(KnownDevice).where(mine, tuple_(KnownDevice.token_hash, KnownDevice.account_id).in_(dropped))
    )


def _at(place: Place, digest: bytes) -> tuple[ColumnElement[bool], ...]:
    return (
        KnownDevice.partner_id == place.partner_id,
        KnownDevice.token_hash == digest,
        KnownDevice.host == place.host,
        KnownDevice.seen_at > func.clock_timestamp() - LIFE,
    )
