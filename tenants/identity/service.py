"""API keys: make, list, rotate, revoke. A session is the caller's, of the scope that `scope_for` says; it commits."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Scope as Rows
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.identity import networks, repository, tokens, withdrawals
from tenants.identity.errors import KeyAlreadyRotated, KeyNotLive, LastOperatorKey, NotYoursToGrant, UnknownKey
from tenants.identity.models import ApiKey
from tenants.identity.networks import Network
from tenants.identity.permissions import ALLOWED, DEFAULTS, Permission, Scope, grantable
from tenants.identity.principal import Principal
from tenants.organizations.names import check_name

OVERLAP_SECONDS: Final = 24 * 3600
MAX_OVERLAP_SECONDS: Final = 30 * 24 * 3600
KeyStatus = Literal["live", "expired", "revoked"]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a new key is for: the operator (nothing set), a partner, or a tenant of a partner."""

    partner_id: UUID | None = None
    tenant_id: UUID | None = None

    @property
    def scope(self) -> Scope:
        if self.tenant_id is not None:
            return Scope.CLIENT
        return Scope.OPERATOR if self.partner_id is None else Scope.PARTNER


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key to be made.

    `permissions` None: the default of its scope, as far as its maker may grant it. `expires_in` (seconds) None: it
    ends when its maker does, or never. `networks`: from where it may be used; none: from wherever its maker may.
    """

    name: str
    holder: Holder
    permissions: frozenset[Permission] | None = None
    expires_in: int | None = None
    networks: tuple[Network, ...] = ()


def scope_for(holder: Holder | ApiKey, maker: Principal | None = None) -> Rows:
    """The scope of a transaction that changes a key: a tenant's key is written, and audited, inside its tenant.

    `maker` is whoever acts; None for the operator on the command line.
    """
    if holder.tenant_id is not None:
        return Rows.tenant(holder.tenant_id)
    if maker is not None and maker.partner_id is not None:
        return Rows.partner(maker.partner_id)
    return Rows.operator()


async def create(session: AsyncSession, new: NewKey, maker: Principal) -> tuple[ApiKey, str]:
    """A new key and its text, which is never shown again.

    Raises:
        InvalidField: the name is no good.
        NotYoursToGrant: a permission that `maker` may not give to this holder, a life beyond its own, or a network
            from which it may not be used itself (S-68).
    """
    new = msgspec.structs.replace(new, networks=_within_networks(maker, new.networks))
    granted = _granted(maker, new)
    wanted = maker.expires_at
    if new.expires_in is not None:
        wanted = await repository.now(session) + timedelta(seconds=new.expires_in)
    return await _make(session, new, granted, _within_life(maker, wanted), actor=maker.actor)


async def create_operator(session: AsyncSession, name: str, *, actor: str) -> tuple[ApiKey, str]:
    """A key of the operator from the command line, where access to the database is the proof of who acts."""
    return await create_first(session, NewKey(name=name, holder=Holder()), actor=actor)


async def create_first(session: AsyncSession, new: NewKey, *, actor: str) -> tuple[ApiKey, str]:
    """A key from whoever has the database, such as a client's first, which nobody above it could make (S-05).

    The session is of the holder's rows. It has no end and no networks.

    Raises:
        InvalidField: the name is no good.
        NotYoursToGrant: a permission that nobody of that scope may hold.
    """
    scope = new.holder.scope
    wanted = DEFAULTS[scope] if new.permissions is None else new.permissions
    if lacking := sorted(wanted - ALLOWED[scope]):
        raise NotYoursToGrant(f"A key of scope {scope} may not hold: {', '.join(lacking)}", permissions=lacking)
    return await _make(session, new, wanted, None, actor=actor)


def _granted(maker: Principal, new: NewKey) -> frozenset[Permission]:
    scope = new.holder.scope
    may = grantable(maker.scope, maker.permissions, scope)
    if not may:
        raise NotYoursToGrant(f"A key of scope {maker.scope} may not make one of scope {scope}")
    wanted = DEFAULTS[scope] & may if new.permissions is None else new.permissions
    lacking = sorted(wanted - may)
    if lacking:
        raise NotYoursToGrant(f"This key may not grant: {', '.join(lacking)}", permissions=lacking)
    return wanted


def _within_networks(maker: Principal, wanted: tuple[Network, ...]) -> tuple[Network, ...]:
    """`wanted`, when the maker could use each of them itself; without any, those of the maker."""
    if not wanted or not maker.networks:
        return wanted or maker.networks
    beyond = [str(one) for one in wanted if not networks.covers(maker.networks, one)]
    if beyond:
        raise NotYoursToGrant(f"This key may not be used from {', '.join(beyond)} itself", networks=beyond)
    return wanted


def _within_life(maker: Principal, end: datetime | None) -> datetime | None:
    """`end`, when nobody could use it to outlive the key that makes it."""
    if maker.expires_at is not None and (end is None or end > maker.expires_at):
        shown = maker.expires_at.isoformat(timespec="seconds")
        raise NotYoursToGrant(f"This key ends at {shown} and may not make one that lasts longer", expires_at=shown)
    return end


async def _make(
    session: AsyncSession,
    new: NewKey,
    permissions: AbstractSet[Permission],
    expires_at: datetime | None,
    *,
    actor: str,
) -> tuple[ApiKey, str]:
    token = tokens.make()
    made = await repository.add(
        session,
        {
            "key_id": token.key_id,
            "scope": new.holder.scope.value,
            "partner_id": new.holder.partner_id,
            "tenant_id": new.holder.tenant_id,
            "name": check_name(new.name, "/name"),
            "secret_hash": token.digest,
            "permissions": sorted(permissions),
            "networks": [str(one) for one in new.networks] or None,
            "expires_at": expires_at,
            "made_by": actor,
        },
    )
    await audit.record(
        session,
        actor=actor,
        action="key.created",
        target=ids.show("key", made.key_id),
        after={
            "name": made.name,
            "scope": made.scope,
            "permissions": made.permissions,
            **({} if made.networks is None else {"networks": made.networks}),
        },
        partner_id=made.partner_id,
    )
    return made, token.text


async def find(session: AsyncSession, key_id: UUID) -> ApiKey:
    """A key within the session's scope.

    Raises:
        UnknownKey: nothing there, or nothing that this scope may see.
    """
    found = await repository.key(session, key_id)
    if found is None:
        raise UnknownKey
    return found


async def list_keys(
    session: AsyncSession,
    page: Page,
    *,
    scope: Scope | None = None,
    partner_id: UUID | None = None,
    tenants: list[UUID] | None = None,
) -> tuple[list[ApiKey], str | None]:
    """Keys within the session's scope, newest first, ended ones too; and the position of the next page."""
    rows = await repository.keys(session, page, scope=scope, partner_id=partner_id, tenants=tenants)
    return cut(rows, page, lambda row: str(row.key_id))


