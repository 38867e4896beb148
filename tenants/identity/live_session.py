"""What a live session is: who is behind it, as what, and what they may do just now (S-63, S-68)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tenants.identity.account_repository import FoundAccount, FoundSession
from tenants.identity.permissions import ACTING, ALLOWED, Permission
from tenants.identity.permissions import Scope as KeyScope
from tenants.identity.principal import Principal

_BY_TEXT: Final = {one.value: one for one in Permission}


class Vouch(msgspec.Struct, frozen=True, kw_only=True):
    """That a provider vouched for whom a session is of.

    Attributes:
        provider_id: which one.
        at: when, by its own clock.
        sid_hash: the digest of what it calls its own session; None: it told no name of it.
    """

    provider_id: UUID
    at: datetime
    sid_hash: bytes | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A live session. `expires_at` is its end at the latest.

    `client_name` and its fellows are None for a person of a partner's own, who acts as nobody else; `acting_reason` is
    why one acts as the client that is named. `vouch`: of the provider by which the person came; None: by none.
    """

    account_id: UUID
    name: str
    email: str
    client_name: str | None
    client_slug: str | None
    environment: str | None
    acting_reason: str | None
    permissions: frozenset[Permission]
    expires_at: datetime
    principal: Principal
    vouch: Vouch | None = None


def of(found: FoundSession) -> Session | None:
    """The session as it is now; None when its account is disabled, or may not act any more.

    Whether it may is asked at each look and not only as it begins: what may have been taken in between is taken (S-68).
    """
    if not found.account.live or (found.acting_reason is not None and not _may_act(found.account)):
        return None
    return _session(found)


def _may_act(account: FoundAccount) -> bool:
    return account.tenant_id is not None and Permission.CLIENTS_ACT in account.permissions


def _principal(found: FoundSession) -> Principal:
    account = found.account
    # A permission that this version does not know gives nothing; a newer one wrote it (F-33).
    held = frozenset(_BY_TEXT[text] for text in account.permissions if text in _BY_TEXT)
    if found.acting_reason is not None:
        scope, held = KeyScope.CLIENT, held & ACTING
    else:
        scope = KeyScope.PARTNER if account.own_tenant_id is None else KeyScope.CLIENT
        held &= ALLOWED[scope]
    return Principal(
        scope=scope,
        permissions=held,
        account_id=account.account_id,
        key_name=account.name,
        partner_id=account.partner_id,
        partner_slug=account.partner_slug,
        client_id=account.client_id,
        client_slug=account.client_slug,
        tenant_id=account.tenant_id,
        environment=account.environment,
        proved_at=found.proved_at,
        is_acting=found.acting_reason is not None,
    )


def _session(found: FoundSession) -> Session:
    account, principal = found.account, _principal(found)
    return Session(
        account_id=account.account_id,
        name=account.name,
        email=account.email,
        client_name=account.client_name,
        client_slug=account.client_slug,
        environment=account.environment,
        acting_reason=found.acting_reason,
        permissions=principal.permissions,
        expires_at=found.expires_at,
        principal=principal,
        vouch=_vouch(found),
    )


def _vouch(found: FoundSession) -> Vouch | None:
    if found.provider_id is None or found.vouched_at is None:
        return None
    return Vouch(provider_id=found.provider_id, at=found.vouched_at, sid_hash=found.sid_hash)
