"""The delivery log, and sending again. The caller commits; every function runs in the tenant's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, and_, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page, cut
from services.webhooks import endpoints
from services.webhooks.content import body
from services.webhooks.errors import EndpointDisabled, InvalidEndpoint, UnknownEndpoint
from services.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow, MessageRow
from tenants.audit import service as audit

State = Literal["pending", "delivered", "failed"]
Which = Literal["all", "missed"]
KEPT: Final = timedelta(days=30)
MOST: Final = 10_000
"""Messages that one request sends again."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way; `last` is what came of its newest try."""

    row: DeliveryRow
    message: MessageRow
    last: AttemptRow | None = None


async def listed(
    session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, page: Page, state: State | None = None
) -> tuple[list[Delivery], str | None]:
    """Newest first, and the position of the next page.

    Raises:
        UnknownEndpoint: the tenant has none of this id.
    """
    await endpoints.find(session, tenant_id, endpoint_id)
    query = _of(tenant_id, endpoint_id)
    if state is not None:
        query = query.where(DeliveryRow.state == state)
    if page.after is not None:
        query = query.where(DeliveryRow.message_id < UUID(page.after))
    found = await session.execute(query.order_by(DeliveryRow.message_id.desc()).limit(page.limit + 1))
    rows = [Delivery(row=row, message=message, last=last) for row, message, last in found]
    return cut(rows, page, lambda one: str(one.row.message_id))


async def read(
    session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, message_id: UUID
) -> tuple[Delivery, Sequence[AttemptRow], str]:
    """A delivery, its attempts in their order, and the body that is sent.

    Raises:
        UnknownEndpoint: the endpoint has no such delivery.
    """
    query = _of(tenant_id, endpoint_id).where(DeliveryRow.message_id == message_id)
    found = (await session.execute(query.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise UnknownEndpoint
    row, message, last = found
    attempts = await session.scalars(
        select(AttemptRow)
        .where(AttemptRow.tenant_id == tenant_id, AttemptRow.endpoint_id == endpoint_id)
        .where(AttemptRow.message_id == message_id)
        .order_by(AttemptRow.number)
    )
    # As it stands there: a value that goes through floats is another one.
    stored = await session.scalar(
        text("SELECT content::text FROM app.webhook_message WHERE tenant_id = :t AND message_id = :m"),
        {"t": tenant_id, "m": message_id},
    )
    sent = body(message_id, str(stored), message.created_at).decode()
    return Delivery(row=row, message=message, last=last), attempts.all(), sent


async def replay(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID, message_id: UUID, *, actor: str) -> None:
    """Send a message again, as often as a new one; its id stays. One that is pending is tried now.

    Raises:
        UnknownEndpoint: the endpoint has no such delivery, nor is there such a message that it takes.
        EndpointDisabled: nothing is sent to it.
    """
    row = await _sendable(session, tenant_id, endpoint_id)
    taken = and_(MessageRow.message_id == message_id, _taken(row))
    if not await _again(session, row, taken):
        raise UnknownEndpoint
    await _record(session, row, {"message": ids.show("msg", message_id)}, actor=actor)


async def replay_range(  # noqa: PLR0913 (the scope, the range, and who asks)
    session: AsyncSession,
    tenant_id: UUID,
    endpoint_id: UUID,
    between: tuple[datetime, datetime],
    which: Which,
    *,
    actor: str,
) -> int:
    """Send what was announced in a time again, ids as they were, also what came while the endpoint was disabled.

    `missed`: what was not delivered. Answers how many, at most 10,000, the oldest first; ask again for the rest.

    Raises:
        UnknownEndpoint, EndpointDisabled: as for `replay`.
        InvalidEndpoint: the range is empty.
    """
    since, until = between
    if until <= since:
        raise InvalidEndpoint("`until` is after `since`", errors=[{"pointer": "/until", "detail": "is after `since`"}])
    row = await _sendable(session, tenant_id, endpoint_id)
    chosen = and_(MessageRow.created_at >= since, MessageRow.created_at < until, _taken(row))
    if which == "missed":
        done = (
            select(DeliveryRow.message_id)
            .where(DeliveryRow.tenant_id == tenant_id, DeliveryRow.endpoint_id == endpoint_id)
            .where(DeliveryRow.message_id == MessageRow.message_id, DeliveryRow.state != "failed")
        )
        chosen = and_(chosen, ~done.exists())
    sent = await _again(session, row, chosen)
    after = {"since": since.isoformat(), "until": until.isoformat(), "which": which, "messages": sent}
    await _record(session, row, after, actor=actor)
    return sent


async def _sendable(session: AsyncSession, tenant_id: UUID, endpoint_id: UUID) -> EndpointRow:
    row, _ = await endpoints.find(session, tenant_id, endpoint_id, lock=True)
    if row.status != "active":
        raise EndpointDisabled("Enable the endpoint first")
    return row


def _taken(row: EndpointRow) -> Any:
    """Whether the endpoint wants a message, or was sent it before."""
    was_sent = (
        select(DeliveryRow.message_id)
        .where(DeliveryRow.tenant_id == row.tenant_id, DeliveryRow.endpoint_id == row.endpoint_id)
        .where(DeliveryRow.message_id == MessageRow.message_id)
    )
    return or_(func.app.webhook_takes(row.types, MessageRow.type), was_sent.exists())


async def _again(session: AsyncSession, row: EndpointRow, chosen: Any) -> int:
    """Begin the deliveries anew; what somebody is sending at this moment comes to its end first."""
    messages = (
        select(MessageRow.tenant_id, literal(row.endpoint_id, Uuid), MessageRow.message_id)
        .where(MessageRow.tenant_id == row.tenant_id, MessageRow.created_at > func.clock_timestamp() - KEPT, chosen)
        .order_by(MessageRow.message_id)
        .limit(MOST)
    )
    made = insert(DeliveryRow).from_select(["tenant_id", "endpoint_id", "message_id"], messages)
    anew = {"state": "pending", "tries": 0, "due_at": func.clock_timestamp(), "ended_at": None}
    statement = made.on_conflict_do_update(
        index_elements=["tenant_id", "endpoint_id", "message_id"], set_=anew
    ).returning(DeliveryRow.message_id)
    return len((await session.scalars(statement)).all())


def _of(tenant_id: UUID, endpoint_id: UUID) -> Any:
    """Deliveries with their messages and newest attempts."""
    newest = and_(
        AttemptRow.tenant_id == DeliveryRow.tenant_id,
        AttemptRow.endpoint_id == DeliveryRow.endpoint_id,
        AttemptRow.message_id == DeliveryRow.message_id,
        AttemptRow.number == DeliveryRow.attempts,
    )
    theirs = and_(MessageRow.tenant_id == DeliveryRow.tenant_id, MessageRow.message_id == DeliveryRow.message_id)
    return (
        select(DeliveryRow, MessageRow, AttemptRow)
        .join(MessageRow, theirs)
        .outerjoin(AttemptRow, newest)
        .where(DeliveryRow.tenant_id == tenant_id, DeliveryRow.endpoint_id == endpoint_id)
    )


async def _record(session: AsyncSession, row: EndpointRow, after: dict[str, Any], *, actor: str) -> None:
    target = endpoints.shown(row.endpoint_id)
    await audit.record(session, actor=actor, action="webhook.replayed", target=target, after=after)
