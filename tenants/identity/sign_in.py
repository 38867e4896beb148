"""Signing in by address and password: the same answer, in the same time, for every way to fail (S-65)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from datetime import timedelta
from typing import Final

from infra import ids
from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity import emails
from tenants.identity.account_repository import FoundAccount
from tenants.identity.errors import SignInFailed, TooManyAttempts
from tenants.identity.passwords import Passwords, is_stale, normal
from tenants.identity.sessions import Made, Place, Sessions

MOST_FAILURES: Final = 10
WINDOW: Final = timedelta(minutes=15)
_LOG: Final = logging.getLogger("identity")


class SignIn:
    """Signs accounts in, for one process."""

    def __init__(self, database: Database, passwords: Passwords, sessions: Sessions) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._writing: set[asyncio.Task[None]] = set()

    async def __call__(self, place: Place, email: str, password: str, *, before: str | None) -> Made:
        """A new session. `before` is the cookie that the browser had; that session ends.

        Raises:
            SignInFailed: wrong in whatever way.
            TooManyAttempts: ten failures of this address on this host within fifteen minutes.
            Unavailable: too many sign in at this moment.
        """
        # Before anything is counted: whoever is turned away for the crowd's sake has not tried.
        with self._passwords.place():
            return await self._enter(place, email, password, before)

    async def _enter(self, place: Place, email: str, password: str, before: str | None) -> Made:
        address = emails.normal(email)
        subject = hashlib.sha256(f"{place.host}\n{address}".encode()).digest()
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            attempts, left = await repository.count_attempt(session, place.partner_id, subject, WINDOW)
            # What is no address is looked for all the same, so that it takes its time; PostgreSQL holds no NUL.
            wanted = address if emails.is_address(address) else "?"
            found = await repository.with_password(session, place.partner_id, wanted)
            await session.commit()
        if attempts > MOST_FAILURES:
            seconds = max(1, math.ceil(left.total_seconds()))
            raise TooManyAttempts(
                f"Wait {math.ceil(seconds / 60)} min, then try again", headers={"Retry-After": str(seconds)}
            )
        account, stored = found if found is not None else (None, None)
        fits = await self._passwords.fits(stored, password, placed=True)
        if account is None or stored is None or not fits or not account.live:
            self._note(place, account)
            raise SignInFailed("Check both and try again")
        made = await self._sessions.start(place, account, stored, before=before)
        if made is None:
            self._note(place, account)
            raise SignInFailed("Check both and try again")
        await self._settle(place, subject)
        await self._renew(place, account, stored, password)
        return made

    async def settled(self) -> None:
        """When the failures so far are written down; waits two seconds at most."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=2)

    async def _settle(self, place: Place, subject: bytes) -> None:
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            await repository.forget_attempts(session, place.partner_id, subject)
            await session.commit()

    async def _renew(self, place: Place, account: FoundAccount, stored: str, password: str) -> None:
        if not is_stale(stored):
            return
        renewed = await self._passwords.hash(normal(password), placed=True)
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            await repository.renew_hash(session, place.partner_id, account.account_id, stored, renewed)
            await session.commit()

    def _note(self, place: Place, account: FoundAccount | None) -> None:
        """Write a failure down after the answer: the time that it takes would tell who has an account."""
        if account is None:
            return
        writing = asyncio.create_task(self._record(place, account))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _record(self, place: Place, account: FoundAccount) -> None:
        who = ids.show("acc", account.account_id)
        try:
            async with self._database.session(Scope.tenant(account.tenant_id)) as session:
                await audit.record(
                    session, actor="nobody", action="session.refused", target=who, after={"host": place.host}
                )
                await session.commit()
        except Exception:  # noqa: BLE001 (nobody waits for it, and no failure may pass unseen)
            _LOG.exception("a refused sign-in was not recorded", extra={"account": who})
