"""A client's first administrator: whom a partner asks in with more than it holds itself, once (S-05, ADR 0065).

Somebody has to begin, and it is whoever made the client. So the beginning is as narrow as it can be: nobody there lets
people in yet, the environment has taken in nothing that could be read, the link goes to the person's own mailbox and is
shown to nobody, and the client's log begins with it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tenants.identity import role_repository, roles
from tenants.identity.errors import NotYoursToGrant
from tenants.identity.people_models import Invitation, Role
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal
from tenants.identity.roles import LETS_IN
from tenants.organizations import service as organizations
from tenants.organizations.errors import InvalidField

ADMINISTRATOR: Final = frozenset({LETS_IN, Permission.PAYLOADS_READ})
"""Who holds these at a client can give what its partner cannot."""


def is_meant(wanted: Collection[Role], inviter: Principal, tenant_id: UUID | None) -> bool:
    """Whether these roles are an administrator's whom a partner asks in to its client: it never holds all of theirs."""
    return tenant_id is not None and roles.held_by(wanted) >= ADMINISTRATOR and roles.lets_clients_in(inviter)


async def check(
    session: AsyncSession, partner_id: UUID, tenant_id: UUID, lacking: Collection[str], *, is_colleague: bool
) -> None:
    """That the inviter, who may not give `lacking`, asks somebody in all the same. A session of the tenant's rows.

    Raises:
        NotYoursToGrant: somebody there lets people in already, or there is something to be read.
        InvalidField: the address is of somebody of the partner's own (`is_colleague`).
    """
    names = ", ".join(sorted(lacking))
    if await is_there(session, partner_id, tenant_id):
        detail = f"The client has an administrator, who gives these: {names}"
        raise NotYoursToGrant(detail, permissions=sorted(lacking))
    if await organizations.has_taken_in(session, tenant_id):
        detail = f"The environment has taken in events, so these are no more yours to give: {names}. Ask the operator"
        raise NotYoursToGrant(detail, permissions=sorted(lacking))
    if is_colleague:
        raise InvalidField("/email", "This is one of your own people; a client's administrator is one of the client's")


async def is_there(session: AsyncSession, partner_id: UUID, tenant_id: UUID) -> bool:
    """Whether the client has an administrator, or one that is disabled: then the operator says who comes next."""
    return await role_repository.anybody_holds(session, partner_id, tenant_id, ADMINISTRATOR)


async def is_late(session: AsyncSession, found: Invitation) -> bool:
    """Whether somebody else was first. Until the transaction ends nobody becomes it meanwhile."""
    if not found.is_first or found.tenant_id is None:
        return False
    await role_repository.take_turn_there(session, found.partner_id, found.tenant_id)
    return await is_there(session, found.partner_id, found.tenant_id)
