"""Asking somebody in: a link that is shown once, and accepted in the browser that opened it (S-58, S-69, ADR 0046).

It is opened by a request of a page, and not by looking at it.
The text stands behind the `#` of the link, so that no server and no scanner of mail sends it anywhere by looking at it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import Database, Scope
from infra.encryption.key_provider import KeyWrapper
from tenants.audit import service as audit
from tenants.identity import (
    account_repository,
    accounts,
    emails,
    first_administrators,
    role_repository,
    roles,
    withdrawals,
)
from tenants.identity import invitation_repository as repository
from tenants.identity.account_repository import FoundAccount
from tenants.identity.accounts import NewAccount
from tenants.identity.errors import InvitationOver
from tenants.identity.models import Account
from tenants.identity.openid import entering
from tenants.identity.openid.flow import Vouched
from tenants.identity.people_models import Invitation, Role
from tenants.identity.principal import Principal
from tenants.identity.sessions import Place
from tenants.mail import service as mail
from tenants.mail.service import Enclosed, NewMail
from tenants.organizations import branding
from tenants.organizations import service as organizations
from tenants.organizations.errors import ClientStands, InvalidField
from tenants.organizations.names import check_name

LIFE: Final = timedelta(days=3)
OPEN: Final = timedelta(minutes=15)
"""How long the browser that opened it has to accept it."""
_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
Status = Literal["waiting", "accepted", "withdrawn", "expired"]


class NewInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """`host`: of the partner's, where the link leads; see `host_for`. `language`: of its mail; None: the partner's.

    `is_colleague`: the address is of somebody of the partner's own.
    """

    partner_id: UUID
    tenant_id: UUID | None
    email: str
    name: str
    roles: Collection[UUID]
    host: str
    language: str | None = None
    is_colleague: bool = False


async def host_for(session: AsyncSession, partner_id: UUID, wanted: str | None) -> str:
    """The host that a link leads to: from the partner's record and never from a request's own (S-69).

    The session is of the partner's scope; None wants its first.

    Raises:
        InvalidField: it has no such host, or none yet.
    """
    hosts = await branding.hosts(session, partner_id)
    if wanted is None and hosts:
        return hosts[0]
    if wanted is None or wanted not in hosts:
        raise InvalidField("/host", "The partner has no such host" if wanted else "The partner has no host yet")
    return wanted


class Link(msgspec.Struct, frozen=True):
    """The text of an invitation's link, and how a mail holds it; None: it does not go out by mail."""

    token: str
    enclosed: Enclosed | None

    def __repr__(self) -> str:
        return "Link()"


async def new_link(keys: KeyWrapper | None) -> Link:
    """Made before the invitation's transaction. `keys` seal it for a mail.

    Raises:
        KeyServiceUnavailable: a key service would seal it, and is away.
    """
    token = secrets.token_urlsafe(_BYTES)
    return Link(token, None if keys is None else await mail.enclose(token, keys))


async def create(session: AsyncSession, new: NewInvitation, inviter: Principal, link: Link) -> Invitation:
    """The invitation of a link that nobody else has. The session is of the tenant's rows, or of the partner's.

    It waits for three days, and no longer than the key or token lasts that asks (S-65, S-68).
    That of a client's first administrator (`is_first`) goes out by mail alone: the caller shows it to nobody.

    Raises:
        InvalidField: address or name is no good, or no role is named; of a first administrator see
            `first_administrators.check`, or there is no mail.
        ClientStands: the client is not active.
        UnknownRole, NotYoursToGrant: a role that is not there or not the inviter's to give (S-05, S-68).
    """
    if not new.roles:
        raise InvalidField("/roles", "Name one role at least")
    if not await organizations.takes_people(session, new.partner_id, new.tenant_id):
        raise ClientStands("Nobody is let in while the client is suspended, disabled or deleted")
    level: roles.Level = "partner" if new.tenant_id is None else "client"
    chosen = await roles.named(session, new.roles, level, new.tenant_id)
    is_first = await _is_first(session, new, chosen, inviter, is_mailed=link.enclosed is not None)
    values = {
        "partner_id": new.partner_id,
        "tenant_id": new.tenant_id,
        "token_hash": _digest(link.token),
        "host": new.host,
        "email": emails.checked(new.email),
        "name": check_name(new.name, "/name"),
        "roles": [one.role_id for one in chosen],
        "inviter": inviter.actor,
        "is_first": is_first,
    }
    made = await repository.add(session, values, LIFE, inviter.expires_at)
    # Whom, is in the invitation alone: who is forgotten in the audit is found there by their account (ADR 0057).
    after: dict[str, object] = {"roles": sorted(map(roles.shown, chosen))}
    after |= {"first": True} if is_first else {}
    await audit.record(session, actor=inviter.actor, action="invitation.created", target=shown(made), after=after)
    if link.enclosed is not None:
        await mail.post(session, _mail(made, new), link.enclosed)
    return made


