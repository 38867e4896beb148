"""All SQL over connections for the control plane. Sessions are of the tenant's scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page
from tenants.connections.models import Connection, ConnectionSecret, SecretUse, TenantKey


async def add(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """False when the tenant already has a connection of this name."""
    statement = insert(Connection).values(**values).on_conflict_do_nothing().returning(Connection.connection_id)
    return await session.scalar(statement) is not None


async def find(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> Connection | None:
    return await session.scalar(
        select(Connection)
        .where(Connection.tenant_id == tenant_id, Connection.connection_id == connection_id)
        .execution_options(populate_existing=True)
    )


async def lock(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> Connection | None:
    """The connection, held until the transaction ends: two changes at once come one after the other."""
    return await session.scalar(
        select(Connection)
        .where(Connection.tenant_id == tenant_id, Connection.connection_id == connection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def find_many(session: AsyncSession, tenant_id: UUID, connection_ids: Collection[UUID]) -> list[Connection]:
    """Those of `connection_ids` that the tenant has."""
    query = select(Connection).where(
        Connection.tenant_id == tenant_id, Connection.connection_id.in_(sorted(connection_ids))
    )
    return list((await session.scalars(query)).all())


async def every(session: AsyncSession, tenant_id: UUID) -> list[Connection]:
    """All of a tenant's connections, by name."""
    query = select(Connection).where(Connection.tenant_id == tenant_id).order_by(Connection.name)
    return list((await session.scalars(query)).all())


async def connections(
    session: AsyncSession, tenant_id: UUID, page: Page, filters: Mapping[str, str]
) -> list[Connection]:
    """Newest first; one row more than the page holds. `filters` are columns and the values they must have."""
    query = select(Connection).where(Connection.tenant_id == tenant_id)
    for name, value in filters.items():
        query = query.where(getattr(Connection, name) == value)
    if page.after is not None:
        query = query.where(Connection.connection_id < UUID(page.after))
    return list((await session.scalars(query.order_by(Connection.connection_id.desc()).limit(page.limit + 1))).all())


async def touch(session: AsyncSession, connection: Connection) -> None:
    """Write what changed and raise the revision, by which workers notice."""
    connection.revision += 1
    connection.updated_at = func.clock_timestamp()
    await session.flush()


async def secrets(session: AsyncSession, tenant_id: UUID, connection_ids: Collection[UUID]) -> list[ConnectionSecret]:
    """What is known of the secrets of these connections, without the sealed values."""
    query = select(ConnectionSecret).where(
        ConnectionSecret.tenant_id == tenant_id, ConnectionSecret.connection_id.in_(sorted(connection_ids))
    )
    rows = await session.scalars(query.order_by(ConnectionSecret.field).execution_options(populate_existing=True))
    return list(rows.all())


async def put_secret(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Store a sealed field; the earlier value of the field is gone."""
    key = ["tenant_id", "connection_id", "field"]
    changed = {name: value for name, value in values.items() if name not in key}
    statement = insert(ConnectionSecret).values(**values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=key, set_={**changed, "updated_at": func.clock_timestamp()})
    )


async def drop_secrets(session: AsyncSession, tenant_id: UUID, connection_id: UUID, fields: Collection[str]) -> None:
    await session.execute(
        delete(ConnectionSecret).where(
            ConnectionSecret.tenant_id == tenant_id,
            ConnectionSecret.connection_id == connection_id,
            ConnectionSecret.field.in_(sorted(fields)),
        )
    )


async def place(session: AsyncSession, tenant_id: UUID) -> tuple[str, str]:
    """The installation's id and the tenant's environment, both part of what a seal is bound to."""
    row = (
        await session.execute(
            text(
                "SELECT i.installation_id, t.environment FROM app.installation i, app.tenant t WHERE t.tenant_id = :t"
            ),
            {"t": tenant_id},
        )
    ).one()
    return str(row[0]), str(row[1])


async def keys(session: AsyncSession, tenant_id: UUID) -> list[TenantKey]:
    """All versions of the tenant's key, newest first."""
    query = select(TenantKey).where(TenantKey.tenant_id == tenant_id).order_by(TenantKey.version.desc())
    return list((await session.scalars(query)).all())


async def add_key(session: AsyncSession, tenant_id: UUID, values: Mapping[str, Any]) -> None:
    """Store a version of a tenant's key, unless there is one by now."""
    await session.execute(insert(TenantKey).values(tenant_id=tenant_id, **values).on_conflict_do_nothing())


async def uses(session: AsyncSession, tenant_id: UUID, connection_ids: Collection[UUID]) -> list[SecretUse]:
    """What is known of who used the secrets of these connections, by field."""
    query = select(SecretUse).where(
        SecretUse.tenant_id == tenant_id, SecretUse.connection_id.in_(sorted(connection_ids))
    )
    rows = await session.scalars(
        query.order_by(SecretUse.field, SecretUse.used_by).execution_options(populate_existing=True)
    )
    return list(rows.all())


async def reseal(session: AsyncSession, known: Mapping[str, Any], key_version: int, sealed: bytes) -> bool:
    """Put a secret's value, sealed anew, in its place; False when another value has come or it is gone.

    `known`: the row's key with the versions of value and key that were read.
    """
    columns = [getattr(ConnectionSecret, name) == value for name, value in known.items()]
    statement = update(ConnectionSecret).where(*columns).values(key_version=key_version, sealed=sealed)
    found = await session.execute(statement.returning(ConnectionSecret.field))
    return found.first() is not None


async def environments(session: AsyncSession) -> list[UUID]:
    """Of all clients, in the operator's scope; those that are deleted are not among them."""
    query = text(
        "SELECT t.tenant_id FROM app.tenant t JOIN app.client c USING (partner_id, client_id) "
        "WHERE c.status <> 'deleted' ORDER BY t.tenant_id"
    )
    return [row[0] for row in await session.execute(query)]
