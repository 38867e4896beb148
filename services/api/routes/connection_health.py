"""How a connection is, as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, Slug
from services.api.policy import tenant_paths
from services.api.routes import authorizations
from services.api.routes.authorizations import Standing
from services.connectors.health import checks, questions
from services.connectors.health.checks import Health
from services.connectors.levels import Level
from services.engine import outages
from services.engine.outages import Told
from tenants.connections import link_repository, service
from tenants.connections.grant_models import ConnectionGrant
from tenants.connections.models import Connection

TAGS: Final = ["connections"]
_ONE: Final = "/connections/{connection:str}"
_PAUSE_SECONDS: Final = 10.0
"""Between two checks that somebody wants."""
State = Literal["well", "failing", "away", "unknown", "disabled"]


class AwayView(msgspec.Struct, frozen=True, kw_only=True):
    """Its breaker is open: no call goes out but one that tries, now and then, if it is back."""

    since: Instant
    reason: str
    next_try_at: Instant | None


class QuotaLeftView(msgspec.Struct, frozen=True, kw_only=True):
    """As headers of its last answer say it."""

    left: int
    most: int | None
    until: Annotated[Instant | None, Meta(description="When it is whole again.")]


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection is. What a check found is about its present settings and secrets: a change begins it anew."""

    state: Annotated[
        State,
        Meta(
            description="`failing`: the last check failed. `away`: it keeps failing, and is left alone."
            " `unknown`: it was not checked yet, or its connector names nothing that it could be asked."
        ),
    ]
    operation: Annotated[str | None, Meta(description="What it is asked; it reads.", examples=["shop.orders.list"])]
    checked_at: Instant | None
    next_check_at: Annotated[Instant | None, Meta(description="At the earliest; null for one that is disabled.")]
    last_good_at: Annotated[
        Instant | None, Meta(description="When it last answered a check, or did what a run or a watch asked.")
    ]
    milliseconds: Annotated[int | None, Meta(description="That its last answer to a check took.")]
    failures: Annotated[int, Meta(description="Of checks, in a row.")]
    error: Annotated[str | None, Meta(description="The kind of the last failure.", examples=["authentication"])]
    detail: Annotated[
        str | None,
        Meta(description="What to change, in words without anything of the other side's and without secrets."),
    ]
    quota: QuotaLeftView | None
    ends_at: Annotated[Instant | None, Meta(description="When the first of what signs its calls ends, where known.")]
    ends: Annotated[str | None, Meta(description="What that is.")]
    renews: Annotated[bool, Meta(description="That is fetched anew by itself: nobody has to do anything.")]
    excess_rights: Annotated[
        list[str], Meta(description="That its credentials were given, and none of the connector's operations needs.")
    ]
    rights_known: Annotated[
        bool,
        Meta(
            description="Whether anybody says which rights its credentials have; where not, nobody knows if they are"
            " too many: most systems do not tell."
        ),
    ]
    away: AwayView | None


class ConnectionHealth(HealthView, frozen=True, kw_only=True):
    """One of all connections."""

    id: Annotated[str, Meta(examples=["con_01h455vb4pex5vsknk084sn02q"])]
    name: Slug
    connector: str
    title: Annotated[str, Meta(description="The connector's, for people.")]
    certification: Annotated[
        Level | None, Meta(description="How far its connector is proven; null: the installation has it no more.")
    ]
    authorization: Annotated[
        Standing | None, Meta(description="Of one that a person authorises by a link; null: of any other.")
    ]


class ConnectionHealthList(msgspec.Struct, frozen=True):
    items: list[ConnectionHealth]
    next: NextCursor


@get(tenant_paths("/connection-health"), summary="List how connections are", tags=TAGS)
async def list_health(request: Call, limit: Limit = 50, cursor: Cursor = None) -> ConnectionHealthList:
    """Every connection with what its last check found, the newest first. Nothing is sent to any system."""
    tenant = request.tenant.tenant_id
    async with request.transaction() as session:
        found, last = await service.list_connections(session, tenant, request.page(limit, cursor), {})
        rows = [row for row, _ in found]
        grants = await link_repository.grants(session, tenant, [row.connection_id for row in rows])
    async with request.resources.database.tenant(tenant) as transaction:
        known = await checks.of_several(transaction, tenant, [row.connection_id for row in rows])
        away = await outages.away(transaction, tenant)
        told = {one: await outages.told(transaction, tenant, one) for one in away if one in known}
    views = [
        _one(
            request,
            row,
            _view(request, row, known.get(row.connection_id, Health()), told.get(row.connection_id)),
            grants,
        )
        for row in rows
    ]
    return ConnectionHealthList(views, request.cursor(last))


