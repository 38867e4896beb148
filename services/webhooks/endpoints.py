"""Where a tenant's events go: made, changed, disabled, removed. The caller commits.

Every function runs in a transaction of the tenant's scope. A secret is given back by whoever makes it, once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.database import take_turn
from infra.egress import canonical_origin
from infra.encryption.secret import Secret
from infra.pagination import Page, cut
from services.exceptions.tables import ExceptionRow
from services.webhooks import signing
from services.webhooks.errors import EndpointActive, InvalidEndpoint, TooManyEndpoints, UnknownEndpoint
from services.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, SecretRow
from tenants.audit import service as audit
from tenants.connections.sealing import Sealer
from tenants.deployments.models import Owner

Status = Literal["active", "disabled"]
MOST: Final = 20
"""Endpoints of a tenant."""
FIELD: Final = "webhook-secret"
OVERLAP: Final = timedelta(hours=24)
_TYPE: Final = re.compile(r"[A-Za-z0-9_]+([.-][A-Za-z0-9_]+)*(\.\*)?|\*")
Pair = tuple[EndpointRow, list[SecretRow]]
"""An endpoint and what is known of its secrets that sign."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How an endpoint is to be; what is UNSET stays. `url` was let through by the guard of the way out."""

    url: str | UnsetType = UNSET
    types: Sequence[str] | UnsetType = UNSET
    description: str | UnsetType = UNSET


async def create(
    session: AsyncSession, tenant_id: UUID, wish: Wish, *, sealer: Sealer, actor: str
) -> tuple[Pair, Secret]:
    """A new endpoint, active at once, and its secret, which is shown to nobody a second time.

    Raises:
        InvalidEndpoint: a type is no type.
        TooManyEndpoints: there are 20.
    """
    await take_turn(session, "webhooks", tenant_id)
    counted = select(func.count()).select_from(EndpointRow).where(EndpointRow.tenant_id == tenant_id)
    if (await session.scalar(counted) or 0) >= MOST:
        raise TooManyEndpoints(f"An environment has at most {MOST} endpoints")
    endpoint_id, secret = ids.new(), signing.new_secret()
    values = _values(wish)
    await session.execute(insert(EndpointRow).values(tenant_id=tenant_id, endpoint_id=endpoint_id, **values))
    await _add_secret(session, sealer, (tenant_id, endpoint_id, 1), secret)
    await _record(session, "created", endpoint_id, _told(values), actor=actor)
    return await find(session, tenant_id, endpoint_id), secret


async def change(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, wish: Wish, *, actor: str) -> Pair:
    """Another address, other types or another description. What is on its way goes to the new address.

    Raises:
        UnknownEndpoint, InvalidEndpoint: as for `create`.
    """
    row, _ = await find(session, tenant_id, endpoint_id, lock=True)
    changed = {name: value for name, value in _values(wish).items() if getattr(row, name) != value}
    if changed:
        await _set(session, row, changed)
        await _record(session, "updated", endpoint_id, _told(changed), actor=actor)
    return await find(session, tenant_id, endpoint_id)


async def set_status(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, status: Status, *, actor: str) -> Pair:
    """Send nothing to an endpoint, or send to it again: what was on its way goes on. Safe to repeat.

    Raises:
        UnknownEndpoint: the tenant has none of this id.
    """
    row, _ = await find(session, tenant_id, endpoint_id, lock=True)
    if row.status != status:
        is_off = status == "disabled"
        # It has its five days anew.
        await _set(session, row, {"status": status, "why": "asked" if is_off else None, "failing_since": None})
        await _record(session, "disabled" if is_off else "enabled", endpoint_id, _told({"url": row.url}), actor=actor)
    return await find(session, tenant_id, endpoint_id)


async def rotate(  # noqa: PLR0913 (the scope, the thing, and who asks)
    session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, overlap: timedelta, *, sealer: Sealer, actor: str
) -> tuple[Pair, Secret]:
    """Another secret. The one before signs beside it until `overlap` is over, at most 24 hours; older ones end now.

    Raises:
        UnknownEndpoint: the tenant has none of this id.
    """
    row, _ = await find(session, tenant_id, endpoint_id, lock=True)
    of_endpoint = (SecretRow.tenant_id == tenant_id, SecretRow.endpoint_id == endpoint_id)
    await session.execute(delete(SecretRow).where(*of_endpoint, SecretRow.version < row.secret_version))
    if overlap:
        ends = func.clock_timestamp() + min(overlap, OVERLAP)
        await session.execute(update(SecretRow).where(*of_endpoint).values(ends_at=ends))
    else:
        await session.execute(delete(SecretRow).where(*of_endpoint))
    version, secret = row.secret_version + 1, signing.new_secret()
    await _add_secret(session, sealer, (tenant_id, endpoint_id, version), secret)
    await _set(session, row, {"secret_version": version})
    await _record(session, "rotated", endpoint_id, {"overlap_seconds": int(overlap.total_seconds())}, actor=actor)
    return await find(session, tenant_id, endpoint_id), secret


