"""A second factor beside the password: a time-based code, and codes for when the device is lost (ADR 0045)."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database
from infra.encryption.canonical import encode
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from tenants.audit import alarms
from tenants.audit import service as audit
from tenants.identity import account_repository, accounts, budgets, passkey_repository, totp, tries
from tenants.identity import factor_repository as repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.errors import SecondFactorFailed, SecondFactorNeeded, SecondFactorSet
from tenants.identity.models import Account

RECOVERY_CODES: Final = 10
_RECOVERY_BYTES: Final = 10
_CODE: Final = re.compile(r"[0-9]{6}")
_RECOVERY: Final = re.compile(r"[A-Z2-7]{16}")
_BETWEEN: Final = re.compile(r"[\s-]+")


class Begun(msgspec.Struct, frozen=True):
    """A secret to be put into an app; it counts once a code of it was shown."""

    uri: str
    secret: str

    def __repr__(self) -> str:
        return "Begun()"


class SecondFactors:
    """For one process.

    Args:
        keys: wraps the secrets; the API opens them, since it is who checks codes.
    """

    def __init__(self, database: Database, keys: KeyProvider) -> None:
        self._database = database
        self._keys = keys

    async def is_set(self, account: FoundAccount) -> bool:
        async with self._database.session(account.rows) as session:
            found = await repository.totp(session, account.partner_id, account.account_id)
        return found is not None and found.confirmed_at is not None

    async def prove(self, account: FoundAccount, code: str | None) -> None:
        """Pass when the account has no second factor, or `code` is one of it; each counts once (S-60, S-62).

        Raises:
            SecondFactorNeeded: it has one and there is no code.
            SecondFactorFailed: the code is wrong, or was used.
            TooManyAttempts: ten were wrong within fifteen minutes.
        """
        if not await self.is_set(account):
            return
        if not code:
            raise SecondFactorNeeded
        counted = budgets.of_codes(str(account.account_id))
        await tries.spend(self._database, account.partner_id, counted)
        text = _BETWEEN.sub("", code).upper()
        async with self._database.session(account.rows) as session:
            is_right = await self._use(session, account, text)
            action = "second-factor.recovered" if len(text) > totp.DIGITS else "second-factor.used"
            who = ids.show("acc", account.account_id)
            if not is_right or action == "second-factor.recovered":
                told = action if is_right else "second-factor.refused"
                await audit.record(session, actor=f"account:{who}", action=told, target=who)
            await session.commit()
        if not is_right:
            raise SecondFactorFailed
        await tries.forget(self._database, account.partner_id, counted)

    async def begin(self, account: FoundAccount, issuer: str) -> Begun:
        """A new secret, in place of one that was never confirmed. Raises SecondFactorSet."""
        secret = totp.new_secret()
        sealed = await self._keys.wrap(secret, sealed_for(account.account_id))
        async with self._database.session(account.rows) as session:
            if not await repository.put_totp(session, account, sealed):
                raise SecondFactorSet
            await session.commit()
        return Begun(totp.uri(secret, issuer, account.email), base64.b32encode(secret).decode())

    async def confirm(self, account: FoundAccount, code: str) -> list[str]:
        """It counts from now on, the account's sessions end, and these are the recovery codes, shown this once.

        Raises:
            SecondFactorFailed: the code is wrong, or nothing was begun.
            SecondFactorSet: it counts already.
        """
        counted = budgets.of_codes(str(account.account_id))
        await tries.spend(self._database, account.partner_id, counted)
        codes = [base64.b32encode(os.urandom(_RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
        async with self._database.session(account.rows) as session:
            found = await repository.totp(session, account.partner_id, account.account_id)
            if found is not None and found.confirmed_at is not None:
                raise SecondFactorSet
            if found is None or not await self._use_step(session, account, code, confirms=True):
                raise SecondFactorFailed
            await repository.put_recovery_codes(session, account, [_digest(one) for one in codes])
            await account_repository.end_sessions(session, account.partner_id, account.account_id)
            who = ids.show("acc", account.account_id)
            await audit.record(session, actor=f"account:{who}", action="second-factor.set", target=who)
            await session.commit()
        await tries.forget(self._database, account.partner_id, counted)
        return ["-".join(one[place : place + 4] for place in range(0, len(one), 4)) for one in codes]

    async def _use(self, session: AsyncSession, account: FoundAccount, text: str) -> bool:
        if _CODE.fullmatch(text):
            return await self._use_step(session, account, text, confirms=False)
        if _RECOVERY.fullmatch(text):
            return await repository.use_recovery_code(session, account.partner_id, account.account_id, _digest(text))
        return False

    async def _use_step(self, session: AsyncSession, account: FoundAccount, code: str, *, confirms: bool) -> bool:
        found = await repository.totp(session, account.partner_id, account.account_id)
        if found is None:
            return False
        try:
            secret = await self._keys.unwrap(found.sealed, sealed_for(account.account_id))
        except SecretUnreadable as error:
            await alarms.unreadable(self._database, account.rows, ids.show("acc", account.account_id), error)
            raise
        step = totp.step_of(secret, _BETWEEN.sub("", code), time.time())
        return step is not None and await repository.use_step(session, found, step, confirms=confirms)


async def remove(session: AsyncSession, found: Account, *, actor: str) -> None:
    """The account has no second factor any more, and its sessions end. The session is of its rows. Safe to repeat."""
    if await repository.remove(session, found.partner_id, found.account_id):
        await account_repository.end_sessions(session, found.partner_id, found.account_id)
        await audit.record(session, actor=actor, action="second-factor.removed", target=accounts.shown(found))


async def reset(session: AsyncSession, found: Account, *, actor: str) -> None:
    """As `remove`, and the account's passkeys with it, each of which would stand for both factors. Safe to repeat."""
    await remove(session, found, actor=actor)
    if removed := await passkey_repository.remove_all(session, found.partner_id, found.account_id):
        await account_repository.end_sessions(session, found.partner_id, found.account_id)
        after = {"passkeys": removed}
        target = accounts.shown(found)
        await audit.record(session, actor=actor, action="passkey.removed", target=target, after=after)


def sealed_for(account_id: UUID) -> bytes:
    """What the secret is bound to.

    Without the partner: an account goes along when its client moves to another one (ADR 0042).
    """
    return encode("v1", "totp", str(account_id))


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
