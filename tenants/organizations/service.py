"""Partners and their clients. A session is the caller's: of the operator's scope, or of one partner's. It commits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from tenants.audit import service as audit
from tenants.organizations import repository
from tenants.organizations.errors import (
    ClientStands,
    ClientSuspended,
    PartnerDisabled,
    SlugTaken,
    UnknownClient,
    UnknownPartner,
)
from tenants.organizations.models import ENVIRONMENTS, Client, Partner, Tenant
from tenants.organizations.names import check_name, check_slug, is_slug

Status = Literal["active", "disabled"]
ClientStatus = Literal["active", "disabled", "suspended", "deleted"]


async def create_partner(session: AsyncSession, *, slug: str, name: str, actor: str) -> Partner:
    """A new partner.

    Raises:
        InvalidField: slug or name is no good.
        SlugTaken: another partner has the slug.
    """
    made = await repository.add_partner(session, slug=check_slug(slug, "/slug"), name=check_name(name, "/name"))
    if made is None:
        raise SlugTaken(f"A partner has the slug '{slug}'")
    await audit.record(
        session,
        actor=actor,
        action="partner.created",
        target=ids.show("ptr", made.partner_id),
        after={"slug": slug, "name": name},
        partner_id=made.partner_id,
    )
    return made


async def find_partner(session: AsyncSession, reference: str, *, lock: bool = False) -> Partner:
    """The partner of this id (`ptr_…`) or slug; with `lock` it stays so until the transaction ends.

    Raises:
        UnknownPartner: nothing there, or nothing that this scope may see.
    """
    found = None
    if reference.startswith("ptr_"):
        found = await repository.partner(session, partner_id=_id("ptr", reference, UnknownPartner), lock=lock)
    elif is_slug(reference):
        found = await repository.partner(session, slug=reference, lock=lock)
    if found is None:
        raise UnknownPartner
    return found


async def list_partners(
    session: AsyncSession, page: Page, *, status: Status | None = None
) -> tuple[list[Partner], str | None]:
    """Newest first, and the position of the next page."""
    return cut(await repository.partners(session, page, status=status), page, lambda row: str(row.partner_id))


async def set_partner_status(session: AsyncSession, reference: str, status: Status, *, actor: str) -> Partner:
    """Disable or enable. A disabled partner's keys and its clients' keys stop within 5 s. Safe to repeat."""
    found = await find_partner(session, reference)
    if found.status != status:
        await repository.set_partner(session, found.partner_id, {"status": status})
        await audit.record(
            session,
            actor=actor,
            action="partner.enabled" if status == "active" else "partner.disabled",
            target=ids.show("ptr", found.partner_id),
            partner_id=found.partner_id,
        )
    return found


async def create_client(
    session: AsyncSession, partner_id: UUID, *, slug: str, name: str, actor: str
) -> tuple[Client, list[Tenant]]:
    """A new client with its three tenants: dev, test and live.

    Raises:
        UnknownPartner, PartnerDisabled: the partner cannot take one.
        InvalidField, SlugTaken: the client cannot be called that.
    """
    owner = await repository.partner(session, partner_id=partner_id)
    if owner is None:
        raise UnknownPartner
    if owner.status != "active":
        raise PartnerDisabled("Enable the partner before adding a client")
    made = await repository.add_client(
        session, partner_id, slug=check_slug(slug, "/slug"), name=check_name(name, "/name")
    )
    if made is None:
        raise SlugTaken(f"A client has the slug '{slug}'")
    await audit.record(
        session,
        actor=actor,
        action="client.created",
        target=ids.show("cli", made.client_id),
        after={"slug": slug, "name": name},
        partner_id=partner_id,
    )
    return made, await tenants_of(session, made)


async def find_client(session: AsyncSession, partner_id: UUID | None, reference: str, *, lock: bool = False) -> Client:
    """The client of this id (`cli_…`), or of this slug within the partner; `lock`: until the transaction ends.

    `partner_id` is None for the operator, who names a client by its id alone: slugs repeat between partners.

    Raises:
        UnknownClient: nothing there, or nothing that this scope may see.
    """
    found = None
    if reference.startswith("cli_"):
        client_id = _id("cli", reference, UnknownClient)
        found = await repository.client(session, partner_id, client_id=client_id, lock=lock)
    elif partner_id is not None and is_slug(reference):
        found = await repository.client(session, partner_id, slug=reference, lock=lock)
    if found is None:
        raise UnknownClient
    return found


async def find_changeable(session: AsyncSession, partner_id: UUID | None, reference: str) -> Client:
    """As `find_client`, locked, of one whose things may be changed from above.

    Raises:
        ClientSuspended, ClientStands: it is suspended, or deleted.
    """
    found = await find_client(session, partner_id, reference, lock=True)
    if found.status == "suspended":
        raise ClientSuspended("The client is suspended: nothing was stored. Send it again after it is resumed")
    if found.status == "deleted":
        raise ClientStands("The client is deleted")
    return found


async def list_clients(
    session: AsyncSession,
    partner_id: UUID | None,
    page: Page,
    *,
    slug: str | None = None,
    status: ClientStatus | None = None,
) -> tuple[list[Client], str | None]:
    """Newest first, and the position of the next page."""
    rows = await repository.clients(session, partner_id, page, slug=slug, status=status)
    return cut(rows, page, lambda row: str(row.client_id))


async def set_client_status(session: AsyncSession, found: Client, status: Status, *, actor: str) -> Client:
    """Disable or enable. A disabled client's keys stop within 5 s. Safe to repeat.

    Raises:
        ClientStands: it is suspended or deleted.
    """
    if found.status not in {"active", "disabled"}:
        raise ClientStands(f"The client is {found.status}; resume it first, if it is to be so")
    if found.status != status:
        await repository.set_client(session, found, {"status": status})
        await audit.record(
            session,
            actor=actor,
            action="client.enabled" if status == "active" else "client.disabled",
            target=ids.show("cli", found.client_id),
            partner_id=found.partner_id,
        )
    return found


async def takes_people(session: AsyncSession, partner_id: UUID, tenant_id: UUID | None) -> bool:
    """Whether somebody may be let in there now; until the transaction ends it stays so.

    False when the client is suspended, disabled or deleted, or for a scope that is not of the partner or the tenant.
    """
    return await repository.takes_people(session, partner_id, tenant_id)


async def has_taken_in(session: AsyncSession, tenant_id: UUID) -> bool:
    """Whether events came in or runs began there, ever: whether there is anything that somebody could read."""
    return await repository.has_taken_in(session, tenant_id)


async def tenants_of(session: AsyncSession, found: Client) -> list[Tenant]:
    """The client's tenants: dev, test, live, then the others by name."""
    rows = await repository.tenants(session, found.partner_id, found.client_id)
    known = {name: place for place, name in enumerate(ENVIRONMENTS)}
    return sorted(rows, key=lambda row: (known.get(row.environment, len(known)), row.environment))


async def names_of(session: AsyncSession, partners: Collection[UUID], tenants: Collection[UUID]) -> dict[UUID, str]:
    """By id what people call them: a partner's slug, a tenant's `client/environment`; of those that the caller sees."""
    return await repository.names(session, partners, tenants)


async def client_name(session: AsyncSession, tenant_id: UUID) -> str:
    """What people call the tenant's client; empty where the caller does not see it."""
    return await repository.client_name(session, tenant_id) or ""


async def find_tenant(session: AsyncSession, found: Client, environment: str) -> Tenant:
    """The client's tenant for `environment`.

    Raises:
        UnknownClient: there is no such environment.
    """
    row = await repository.tenant(session, found.partner_id, found.client_id, environment)
    if row is None:
        raise UnknownClient
    return row


def owners_required(row: Tenant) -> bool:
    """Whether nothing is to go live there that nobody answers for (ADR 0051)."""
    return row.environment == "live" if row.needs_owners is None else row.needs_owners


def _id(prefix: str, reference: str, unknown: type[UnknownPartner | UnknownClient]) -> UUID:
    try:
        return ids.read(prefix, reference)
    except ids.MalformedId:
        raise unknown from None
