"""Providers that people of a partner or of a client sign in at: made, listed, disabled. The caller commits.

The secret that a provider gave us is wrapped by the key-encryption key, bound to its row. The API's process opens it,
since it is who shows it (ADR 0044); the secrets of connections stay closed to it.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.egress import Refused
from infra.egress.target import parse
from infra.encryption.canonical import encode
from infra.encryption.key_provider import KeyProvider
from infra.encryption.secret import Secret
from tenants.audit import service as audit
from tenants.identity import role_repository, roles, withdrawals
from tenants.identity.errors import NotYoursToGrant
from tenants.identity.openid import repository
from tenants.identity.openid.errors import UnknownProvider
from tenants.identity.people_models import IdentityProvider
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal
from tenants.organizations.errors import InvalidField
from tenants.organizations.names import check_name

NAME_LENGTH: Final = 64
_CLIENT_ID: Final = re.compile(r"[\x21-\x7e]{1,255}")
Algorithm = Literal["RS256", "PS256", "ES256"]
SubjectClaim = Literal["sub", "oid"]


class NewProvider(msgspec.Struct, frozen=True, kw_only=True):
    """`role_id`: newcomers that the provider vouches for get an account with it; None: only who was invited.

    `subject_claim` says by which claim people are known, and never changes: they would all be others.
    """

    name: str
    issuer: str
    client_id: str
    secret: Secret | None
    algorithm: Algorithm = "RS256"
    subject_claim: SubjectClaim = "sub"
    role_id: UUID | None = None


async def create(session: AsyncSession, new: NewProvider, maker: Principal, keys: KeyProvider) -> IdentityProvider:
    """A provider of the maker's tenant, or of its partner.

    Raises:
        InvalidField: a member is no good.
        UnknownRole, NotYoursToGrant: the newcomers' role is not there, or not the maker's to give.
    """
    if maker.partner_id is None:
        raise UnknownProvider
    name = check_name(new.name, "/name")
    if len(name) > NAME_LENGTH:
        raise InvalidField("/name", f"Use at most {NAME_LENGTH} characters")
    if _CLIENT_ID.fullmatch(new.client_id) is None:
        raise InvalidField("/client_id", "Use 1 to 255 visible ASCII characters")
    voucher = None
    if new.role_id is not None:
        voucher = await _voucher(session, maker.partner_id, maker.tenant_id, new.role_id, maker)
    provider_id = ids.new()
    values = {
        "partner_id": maker.partner_id,
        "provider_id": provider_id,
        "tenant_id": maker.tenant_id,
        "name": name,
        "issuer": checked_issuer(new.issuer),
        "client_id": new.client_id,
        "algorithm": new.algorithm,
        "subject_claim": new.subject_claim,
        "role_id": new.role_id,
        "vouched_by": voucher,
        "secret": await _seal(keys, provider_id, new.secret),
    }
    made = await repository.add_provider(session, values)
    after = {"name": made.name, "issuer": made.issuer, "client_id": made.client_id, "algorithm": made.algorithm}
    await audit.record(session, actor=maker.actor, action="provider.created", target=shown(made), after=after)
    return made


async def find(session: AsyncSession, partner_id: UUID, provider_id: UUID, *, lock: bool = False) -> IdentityProvider:
    """Raises UnknownProvider: nothing there, or nothing that this scope may see."""
    found = await repository.provider(session, partner_id, provider_id, lock=lock)
    if found is None:
        raise UnknownProvider
    return found


async def set_status(
    session: AsyncSession, found: IdentityProvider, status: Literal["active", "disabled"], changer: Principal
) -> IdentityProvider:
    """Nobody signs in at a disabled one, and whoever it vouches for is signed out, everywhere within 5 s (S-63).

    However they signed in: a provider that somebody took over may have let them in. Whoever enables one for whose
    newcomers nobody stands any more does so from now on. Safe to repeat.

    Raises:
        NotYoursToGrant: the newcomers' role is not the changer's to give.
    """
    if status == "active" and found.role_id is not None and found.vouched_by is None:
        voucher = await _voucher(session, found.partner_id, found.tenant_id, found.role_id, changer)
        await repository.set_voucher(session, found, voucher)
        await audit.record(session, actor=changer.actor, action="provider.newcomers-let-in", target=shown(found))
    if found.status == status:
        return found
    await repository.set_status(session, found, status)
    await session.refresh(found)
    after = None
    if status == "disabled":
        sessions, people = await repository.end_sessions(session, found)
        after = {"ended_sessions": sessions, "people": people}
    action = "provider.enabled" if status == "active" else "provider.disabled"
    await audit.record(session, actor=changer.actor, action=action, target=shown(found), after=after)
    return found


async def _voucher(
    session: AsyncSession, partner_id: UUID, tenant_id: UUID | None, role_id: UUID, who: Principal
) -> str:
    """Who stands for newcomers with this role, once they may (S-68).

    Raises:
        UnknownRole, NotYoursToGrant: the role is not there, or not theirs to give; or they are about to end themselves.
    """
    level: roles.Level = "partner" if tenant_id is None else "client"
    await roles.grantable_roles(session, [role_id], level, tenant_id, who)
    if who.expires_at is not None:
        raise NotYoursToGrant("A key that expires, or a token, lets no newcomers in: they would come after its end")
    # A process may remember for some seconds who was sent away just now.
    if not await withdrawals.stands(session, partner_id, who.actor, Permission.PROVIDERS_WRITE):
        raise NotYoursToGrant("Who has been sent away lets nobody in")
    return who.actor


async def provision(session: AsyncSession, found: IdentityProvider, changer: Principal) -> IdentityProvider:
    """From now on its directory says over SCIM who the people are, and no other's there does. Safe to repeat."""
    await role_repository.take_turn_there(session, found.partner_id, found.tenant_id)
    await session.refresh(found)
    if not found.provisions:
        await repository.set_provisions(session, found)
        await session.refresh(found)
        await audit.record(session, actor=changer.actor, action="provider.provisions", target=shown(found))
    return found


async def secret_of(keys: KeyProvider, found: IdentityProvider) -> Secret | None:
    """Raises SecretUnreadable: it was moved, or sealed by another key file."""
    if found.secret is None:
        return None
    return Secret.of_bytes(await keys.unwrap(found.secret, sealed_for(found.provider_id)))


async def role_slug(session: AsyncSession, found: IdentityProvider) -> str | None:
    role = None if found.role_id is None else await role_repository.role(session, found.role_id)
    return None if role is None else role.slug


def checked_issuer(text: str) -> str:
    """The issuer exactly as the provider spells it: it is compared letter by letter.

    Raises:
        InvalidField: no https address, or one with a query. Plain http passes for this machine's own addresses alone.
    """
    try:
        target = parse(text)
    except Refused as error:
        raise InvalidField("/issuer", error.detail) from None
    address = target.origin.address
    is_local = target.origin.host == "localhost" or (address is not None and address.is_loopback)
    if target.url.query_string or (target.origin.scheme != "https" and not is_local):
        raise InvalidField("/issuer", "Use an https address without a query, as your provider spells it")
    return text


async def _seal(keys: KeyProvider, provider_id: UUID, secret: Secret | None) -> bytes | None:
    return None if secret is None else await keys.wrap(secret.reveal().encode(), sealed_for(provider_id))


def sealed_for(provider_id: UUID) -> bytes:
    """What the secret is bound to.

    Without the partner: a client's provider goes along when the client moves to another one (ADR 0042).
    """
    return encode("v1", "identity-provider", str(provider_id))


def shown(found: IdentityProvider) -> str:
    return ids.show("idp", found.provider_id)
