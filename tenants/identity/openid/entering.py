"""Who it is that a provider vouches for: partner, issuer and subject say it, and never an address (S-58)."""

from __future__ import annotations

import unicodedata
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra.database import Database, Scope
from tenants.audit import service as audit
from tenants.identity import account_repository, accounts, emails, role_repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.accounts import NewAccount
from tenants.identity.models import Account
from tenants.identity.openid import providers, repository
from tenants.identity.openid.errors import NobodyHere, ProviderRefused
from tenants.identity.openid.flow import Vouched
from tenants.identity.people_models import IdentityProvider
from tenants.organizations import service as organizations

_LONGEST_NAME: Final = 200


async def account_for(database: Database, vouched: Vouched) -> FoundAccount:
    """The account of whom the provider vouches for; a newcomer gets one where the provider's record says so.

    Raises:
        NobodyHere: nobody has let them in, or their account is disabled.
        ProviderRefused: they were to prove to be somebody else, or the provider does not say who they are.
    """
    provider = vouched.provider
    async with database.session(Scope.partner(provider.partner_id)) as session:
        known = await repository.account_of(session, provider.partner_id, provider.provider_id, vouched.subject)
        found = None if known is None else await account_repository.standing(session, provider.partner_id, known)
    if vouched.flow.purpose == "prove" and known != vouched.flow.account_id:
        raise ProviderRefused("other-person")
    if known is None and provider.role_id is not None and provider.vouched_by is not None:
        found = await _welcome(database, vouched, provider.role_id)
    if found is None or not found.live:
        raise NobodyHere
    return found


async def link(session: AsyncSession, provider: IdentityProvider, subject: str, account: Account) -> None:
    """From now on the subject is this account. The session is of the account's rows.

    Raises:
        NobodyHere: it is somebody else's already, or the provider is another client's.
    """
    if provider.tenant_id not in {None, account.tenant_id}:
        raise NobodyHere
    values = {"partner_id": account.partner_id, "provider_id": provider.provider_id, "subject": subject}
    values |= {"account_id": account.account_id, "tenant_id": account.tenant_id}
    if not await repository.link(session, values):
        raise NobodyHere("This sign-in belongs to another account; use another, or ask for help")
    after = {"provider": providers.shown(provider)}
    who = accounts.shown(account)
    await audit.record(session, actor=f"account:{who}", action="account.linked", target=who, after=after)


async def _welcome(database: Database, vouched: Vouched, role_id: UUID) -> FoundAccount | None:
    """A new account for somebody whom the provider is trusted to send."""
    provider, claims = vouched.provider, vouched.claims
    new = NewAccount(
        partner_id=provider.partner_id,
        tenant_id=provider.tenant_id,
        email=_email(claims),
        name=_name(claims),
        password_hash=None,
        permissions=frozenset(),
    )
    rows = Scope.partner(provider.partner_id) if provider.tenant_id is None else Scope.tenant(provider.tenant_id)
    async with database.session(rows) as session:
        if not await organizations.takes_people(session, provider.partner_id, provider.tenant_id):
            raise NobodyHere
        role = await role_repository.role(session, role_id)
        if role is None or role.status != "active":
            raise NobodyHere
        made = await accounts.create(session, new, actor=f"provider:{providers.shown(provider)}")
        await role_repository.give(session, made, [role_id])
        # Of two returns of a newcomer at once, one finds the subject taken, and its account is not made.
        await link(session, provider, vouched.subject, made)
        await session.commit()
    async with database.session(Scope.partner(provider.partner_id)) as session:
        return await account_repository.standing(session, provider.partner_id, made.account_id)


def _email(claims: dict[str, Any]) -> str:
    text = claims.get("email")
    if not isinstance(text, str) or not emails.is_address(emails.normal(text)):
        raise ProviderRefused("no-email")
    return emails.normal(text)


def _name(claims: dict[str, Any]) -> str:
    """As the provider calls them, without what could lie about it; else the address."""
    text = claims.get("name")
    shown = text if isinstance(text, str) else ""
    kept = "".join(one for one in shown if unicodedata.category(one)[0] != "C" and one not in "\u2028\u2029")
    return kept.strip()[:_LONGEST_NAME].strip() or _email(claims)