@get(tenant_paths(f"{_ONE}/health"), summary="Read how a connection is", tags=TAGS)
async def read_health(request: Call) -> ConnectionHealth:
    """What its last check found. It is checked as it is made or changed, and now and then."""
    connection_id, row = await _found(request)
    tenant = request.tenant.tenant_id
    async with request.transaction() as session:
        grants = await link_repository.grants(session, tenant, [connection_id])
    async with request.resources.database.tenant(tenant) as transaction:
        return _one(request, row, await _read(request, transaction, connection_id, row), grants)


@post(tenant_paths(f"{_ONE}/check"), summary="Check a connection", tags=TAGS, status_code=202)
async def check_connection(request: Call) -> HealthView:
    """Have a worker ask it how it is, within seconds; `checked_at` of its health tells when it has. Safe to repeat.

    It is one call that changes nothing. It waits as other calls do while the connection is at its limits or away, and
    for ten seconds behind the last check.
    """
    connection_id, row = await _found(request)
    tenant = request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as transaction:
        await checks.hasten(transaction, tenant, connection_id, _PAUSE_SECONDS)
        return await _read(request, transaction, connection_id, row)


async def _found(request: Call) -> tuple[UUID, Connection]:
    connection_id = request.path_id("con", "connection")
    async with request.transaction() as session:
        row, _ = await service.find(session, request.tenant.tenant_id, connection_id)
        return connection_id, row


async def _read(request: Call, transaction: Any, connection_id: UUID, row: Connection) -> HealthView:
    tenant = request.tenant.tenant_id
    known = await checks.read(transaction, tenant, connection_id)
    return _view(request, row, known, await outages.told(transaction, tenant, connection_id))


def _one(
    request: Call, row: Connection, health: HealthView, grants: Mapping[UUID, ConnectionGrant]
) -> ConnectionHealth:
    connector = request.resources.registry.connector(row.connector)
    by_link = authorizations.is_by_link(request, row)
    return ConnectionHealth(
        **msgspec.structs.asdict(health),
        id=ids.show("con", row.connection_id),
        name=row.name,
        connector=row.connector,
        title=row.connector if connector is None else connector.manifest.title,
        certification=request.resources.levels.get(row.connector),
        authorization=authorizations.state_of(grants.get(row.connection_id)) if by_link else None,
    )


def _view(request: Call, row: Connection, known: Health, told: Told | None) -> HealthView:
    lasts = None if told is None or told.ended_at is not None else told
    connector = request.resources.registry.connector(row.connector)
    question = None if connector is None else questions.of(connector)
    return HealthView(
        state="disabled" if row.status != "active" else _state(known, lasts),
        operation=None if question is None else question.operation,
        checked_at=known.checked_at,
        next_check_at=known.due_at,
        last_good_at=known.good_at,
        milliseconds=known.took,
        failures=known.failures,
        error=known.error,
        detail=known.detail,
        quota=_quota(known),
        ends_at=known.ends_at,
        ends=known.ends,
        renews=known.renews,
        excess_rights=known.excess,
        rights_known=known.rights_told,
        away=None if lasts is None else AwayView(since=lasts.since, reason=lasts.reason, next_try_at=lasts.next_try_at),
    )


def _state(known: Health, lasts: Told | None) -> State:
    if lasts is not None:
        return "away"
    if known.checked_at is None:
        return "unknown"
    return "well" if known.error is None else "failing"


def _quota(known: Health) -> QuotaLeftView | None:
    if known.quota_left is None:
        return None
    return QuotaLeftView(left=known.quota_left, most=known.quota_most, until=known.quota_until)


HANDLERS: Final = (list_health, read_health, check_connection)
