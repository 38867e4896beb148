"""All SQL over links by which connections are authorised, for the control plane. Sessions are of the tenant's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from tenants.connections.grant_models import ConnectionGrant, ConnectionLink

OPEN: Final = timedelta(minutes=15)
"""How long the browser that opened a link has to leave by it, and to hear how it went."""
AWAY: Final = timedelta(minutes=10)
EXCHANGED: Final = timedelta(seconds=60)
"""Within that a worker has exchanged a code, or nobody will."""
WITHDRAWN: Final = "withdrawn"


async def put(session: AsyncSession, values: dict[str, Any], life: timedelta) -> ConnectionLink:
    """The connection's link from now on; whatever the one before was good for is over."""
    key = ["tenant_id", "connection_id"]
    new = {
        **values,
        "state": "open",
        "expires_at": func.clock_timestamp() + life,
        "created_at": func.clock_timestamp(),
    }
    empty = dict.fromkeys(("opener_hash", "reason", "key_version", "sealed", "opened_at", "moved_at"))
    changed = {name: value for name, value in new.items() if name not in key}
    changed |= {**empty, "attempt": ConnectionLink.attempt + 1}
    made = insert(ConnectionLink).values(**new).on_conflict_do_update(index_elements=key, set_=changed)
    found = made.returning(ConnectionLink).execution_options(populate_existing=True)
    return (await session.scalars(found)).one()


async def find(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> ConnectionLink | None:
    query = select(ConnectionLink).where(
        ConnectionLink.tenant_id == tenant_id, ConnectionLink.connection_id == connection_id
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def grant(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> ConnectionGrant | None:
    query = select(ConnectionGrant).where(
        ConnectionGrant.tenant_id == tenant_id, ConnectionGrant.connection_id == connection_id
    )
    return await session.scalar(query)


async def grants(session: AsyncSession, tenant_id: UUID, connections: Sequence[UUID]) -> dict[UUID, ConnectionGrant]:
    """By connection."""
    query = select(ConnectionGrant).where(
        ConnectionGrant.tenant_id == tenant_id, ConnectionGrant.connection_id.in_(connections)
    )
    return {row.connection_id: row for row in await session.scalars(query)}


async def open_(
    session: AsyncSession, tenant_id: UUID, host: str, token_hash: bytes, opener_hash: bytes
) -> ConnectionLink | None:
    """The link, which the browser of `opener_hash` may use from now on, and no earlier one."""
    changed = (
        update(ConnectionLink)
        .where(_counts(tenant_id, host), ConnectionLink.token_hash == token_hash, _is_free())
        .values(opener_hash=opener_hash, opened_at=func.clock_timestamp(), state="open", reason=None)
        .values(sealed=None, key_version=None)
    )
    return await _changed(session, changed)


async def opened(session: AsyncSession, tenant_id: UUID, host: str, opener_hash: bytes) -> ConnectionLink | None:
    """What this browser opened, whatever became of it since."""
    query = select(ConnectionLink).where(
        ConnectionLink.tenant_id == tenant_id,
        ConnectionLink.host == host,
        ConnectionLink.opener_hash == opener_hash,
        ConnectionLink.opened_at > func.clock_timestamp() - OPEN,
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def leave(
    session: AsyncSession, tenant_id: UUID, host: str, before: bytes, opener_hash: bytes
) -> ConnectionLink | None:
    """The browser leaves, and is known by `opener_hash` as it comes back."""
    changed = (
        update(ConnectionLink)
        .where(_counts(tenant_id, host), ConnectionLink.opener_hash == before, _is_free())
        .where(ConnectionLink.opened_at > func.clock_timestamp() - OPEN)
        .values(opener_hash=opener_hash, opened_at=func.clock_timestamp(), state="left", reason=None)
        .values(attempt=ConnectionLink.attempt + 1, moved_at=func.clock_timestamp(), sealed=None, key_version=None)
    )
    return await _changed(session, changed)


async def take(session: AsyncSession, tenant_id: UUID, host: str, opener_hash: bytes) -> ConnectionLink | None:
    """The link that this browser left by, held until the transaction ends."""
    query = (
        select(ConnectionLink)
        .where(_counts(tenant_id, host), ConnectionLink.opener_hash == opener_hash)
        .where(ConnectionLink.state == "left", ConnectionLink.moved_at > func.clock_timestamp() - AWAY)
        .with_for_update()
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def withdraw(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> tuple[bool, bool]:
    """End what was authorised, and the link by which more could be; whether there was any of each.

    The next version and attempt are nobody's, so that a renewal or an exchange that is under way stores nothing.
    """
    grant = (
        update(ConnectionGrant)
        .where(ConnectionGrant.tenant_id == tenant_id, ConnectionGrant.connection_id == connection_id)
        .where(ConnectionGrant.state == "held")
        .values(state="ended", reason=WITHDRAWN, version=ConnectionGrant.version + 1)
        .values(sealed=None, key_version=None, until=None, leased_until=None)
    )
    link = (
        update(ConnectionLink)
        .where(ConnectionLink.tenant_id == tenant_id, ConnectionLink.connection_id == connection_id)
        .where(ConnectionLink.state != "done", ConnectionLink.expires_at > func.clock_timestamp())
        .values(state="refused", reason=WITHDRAWN, attempt=ConnectionLink.attempt + 1, opener_hash=None)
        .values(sealed=None, key_version=None, expires_at=func.clock_timestamp(), moved_at=func.clock_timestamp())
    )
    ended = (await session.scalars(grant.returning(ConnectionGrant.version))).one_or_none()
    closed = (await session.scalars(link.returning(ConnectionLink.attempt))).one_or_none()
    return ended is not None, closed is not None


async def brought(session: AsyncSession, link: ConnectionLink, sealed: tuple[int, bytes]) -> None:
    await _move(session, link, {"state": "returned", "key_version": sealed[0], "sealed": sealed[1]})


async def refuse(session: AsyncSession, link: ConnectionLink, reason: str) -> None:
    await _move(session, link, {"state": "refused", "reason": reason})


async def _move(session: AsyncSession, link: ConnectionLink, values: dict[str, Any]) -> None:
    await session.execute(
        update(ConnectionLink)
        .where(ConnectionLink.tenant_id == link.tenant_id, ConnectionLink.connection_id == link.connection_id)
        .values(moved_at=func.clock_timestamp(), **values)
    )


async def _changed(session: AsyncSession, changed: Update) -> ConnectionLink | None:
    found = changed.returning(ConnectionLink).execution_options(populate_existing=True)
    return (await session.scalars(found)).one_or_none()


def _counts(tenant_id: UUID, host: str) -> ColumnElement[bool]:
    """Of links that lead to this host and have not expired."""
    return and_(
        ConnectionLink.tenant_id == tenant_id,
        ConnectionLink.host == host,
        ConnectionLink.expires_at > func.clock_timestamp(),
    )


def _is_free() -> ColumnElement[bool]:
    """Of those that have not done their work, and whose code nobody exchanges now."""
    is_late = ConnectionLink.moved_at < func.clock_timestamp() - EXCHANGED
    return or_(
        ConnectionLink.state.in_(["open", "left", "refused"]),
        and_(ConnectionLink.state.in_(["returned", "taken"]), is_late),
    )
