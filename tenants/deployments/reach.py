"""Which connections the names of a workflow lead to: one each, or those of a group (ADR 0083)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.connections.models import ConnectionGroup
from tenants.connections.rules import Rule
from tenants.deployments.errors import InvalidDeployment
from tenants.deployments.models import DeploymentRevision

Reach = Mapping[str, tuple[UUID, ...]]
"""Connections by name, each once, in the order of the rules."""


async def of_revision(
    session: AsyncSession, tenant_id: UUID, revision: DeploymentRevision
) -> dict[str, tuple[UUID, ...]]:
    """As `of`."""
    bindings = {name: UUID(one) for name, one in revision.bindings.items()}
    return await of(session, tenant_id, bindings, {name: UUID(one) for name, one in revision.groups.items()})


def rules_of(group: ConnectionGroup) -> list[Rule]:
    return msgspec.convert(group.rules, list[Rule])


def members(rules: Collection[Rule]) -> tuple[UUID, ...]:
    """The connections that rules lead to."""
    return tuple(dict.fromkeys(one.connection for one in rules))


async def of(
    session: AsyncSession,
    tenant_id: UUID,
    bindings: Mapping[str, UUID],
    groups: Mapping[str, UUID],
    *,
    held: bool = False,
) -> dict[str, tuple[UUID, ...]]:
    """What names lead to that have a connection, or a group of them; `held`: until the transaction ends.

    Raises:
        InvalidDeployment: there is no such group. One of another tenant is unknown like any other (S-02).
    """
    found: dict[str, tuple[UUID, ...]] = {name: (one,) for name, one in bindings.items()}
    if not groups:
        return found
    query = select(ConnectionGroup).where(ConnectionGroup.tenant_id == tenant_id)
    query = query.where(ConnectionGroup.group_id.in_(sorted(set(groups.values())))).order_by(ConnectionGroup.group_id)
    rows = await session.scalars(query.with_for_update(read=True) if held else query)
    known = {row.group_id: row for row in rows}
    for name, group in groups.items():
        if group not in known:
            raise InvalidDeployment.at(f"/bindings/{name}", "there is no such connection group")
        found[name] = members(rules_of(known[group]))
    return found
