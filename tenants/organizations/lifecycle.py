"""A client's environments, and what becomes of a client: suspended, resumed (ADR 0040). The caller commits."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.audit import service as audit
from tenants.organizations import repository
from tenants.organizations.errors import ClientStands, EnvironmentTaken, InvalidField
from tenants.organizations.models import Client, Tenant
from tenants.organizations.names import check_name, check_slug

LONGEST_ENVIRONMENT: Final = 32
LONGEST_REASON: Final = 200
MOST_ENVIRONMENTS: Final = 20
"""Of one client: each is a tenant that every round of the workers looks at."""
RESERVED: Final = frozenset(
    {
        "certificate",
        "delete",
        "disable",
        "enable",
        "environments",
        "move",
        "parameters",
        "policy",
        "quotas",
        "resume",
        "suspend",
    }
)
"""What addresses have in the place of an environment's name."""


async def add_environment(
    session: AsyncSession, found: Client, environment: str, *, actor: str, needs_owners: bool = False
) -> Tenant:
    """Another environment of the client, with nothing in it; `needs_owners`: as in `live`, see ADR 0051.

    Raises:
        InvalidField: the name is no good, or there are too many.
        EnvironmentTaken: it has one of that name.
        ClientStands: the client is deleted.
    """
    check_slug(environment, "/environment")
    if len(environment) > LONGEST_ENVIRONMENT:
        raise InvalidField("/environment", f"Use at most {LONGEST_ENVIRONMENT} characters")
    if environment in RESERVED:
        raise EnvironmentTaken(f"'{environment}' has a meaning in addresses; choose another name")
    if found.status == "deleted":
        raise ClientStands("The client is deleted")
    if len(await repository.tenants(session, found.partner_id, found.client_id)) >= MOST_ENVIRONMENTS:
        raise InvalidField("/environment", f"A client has at most {MOST_ENVIRONMENTS} environments")
    made = await repository.add_tenant(session, found, environment, needs_owners=needs_owners)
    if made is None:
        raise EnvironmentTaken(f"The client has an environment '{environment}'")
    await audit.record(
        session,
        actor=actor,
        action="environment.created",
        target=ids.show("ten", made.tenant_id),
        after={
            "client": ids.show("cli", found.client_id),
            "environment": environment,
            "owners_required": needs_owners,
        },
        partner_id=found.partner_id,
    )
    return made


async def suspend(session: AsyncSession, found: Client, reason: str, *, actor: str) -> Client:
    """Take nothing more in for the client and let none of its runs go on, in any environment. Safe to repeat.

    Its keys may read. `found` is locked.

    Raises:
        InvalidField: the reason is no good.
        ClientStands: it is disabled or deleted.
    """
    if len(check_name(reason, "/reason")) > LONGEST_REASON:
        raise InvalidField("/reason", f"Use at most {LONGEST_REASON} characters")
    if found.status == "suspended":
        return found
    if found.status != "active":
        raise ClientStands(f"The client is {found.status}; only an active one is suspended")
    await repository.set_client(session, found, {"status": "suspended", "status_reason": reason})
    await repository.hold_tenants(session, found, repository.HELD)
    await _record(session, found, "client.suspended", {"reason": reason}, actor=actor)
    return found


async def resume(session: AsyncSession, found: Client, *, actor: str) -> Client:
    """Take in again, and put back in line what stands aside. Safe to repeat. `found` is locked.

    Raises:
        ClientStands: it is disabled or deleted.
    """
    if found.status == "active":
        return found
    if found.status != "suspended":
        raise ClientStands(f"The client is {found.status}; only a suspended one is resumed")
    await repository.set_client(session, found, {"status": "active", "status_reason": None})
    await repository.hold_tenants(session, found, repository.RELEASED)
    await _record(session, found, "client.resumed", None, actor=actor)
    return found


async def _record(
    session: AsyncSession, found: Client, action: str, after: dict[str, str] | None, *, actor: str
) -> None:
    target = ids.show("cli", found.client_id)
    await audit.record(session, actor=actor, action=action, target=target, after=after, partner_id=found.partner_id)
