"""Signing in by address and password: the same answer, in the same time, for every way to fail (S-65)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity import account_repository as repository
from tenants.identity import attempt_repository as attempts
from tenants.identity import budgets, devices, emails, tries
from tenants.identity.account_repository import FoundAccount
from tenants.identity.budgets import WINDOW, Budget
from tenants.identity.errors import SecondFactorNeeded, SignInFailed
from tenants.identity.passwords import Passwords, is_stale, normal
from tenants.identity.second_factors import SecondFactors
from tenants.identity.sessions import Made, Place, Sessions

_READINGS: Final = 3
_LOG: Final = logging.getLogger("identity")


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """Where a try comes from: the texts of the cookies that it sent, and the network of its address."""

    session: str | None = None
    device: str | None = None
    network: str = ""


class Entered(msgspec.Struct, frozen=True):
    """A new session, and the text of the browser's cookie as a device when it needs another."""

    made: Made
    device: str | None

    def __repr__(self) -> str:
        return f"Entered({self.made!r})"


class _Try(msgspec.Struct, frozen=True):
    """`found` is the account of the address with its hash, as it was when the try was counted."""

    place: Place
    address: str
    password: str
    browser: Browser
    counted: Sequence[Budget]
    found: tuple[FoundAccount, str] | None
    code: str | None


class SignIn:
    """Signs accounts in, for one process."""

    def __init__(self, database: Database, passwords: Passwords, sessions: Sessions, factors: SecondFactors) -> None:
        self._database = database
        self._factors = factors
        self._passwords = passwords
        self._sessions = sessions
        self._writing: set[asyncio.Task[None]] = set()

    async def __call__(
        self, place: Place, email: str, password: str, browser: Browser, code: str | None = None
    ) -> Entered:
        """A new session; the one that the browser had ends.

        Raises:
            SignInFailed: wrong in whatever way.
            SecondFactorNeeded, SecondFactorFailed: both are right, and the code that is needed, too, is not.
            TooManyAttempts: a budget of `tenants.identity.budgets` is used up.
            NotFound: the host was taken from its partner meanwhile.
            Unavailable: too many sign in at this moment.
        """
        # Before anything is counted: whoever is turned away for the crowd's sake has not tried.
        with self._passwords.place():
            one = await self._count(place, emails.normal(email), password, browser)
            one = msgspec.structs.replace(one, code=code)
            return await self._enter(one)

    async def _count(self, place: Place, address: str, password: str, browser: Browser) -> _Try:
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await _find(session, place, address)
            is_known = await devices.is_known(session, place, browser.device, _wanted(address))
            counted = (
                budgets.of_device(place.host, address, browser.device or "")
                if is_known
                else budgets.of_stranger(place.host, address, browser.network)
            )
            now = await attempts.count(session, place.partner_id, [one.subject for one in counted], WINDOW)
            over = [now[one.subject].left for one in counted if now[one.subject].attempts > one.limit]
            if over:
                # Not committed: a try that is refused counts nowhere, so nobody closes one budget by way of another.
                raise tries.too_many(max(over).total_seconds())
            await session.commit()
        return _Try(place, address, password, browser, counted, found, None)

    async def _enter(self, one: _Try) -> Entered:
        found, account = one.found, None
        for _ in range(_READINGS):
            account, stored = found if found is not None else (None, None)
            fits = await self._passwords.fits(stored, one.password, placed=True)
            if account is None or stored is None or not fits or not account.live:
                break
            await self._prove(one, account)
            made = await self._sessions.start(one.place, account, stored, before=one.browser.session)
            if made is not None:
                device = await self._settle(one, account)
                await self._renew(one.place, account, stored, one.password)
                return Entered(made, device)
            # Something changed the account meanwhile: another sign-in that made the same password's hash anew, or a
            # new password. What is stored by now tells which.
            async with self._database.session(Scope.partner(one.place.partner_id)) as session:
                found = await _find(session, one.place, one.address)
        self._note(one.place, account)
        raise SignInFailed("Check both and try again")

    async def _prove(self, one: _Try, account: FoundAccount) -> None:
        """Raises as `SecondFactors.prove`. A password that is right was no failure, whatever comes of the code."""
        try:
            await self._factors.prove(account, one.code)
        except SecondFactorNeeded:
            async with self._database.session(Scope.partner(one.place.partner_id)) as session:
                returned = [budget.subject for budget in one.counted]
                await attempts.settle(session, one.place.partner_id, forgotten=[], returned=returned)
                await session.commit()
            raise

    async def settled(self) -> None:
        """When the failures so far are written down; waits two seconds at most."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=2)

    async def _settle(self, one: _Try, account: FoundAccount) -> str | None:
        """Give back what the try was counted as; the text for the cookie of a browser that was a stranger."""
        async with self._database.session(Scope.partner(one.place.partner_id)) as session:
            await attempts.settle(
                session,
                one.place.partner_id,
                forgotten=[budget.subject for budget in one.counted if not budget.shared],
                returned=[budget.subject for budget in one.counted if budget.shared],
            )
            made = await devices.remember(session, one.place, account, one.browser.device)
            await session.commit()
        return made

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
            async with self._database.session(account.rows) as session:
                await audit.record(
                    session, actor="nobody", action="session.refused", target=who, after={"host": place.host}
                )
                await session.commit()
        except Exception:  # noqa: BLE001 (nobody waits for it, and no failure may pass unseen)
            _LOG.exception("a refused sign-in was not recorded", extra={"account": who})


async def _find(session: AsyncSession, place: Place, address: str) -> tuple[FoundAccount, str] | None:
    return await repository.with_password(session, place.partner_id, _wanted(address))


def _wanted(address: str) -> str:
    # What is no address is looked for all the same, so that it takes its time; PostgreSQL holds no NUL.
    return address if emails.is_address(address) else "?"