async def remove(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, *, actor: str) -> None:
    """Forget a disabled endpoint with its secrets and its delivery log; messages stay for the others.

    Raises:
        UnknownEndpoint: the tenant has none of this id.
        EndpointActive: it is not disabled.
    """
    row, _ = await find(session, tenant_id, endpoint_id, lock=True)
    if row.status == "active":
        raise EndpointActive("Disable the endpoint first")
    for table in (AttemptRow, DeliveryRow, SecretRow, EndpointRow):
        await session.execute(delete(table).where(table.tenant_id == tenant_id, table.endpoint_id == endpoint_id))
    of_it = (Owner.tenant_id == tenant_id, Owner.kind == "integration", Owner.subject == shown(endpoint_id))
    await session.execute(delete(Owner).where(*of_it))
    closed = {"state": "resolved", "outcome": "cancelled", "closed_by": actor, "closed_at": func.clock_timestamp()}
    await session.execute(
        update(ExceptionRow)
        .where(ExceptionRow.tenant_id == tenant_id, ExceptionRow.mark == shown(endpoint_id))
        .where(ExceptionRow.state == "open")
        .values(closed)
    )
    await _record(session, "removed", endpoint_id, _told({"url": row.url}), actor=actor)


async def find(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, *, lock: bool = False) -> Pair:
    """The endpoint with its living secrets; with `lock` it stays so until the transaction ends.

    Raises:
        UnknownEndpoint: the tenant has none of this id.
    """
    query = select(EndpointRow).where(EndpointRow.tenant_id == tenant_id, EndpointRow.endpoint_id == endpoint_id)
    if lock:
        query = query.with_for_update(key_share=True)
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise UnknownEndpoint
    return row, await _secrets(session, tenant_id, [endpoint_id])


async def listed(session: AsyncSession, tenant_id: UUID, page: Page) -> tuple[list[Pair], str | None]:
    """Newest first, and the position of the next page."""
    query = select(EndpointRow).where(EndpointRow.tenant_id == tenant_id)
    if page.after is not None:
        query = query.where(EndpointRow.endpoint_id < UUID(page.after))
    found = await session.scalars(query.order_by(EndpointRow.endpoint_id.desc()).limit(page.limit + 1))
    rows, last = cut(list(found.all()), page, lambda row: str(row.endpoint_id))
    secrets = await _secrets(session, tenant_id, [row.endpoint_id for row in rows])
    return [(row, [one for one in secrets if one.endpoint_id == row.endpoint_id]) for row in rows], last


def shown(endpoint_id: UUID) -> str:
    return ids.show("whe", endpoint_id)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """For the audit: of an address what is no secret, since many receivers take whoever knows the whole of it."""
    return {name: canonical_origin(value) if name == "url" else value for name, value in values.items()}


def _values(wish: Wish) -> dict[str, Any]:
    if not isinstance(wish.types, UnsetType):
        wrong = [place for place, one in enumerate(wish.types) if not _TYPE.fullmatch(one)]
        if wrong:
            errors = [{"pointer": f"/types/{place}", "detail": _FORM} for place in wrong]
            raise InvalidEndpoint(_FORM, errors=errors)
    given = {
        "url": wish.url,
        "types": wish.types if isinstance(wish.types, UnsetType) else sorted(set(wish.types)),
        "description": wish.description,
    }
    return {name: value for name, value in given.items() if value is not UNSET}


_FORM: Final = "a type such as `order.shipped`, a family such as `order.*`, or `*` for all"


async def _set(session: AsyncSession, row: EndpointRow, values: dict[str, Any]) -> None:
    await session.execute(
        update(EndpointRow)
        .where(EndpointRow.tenant_id == row.tenant_id, EndpointRow.endpoint_id == row.endpoint_id)
        .values(**values, updated_at=func.clock_timestamp())
    )


async def _add_secret(session: AsyncSession, sealer: Sealer, row: tuple[UUID, UUID, int], secret: Secret) -> None:
    key_version, sealed = await sealer.sealed(session, row, FIELD, secret)
    tenant_id, endpoint_id, version = row
    await session.execute(
        insert(SecretRow).values(
            tenant_id=tenant_id, endpoint_id=endpoint_id, version=version, key_version=key_version, sealed=sealed
        )
    )


async def _secrets(session: AsyncSession, tenant_id: UUID, endpoints: Sequence[UUID]) -> list[SecretRow]:
    """Those that sign now, the newest first."""
    alive = or_(SecretRow.ends_at.is_(None), SecretRow.ends_at > func.clock_timestamp())
    query = select(SecretRow).where(SecretRow.tenant_id == tenant_id, SecretRow.endpoint_id.in_(endpoints), alive)
    rows = await session.scalars(query.order_by(SecretRow.version.desc()).execution_options(populate_existing=True))
    return list(rows.all())


async def _record(session: AsyncSession, verb: str, endpoint: UUID, after: dict[str, Any], *, actor: str) -> None:
    await audit.record(session, actor=actor, action=f"webhook.{verb}", target=shown(endpoint), after=after)