async def _is_first(
    session: AsyncSession, new: NewInvitation, chosen: Collection[Role], inviter: Principal, *, is_mailed: bool
) -> bool:
    """Whether it is of a client's first administrator. Raises NotYoursToGrant, InvalidField as `create`."""
    if new.tenant_id is None or not first_administrators.is_meant(chosen, inviter, new.tenant_id):
        roles.check_granted(roles.held_by(chosen), "partner" if new.tenant_id is None else "client", inviter)
        return False
    lacking = roles.held_by(chosen) - roles.grantable(inviter, "client")
    partner_id = new.partner_id
    await first_administrators.check(session, partner_id, new.tenant_id, lacking, is_colleague=new.is_colleague)
    if not is_mailed:
        raise InvalidField("/mail", "A client's first administrator is asked in by mail alone")
    return True


def _mail(made: Invitation, new: NewInvitation) -> NewMail:
    return NewMail(
        partner_id=made.partner_id,
        tenant_id=made.tenant_id,
        kind="people.invited",
        recipient=made.email,
        recipient_name=made.name,
        facts={"host": made.host, "expires": made.expires_at.isoformat()},
        about=made.invitation_id,
        language=new.language,
    )


async def find(session: AsyncSession, partner_id: UUID, invitation_id: UUID, *, lock: bool = False) -> Invitation:
    """`lock`: nobody accepts it until the transaction ends. Raises InvitationOver: nothing that this scope may see."""
    found = await repository.find(session, partner_id, invitation_id, lock=lock)
    if found is None:
        raise InvitationOver
    return found


async def withdraw(session: AsyncSession, found: Invitation, *, actor: str) -> Invitation:
    """Nobody accepts it any more. Safe to repeat."""
    if await repository.end(session, found):
        await session.refresh(found)
        await audit.record(session, actor=actor, action="invitation.withdrawn", target=shown(found))
    return found


class Invitations:
    """Opened and accepted, for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, place: Place, token: str) -> tuple[Invitation, str]:
        """The invitation, and the text of the cookie of the browser that may accept it now; an earlier one may not.

        Raises:
            InvitationOver: of another host or partner, withdrawn, accepted, too old, or no such text; its client is
                suspended, disabled or deleted (it counts on when the client is back); who asked lets nobody in any
                more; or it is of a first administrator, and there is one.
        """
        if _TOKEN.fullmatch(token) is None:
            raise InvitationOver
        opener = secrets.token_urlsafe(_BYTES)
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.open_(session, place, _digest(token), _digest(opener))
            if found is None or not await withdrawals.stands(session, place.partner_id, found.inviter):
                raise InvitationOver
            await _check_open(session, found)
            await session.commit()
        return found, opener

    async def opened(self, place: Place, opener: str | None) -> Invitation:
        """What this browser has opened here within a quarter of an hour. Raises InvitationOver."""
        if opener is None or _TOKEN.fullmatch(opener) is None:
            raise InvitationOver
        async with self._database.session(Scope.partner(place.partner_id)) as session:
            found = await repository.opened(session, place, _digest(opener), OPEN)
            if found is None or not await withdrawals.stands(session, place.partner_id, found.inviter):
                raise InvitationOver
        return found

    async def accept(
        self, place: Place, opener: str | None, password_hash: str | None, vouched: Vouched | None = None
    ) -> FoundAccount:
        """The new account, with a password or with whom a provider vouches for. It counts once.

        Raises:
            InvitationOver: see `opened`; or somebody accepted it just now.
            EmailTaken: the partner has an account that signs in with this address.
            NobodyHere: the provider's subject has an account already.
        """
        found = await self.opened(place, opener)
        rows = Scope.partner(found.partner_id) if found.tenant_id is None else Scope.tenant(found.tenant_id)
        async with self._database.session(rows) as session:
            await _check_open(session, found)
            new = NewAccount(
                partner_id=found.partner_id,
                tenant_id=found.tenant_id,
                email=found.email,
                name=found.name,
                password_hash=password_hash,
                permissions=frozenset(),
            )
            made = await accounts.create(session, new, actor=f"invitation:{shown(found)}")
            if not await repository.accept(session, found, made.account_id, _digest(opener or ""), OPEN):
                raise InvitationOver
            await self._complete(session, found, made, vouched)
            await session.commit()
        async with self._database.session(Scope.partner(found.partner_id)) as session:
            account = await account_repository.standing(session, found.partner_id, made.account_id)
        if account is None:
            raise InvitationOver
        return account

    async def _complete(self, session: AsyncSession, found: Invitation, made: Account, vouched: Vouched | None) -> None:
        given = [one for one in await role_repository.by_ids(session, found.roles) if one.status == "active"]
        await role_repository.give(session, made, [one.role_id for one in given])
        if vouched is not None:
            await entering.link(session, vouched.provider, vouched.subject, made)
        after = {"account": accounts.shown(made), "roles": sorted(map(roles.shown, given))}
        who = f"account:{accounts.shown(made)}"
        await audit.record(session, actor=who, action="invitation.accepted", target=shown(found), after=after)


async def _check_open(session: AsyncSession, found: Invitation) -> None:
    """Nobody is let in where nothing is taken in: nothing is written, and the invitation is as it was."""
    # In this order: whoever changes people there waits for their turn first, and then for the client.
    if await first_administrators.is_late(session, found):
        raise InvitationOver
    if not await organizations.takes_people(session, found.partner_id, found.tenant_id):
        raise InvitationOver


def shown(found: Invitation) -> str:
    return ids.show("inv", found.invitation_id)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
