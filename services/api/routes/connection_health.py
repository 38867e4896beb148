"""How a connection is, as the API shows it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.connectors.health import checks, questions
from services.connectors.health.checks import Health
from services.engine import outages
from services.engine.outages import Told
from tenants.connections import service
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
    last_good_at: Annotated[Instant | None, Meta(description="The last check that it answered well.")]
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
    excess_rights: Annotated[
        list[str], Meta(description="That its credentials were given, and none of the connector's operations needs.")
    ]
    away: AwayView | None


@get(tenant_paths(f"{_ONE}/health"), summary="Read how a connection is", tags=TAGS)
async def read_health(request: Call) -> HealthView:
    """What its last check found. It is checked as it is made or changed, and now and then."""
    connection_id, row = await _found(request)
    async with request.resources.database.tenant(request.tenant.tenant_id) as transaction:
        return await _view(request, transaction, connection_id, row)


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
        return await _view(request, transaction, connection_id, row)


async def _found(request: Call) -> tuple[UUID, Connection]:
    connection_id = request.path_id("con", "connection")
    async with request.transaction() as session:
        row, _ = await service.find(session, request.tenant.tenant_id, connection_id)
        return connection_id, row


async def _view(request: Call, transaction: Any, connection_id: UUID, row: Connection) -> HealthView:
    tenant = request.tenant.tenant_id
    known = await checks.read(transaction, tenant, connection_id)
    told = await outages.told(transaction, tenant, connection_id)
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
        excess_rights=known.excess,
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


HANDLERS: Final = (read_health, check_connection)