async def rotate(
    session: AsyncSession, key_id: UUID, maker: Principal, *, overlap_seconds: int = OVERLAP_SECONDS
) -> tuple[ApiKey, str]:
    """A successor with the same holder, name, permissions and end; the old key ends after `overlap_seconds`.

    Raises:
        UnknownKey: nothing there for this scope.
        KeyNotLive: revoked or expired.
        KeyAlreadyRotated: it has a successor; its end is that of the overlap and no longer its own.
        NotYoursToGrant: it holds a permission that `maker` may not give, or outlives it.
    """
    old = await repository.lock(session, key_id)
    if old is None:
        raise UnknownKey
    instant = await repository.now(session)
    if status_of(old, instant) != "live":
        raise KeyNotLive
    if old.rotated_at is not None:
        raise KeyAlreadyRotated
    new = NewKey(
        name=old.name,
        holder=Holder(partner_id=old.partner_id, tenant_id=old.tenant_id),
        permissions=frozenset(map(Permission, old.permissions)),
        networks=networks.read(old.networks or ()),
    )
    # A key that was made to end has a successor that ends then: rotating must not make it last longer.
    end = _within_life(maker, old.expires_at)
    made, text = await _make(session, new, _granted(maker, new), end, actor=maker.actor)
    await repository.hand_over(session, key_id, instant, instant + timedelta(seconds=overlap_seconds))
    await audit.record(
        session,
        actor=maker.actor,
        action="key.rotated",
        target=ids.show("key", key_id),
        after={"successor": ids.show("key", made.key_id), "overlap_seconds": overlap_seconds},
        partner_id=old.partner_id,
    )
    return made, text


async def revoke(session: AsyncSession, key_id: UUID, actor: str) -> ApiKey:
    """End a key. It stops within 5 s everywhere, and nobody is let in any more by its invitations. Safe to repeat.

    Raises:
        UnknownKey: nothing there for this scope.
        LastOperatorKey: nobody could make another (S-68).
    """
    found = await repository.key(session, key_id)
    if found is None:
        raise UnknownKey
    if found.scope == Scope.OPERATOR:
        live = await repository.lock_operator_keys(session)
        if live == [key_id]:
            raise LastOperatorKey
    found = await repository.lock(session, key_id)
    if found is None:
        raise UnknownKey
    if found.revoked_at is None:
        await repository.revoke(session, key_id, await repository.now(session))
        await withdrawals.of(session, f"key:{ids.show('key', key_id)}", actor=actor)
        await audit.record(
            session,
            actor=actor,
            action="key.revoked",
            target=ids.show("key", key_id),
            partner_id=found.partner_id,
        )
    return found


def status_of(key: ApiKey, instant: datetime) -> KeyStatus:
    """What a key is worth at `instant`, apart from those above it being disabled."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= instant else "live"
