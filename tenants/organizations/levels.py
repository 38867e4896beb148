"""Who is above whom: operator, partner, client, environment, site. What somebody sets holds for all that is below."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from tenants.organizations.errors import UnknownClient
from tenants.organizations.models import Tenant

Level = Literal["operator", "partner", "client", "environment", "site"]
_PREFIXES: Final[dict[Level, str]] = {"partner": "ptr", "client": "cli", "environment": "ten", "site": "sit"}


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose something is. `owner_id` is the id of the level's own thing, nil for the operator."""

    level: Level
    owner_id: UUID = UUID(int=0)
    partner_id: UUID | None = None
    client_id: UUID | None = None
    tenant_id: UUID | None = None

    @property
    def public_id(self) -> str:
        prefix = _PREFIXES.get(self.level)
        return "operator" if prefix is None else ids.show(prefix, self.owner_id)


OPERATOR: Final = Owner(level="operator")


def of_partner(partner_id: UUID) -> list[Owner]:
    return [OPERATOR, Owner(level="partner", owner_id=partner_id, partner_id=partner_id)]


def of_client(partner_id: UUID, client_id: UUID) -> list[Owner]:
    own = Owner(level="client", owner_id=client_id, partner_id=partner_id, client_id=client_id)
    return [*of_partner(partner_id), own]


async def of_tenant(session: AsyncSession, tenant_id: UUID, site_id: UUID | None = None) -> list[Owner]:
    """Who may say something about a tenant, or about one of its sites: the nearest last.

    Raises:
        UnknownClient: the scope sees no such tenant.
    """
    row = (await session.scalars(select(Tenant).where(Tenant.tenant_id == tenant_id))).one_or_none()
    if row is None:
        raise UnknownClient
    place = {"partner_id": row.partner_id, "tenant_id": tenant_id}
    chain = [*of_client(row.partner_id, row.client_id), Owner(level="environment", owner_id=tenant_id, **place)]
    if site_id is not None:
        chain.append(Owner(level="site", owner_id=site_id, **place))
    return chain
