"""A provider tells that somebody's session there ended, and so do those here that stand on it (S-63, ADR 0044)."""

from __future__ import annotations

import hashlib
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity import account_repository, accounts, logout_repository
from tenants.identity.live_session import Vouch
from tenants.identity.openid import logout_token, providers, repository
from tenants.identity.openid.discovery import Discovery
from tenants.identity.openid.errors import LogoutRefused, ProviderRefused, UnknownProvider
from tenants.identity.openid.logout_token import Told
from tenants.identity.openid.signed_token import UnknownSigner
from tenants.identity.people_models import IdentityProvider

KEPT: Final = 3 * logout_token.LIFE
"""How long it is known that a provider told: longer than the same token may come again, or a sign-in takes."""


class Logouts:
    """What providers tell, for one process."""

    def __init__(self, database: Database, discovery: Discovery) -> None:
        self._database = database
        self._discovery = discovery

    async def hear(self, partner_id: UUID, provider_id: UUID, token: str) -> None:
        """End what stands on the session that the token names, everywhere within 5 s.

        Raises:
            LogoutRefused: it is no such token of this provider's, or came before.
            UnknownProvider: none here, or it is disabled.
            ProviderAway: its keys cannot be read.
        """
        async with self._database.session(Scope.partner(partner_id)) as session:
            provider = await repository.provider(session, partner_id, provider_id)
        if provider is None or provider.status != "active":
            raise UnknownProvider
        told = await self._read(provider, token)
        vouch = Vouch(provider_id=provider_id, at=told.issued_at, sid_hash=sid_hash(told.sid))
        async with self._database.session(Scope.partner(partner_id)) as session:
            whose = await _whose(session, provider, told, vouch)
            values: dict[str, Any] = {"partner_id": partner_id, "provider_id": provider_id, "sid_hash": vouch.sid_hash}
            values |= {"token_hash": _digest(f"{provider_id}\n{told.token_id}"), "issued_at": told.issued_at}
            values |= {"account_id": whose[0] if len(whose) == 1 else None}
            is_new = await logout_repository.add(session, values, KEPT)
            # First of all, so that whoever signs in just now finds it told, or is found signed in below.
            await session.commit()
        # Of one that came before too: this process may have died in between, and nothing younger than it ends.
        for account_id in whose:
            await self._end(partner_id, account_id, provider, vouch)
        if not is_new:
            raise LogoutRefused("logout-token-replayed")

    async def _read(self, provider: IdentityProvider, token: str) -> Told:
        try:
            for anew in (False, True):
                keys = await self._discovery.keys(provider.partner_id, provider.issuer, anew=anew)
                try:
                    return logout_token.read(token, keys, provider)
                except UnknownSigner:
                    continue
        except ProviderRefused as refused:
            raise LogoutRefused(refused.reason) from None
        raise LogoutRefused("logout-token-key")

    async def _end(self, partner_id: UUID, account_id: UUID, provider: IdentityProvider, told: Vouch) -> None:
        async with self._database.session(Scope.partner(partner_id)) as session:
            found = await account_repository.account(session, partner_id, account_id=account_id)
        if found is None:
            return
        async with self._database.session(accounts.rows_of(found)) as session:
            # Whoever begins a session of the account is done, or waits for this.
            locked = await account_repository.account(session, partner_id, account_id=account_id, lock=True)
            ended = 0 if locked is None else await logout_repository.end(session, locked, told)
            if ended:
                await audit.record(
                    session,
                    actor=f"provider:{providers.shown(provider)}",
                    action="session.ended-at-provider",
                    target=accounts.shown(found),
                    after={"sessions": ended},
                )
            await session.commit()


async def _whose(session: AsyncSession, provider: IdentityProvider, told: Told, vouch: Vouch) -> list[UUID]:
    """Whom the provider means: by its subject, else by whose sessions stand on the one that it names."""
    if told.subject is not None:
        known = await repository.account_of(session, provider.partner_id, provider.provider_id, told.subject)
        return [] if known is None else [known]
    if vouch.sid_hash is None:
        return []
    named = (provider.partner_id, provider.provider_id, vouch.sid_hash)
    return list(await logout_repository.accounts_of(session, *named))


def sid_hash(sid: str | None) -> bytes | None:
    """What is kept of a provider's name for a session."""
    return None if sid is None else _digest(sid)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
