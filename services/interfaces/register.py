"""Every interface of a tenant: what is said of it, who is seen to use it, and what is wrong with that (ADR 0052).

Every function runs inside a transaction of the tenant's scope, which the caller commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock, ids
from services.engine.tables import OutageRow
from services.interfaces.errors import UnknownInterface
from services.interfaces.tables import InterfaceRow, TrafficRow
from tenants.audit import service as audit
from tenants.connections.models import Connection
from tenants.deployments import ownership, repository
from tenants.identity.models import ApiKey

Kind = Literal["api", "event", "mapping", "connection"]
Policy = Literal["declared", "open"]
Health = Literal["up", "away", "disabled", "quiet"]
Why = Literal["undeclared-consumer", "retired-version", "untrusted-version"]
API: Final = "v1"
OURS: Final = "operator"
"""Publisher of the API."""
QUIET: Final = timedelta(days=7)
_TAKEN: Final = text("SELECT mapping, type FROM app.event_route WHERE tenant_id = :tenant ORDER BY mapping, type")
_FINDINGS: Final = text("SELECT * FROM app.interface_findings(:tenant) ORDER BY kind, name, party, version")


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of an interface. `version` None: any is trusted."""

    publisher: str
    version: str | None = None
    retired: tuple[str, ...] = ()
    policy: Policy = "declared"
    consumers: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was seen; `version` empty where it is not known."""

    role: Literal["publisher", "consumer"]
    party: str
    version: str
    last_at: datetime
    times: int | None


class Finding(msgspec.Struct, frozen=True):
    why: Why
    party: str
    version: str
    last_at: datetime


class Interface(msgspec.Struct, kw_only=True):
    """`said` None: nobody has declared it, and nothing about it is wrong. `owner`: whom its findings concern."""

    kind: Kind
    name: str
    said: Said | None = None
    seen: list[Seen] = []
    health: Health = "quiet"
    owner: str | None = None
    findings: list[Finding] = []


async def declare(  # noqa: PLR0913 (the scope, the thing, and who asks)
    session: AsyncSession, tenant_id: UUID, kind: Kind, name: str, said: Said, *, actor: str
) -> None:
    """Say what an interface is, in place of what was said before. Safe to repeat."""
    key = {"tenant_id": tenant_id, "kind": kind, "name": name}
    values: dict[str, Any] = {
        "publisher": said.publisher,
        "version": said.version,
        "retired": sorted(set(said.retired)),
        "policy": said.policy,
        "consumers": sorted(set(said.consumers)),
        "set_by": actor,
    }
    made = insert(InterfaceRow).values(**key, **values)
    changed = {**values, "set_at": func.clock_timestamp()}
    await session.execute(made.on_conflict_do_update(index_elements=list(key), set_=changed))
    await audit.record(session, actor=actor, action="interface.declared", target=f"{kind}:{name}", after=values)


async def withdraw(session: AsyncSession, tenant_id: UUID, kind: Kind, name: str, *, actor: str) -> None:
    """Forget what was said of an interface; what was seen stays.

    Raises:
        UnknownInterface: nothing was said of it.
    """
    gone = delete(InterfaceRow).where(
        InterfaceRow.tenant_id == tenant_id, InterfaceRow.kind == kind, InterfaceRow.name == name
    )
    if (await session.execute(gone.returning(InterfaceRow.name))).one_or_none() is None:
        raise UnknownInterface
    await audit.record(session, actor=actor, action="interface.withdrawn", target=f"{kind}:{name}")


async def declared(session: AsyncSession, tenant_id: UUID) -> dict[str, Said]:
    """What was said, under `KIND:NAME` and in their order."""
    query = select(InterfaceRow).where(InterfaceRow.tenant_id == tenant_id)
    # What was read before a change of the same transaction is read anew.
    query = query.order_by(InterfaceRow.kind, InterfaceRow.name).execution_options(populate_existing=True)
    rows = await session.scalars(query)
    return {f"{row.kind}:{row.name}": _said(row) for row in rows}


async def listed(session: AsyncSession, tenant_id: UUID) -> list[Interface]:
    """All that is there, declared or seen, by kind and name."""
    found: dict[tuple[Kind, str], Interface] = {}

    def one(kind: Kind, name: str) -> Interface:
        return found.setdefault((kind, name), Interface(kind=kind, name=name, seen=[], findings=[]))

    for row in await session.scalars(select(InterfaceRow).where(InterfaceRow.tenant_id == tenant_id)):
        one(row.kind, row.name).said = _said(row)  # type: ignore[arg-type]  # the table's check constraint
    for pair in await repository.every(session, tenant_id, status="active"):
        one("mapping", f"{pair[2].namespace}/{pair[2].name}")
        if pair[1].trigger_type is not None:
            one("event", pair[1].trigger_type)
    for taken in await session.execute(_TAKEN, {"tenant": tenant_id}):
        one("mapping", taken.mapping)
        one("event", taken.type)
    seen = select(TrafficRow).where(TrafficRow.tenant_id == tenant_id)
    for traffic in await session.scalars(seen.order_by(TrafficRow.role, TrafficRow.party, TrafficRow.version)):
        one(traffic.kind, traffic.name).seen.append(_seen(traffic))  # type: ignore[arg-type]  # written by the door
    one("api", API).seen.extend(await _keys(session, tenant_id))
    states = await _connections(session, tenant_id)
    for name in states:
        one("connection", name)
    for wrong in await session.execute(_FINDINGS, {"tenant": tenant_id}):
        one(wrong.kind, wrong.name).findings.append(Finding(wrong.finding, wrong.party, wrong.version, wrong.last_at))
    await _answered(session, tenant_id, found.values(), states)
    return [found[key] for key in sorted(found)]


async def _answered(
    session: AsyncSession, tenant_id: UUID, all_of_them: Iterable[Interface], states: dict[str, tuple[str, Health]]
) -> None:
    """Fill in how each is and whom it concerns."""
    answers = {(row.row.kind, row.row.subject): row.answers for row in await ownership.listed(session, tenant_id)}
    above = answers.get(("architecture", ""))
    since = clock.now() - QUIET
    for one in all_of_them:
        one.owner = above
        if one.kind == "connection" and one.name in states:
            shown, one.health = states[one.name]
            one.owner = answers.get(("integration", shown)) or above
        elif any(seen.last_at >= since for seen in one.seen):
            one.health = "up"


async def _connections(session: AsyncSession, tenant_id: UUID) -> dict[str, tuple[str, Health]]:
    """By name: public id, and how it is."""
    away = (OutageRow.tenant_id == Connection.tenant_id) & (OutageRow.connection_id == Connection.connection_id)
    is_away = OutageRow.connection_id.is_not(None)
    query = select(Connection.name, Connection.connection_id, Connection.status, is_away).outerjoin(
        OutageRow, away & OutageRow.ended_at.is_(None)
    )
    found: dict[str, tuple[str, Health]] = {}
    for name, connection, status, gone in await session.execute(query.where(Connection.tenant_id == tenant_id)):
        health: Health = "away" if gone else "up"
        found[name] = (ids.show("con", connection), "disabled" if status == "disabled" else health)
    return found


async def _keys(session: AsyncSession, tenant_id: UUID) -> list[Seen]:
    """Keys of the tenant by which the API was called; whoever calls is written down already (ADR 0038)."""
    query = select(ApiKey.key_id, ApiKey.last_used_at).where(
        ApiKey.tenant_id == tenant_id, ApiKey.last_used_at.is_not(None)
    )
    return [
        Seen(role="consumer", party=f"key:{ids.show('key', key)}", version=API, last_at=at, times=None)
        for key, at in await session.execute(query)
        if at is not None
    ]


def _said(row: InterfaceRow) -> Said:
    return Said(
        publisher=row.publisher,
        version=row.version,
        retired=tuple(row.retired),
        policy="open" if row.policy == "open" else "declared",
        consumers=tuple(row.consumers),
    )


def _seen(row: TrafficRow) -> Seen:
    role: Literal["publisher", "consumer"] = "publisher" if row.role == "publisher" else "consumer"
    return Seen(role=role, party=row.party, version=row.version, last_at=row.last_at, times=row.times)
