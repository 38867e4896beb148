"""Proving again who one is, before something dangerous: with all that the account asks for (S-63)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from infra import clock
from infra.database import Database, Scope
from tenants.identity import account_repository as repository
from tenants.identity import accounts, tries
from tenants.identity.account_repository import FoundAccount
from tenants.identity.budgets import Budget
from tenants.identity.errors import ProofNeeded, SignInFailed
from tenants.identity.live_session import Session
from tenants.identity.passwords import Passwords
from tenants.identity.principal import Principal
from tenants.identity.second_factors import SecondFactors
from tenants.identity.sessions import Acting, Made, Place, Sessions

FRESH: Final = timedelta(minutes=10)
"""How long a proof is good for what is dangerous."""
_TRIES: Final = 10


class Proving:
    """For one process."""

    def __init__(self, database: Database, passwords: Passwords, sessions: Sessions, factors: SecondFactors) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._factors = factors

    async def __call__(self, place: Place, session: Session, token: str, password: str, code: str | None) -> Made:
        """The session anew, with another id and a fresh proof.

        Raises:
            SignInFailed: the password is wrong, or the account has none: then its provider proves it.
            SecondFactorNeeded, SecondFactorFailed: as for signing in.
            TooManyAttempts: ten were wrong within fifteen minutes.
        """
        account, stored = await self._who_knows(place, session, password)
        await self._factors.prove(account, code)
        await tries.forget(self._database, place.partner_id, _counted(session))
        acting, vouch = acting_of(session), session.vouch
        made = await self._sessions.start(place, account, stored, before=token, acting=acting, vouch=vouch)
        if made is None:
            raise SignInFailed("Sign in again")
        return made

    async def change_password(self, place: Place, session: Session, old: str, new: str, words: Sequence[str]) -> None:
        """Another password for who knows the one that there is; raises as a proof does.

        Args:
            place: where the session is.
            session: whose account.
            old: the password until now.
            new: the password from now on.
            words: that a guesser would try first, beside the person's own.

        Raises:
            ProofNeeded: the session is no fresh proof, by all that the account asks for.
            InvalidField: the new password is too short, too long or too easily guessed.
        """
        check(session.principal)
        account, stored = await self._who_knows(place, session, old)
        renewed = await self._passwords.hash_new(new, [account.name, account.email, *words], pointer="/new")
        await tries.forget(self._database, place.partner_id, _counted(session))
        async with self._database.session(account.rows) as transaction:
            found = await repository.lock_with(transaction, place.partner_id, account.account_id, stored)
            if found is None:
                raise SignInFailed("Sign in again")
            await accounts.set_password(transaction, found, renewed, actor=f"account:{accounts.shown(found)}")
            await transaction.commit()

    async def _who_knows(self, place: Place, session: Session, password: str) -> tuple[FoundAccount, str]:
        """The session's account and the hash that the password fits; it counts as a try until that is forgotten."""
        await tries.spend(self._database, place.partner_id, _counted(session))
        async with self._database.session(Scope.partner(place.partner_id)) as transaction:
            account = await repository.standing(transaction, place.partner_id, session.account_id)
            stored = await repository.stored_hash(transaction, place.partner_id, session.account_id)
        fits = await self._passwords.fits(stored, password)
        if account is None or stored is None or not fits:
            raise SignInFailed("Check the password and try again")
        return account, stored


def _counted(session: Session) -> tuple[Budget, ...]:
    return (Budget(hashlib.sha256(b"proof\n" + session.account_id.bytes).digest(), _TRIES),)


def check(who: Principal) -> None:
    """Raises ProofNeeded: the account proved who it is over ten minutes ago."""
    if who.proved_at is None or clock.now() - who.proved_at > FRESH:
        raise ProofNeeded("Prove again who you are, then send this again")


def acting_of(session: Session) -> Acting | None:
    """What a session that follows this one acts as, no longer than this one would have."""
    tenant_id: UUID | None = session.principal.tenant_id
    if session.acting_reason is None or tenant_id is None:
        return None
    return Acting(tenant_id=tenant_id, reason=session.acting_reason, life=session.expires_at - clock.now())


async def account_of(database: Database, session: Session) -> FoundAccount | None:
    """The account of a session, by itself: as what it stands for when it acts as nobody else."""
    partner_id = session.principal.partner_id
    if partner_id is None:
        return None
    async with database.session(Scope.partner(partner_id)) as transaction:
        return await repository.standing(transaction, partner_id, session.account_id)
