"""All SQL on requests that came in. Every function runs inside a transaction of the tenant."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.pagination import Page
from services.inbound.directory import Hook
from services.inbound.errors import AlreadyReceived, UnknownReceived
from services.inbound.mapping import Delivery, kept_headers
from tenants.audit import writing as audit

State = Literal["taken", "ignored", "refused"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a request. `problem` with its `detail`: why it was refused."""

    request_id: UUID
    sent_id: str
    state: State
    event_type: str | None = None
    problem: str | None = None
    detail: str | None = None


async def known(connection: Any, tenant: TenantId, hook_id: UUID, sent_id: str) -> Any:
    """The request of this id; None: there is none."""
    return await connection.fetchrow(
        "SELECT request_id, digest, state, event_id FROM app.inbound_request "
        "WHERE tenant_id = $1 AND hook_id = $2 AND sent_id = $3",
        tenant,
        hook_id,
        sent_id,
    )


async def write(connection: Any, hook: Hook, delivery: Delivery, outcome: Outcome, event_id: UUID | None) -> None:
    """Store a request as it came; one of its id that was refused is this one from now on.

    Raises:
        AlreadyReceived: another one was stored meanwhile.
    """
    headers = kept_headers(hook.event, hook.verification, delivery.headers)
    stored = await connection.fetchval(
        "INSERT INTO app.inbound_request AS r (tenant_id, request_id, hook_id, sent_id, digest, state, event_id, "
        "event_type, problem, detail, headers, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
        "ON CONFLICT (tenant_id, hook_id, sent_id) DO UPDATE SET digest = excluded.digest, state = excluded.state, "
        "event_id = excluded.event_id, event_type = excluded.event_type, problem = excluded.problem, "
        "detail = excluded.detail, headers = excluded.headers, body = excluded.body, "
        "received_at = clock_timestamp() WHERE r.state = 'refused' RETURNING true",
        hook.tenant_id,
        outcome.request_id,
        hook.hook_id,
        outcome.sent_id,
        delivery.digest,
        outcome.state,
        event_id,
        outcome.event_type,
        outcome.problem,
        outcome.detail,
        msgspec.json.encode(headers).decode(),
        delivery.body,
    )
    if stored is None:
        raise AlreadyReceived


async def note_replay(  # noqa: PLR0913 (what was replayed, what it became, and who asked)
    connection: Any, tenant: TenantId, request_id: UUID, event_id: UUID, *, event_type: str, key: str, actor: str
) -> None:
    """Write down that a stored request was taken in once more, or at last; `key`: by which the same replay is known."""
    await connection.execute(
        "UPDATE app.inbound_request SET replays = replays + 1, state = 'taken', event_type = $4, problem = NULL, "
        "detail = NULL, event_id = CASE WHEN state = 'taken' THEN event_id ELSE $3 END, "
        "replay_key = CASE WHEN state = 'taken' THEN replay_key ELSE $5 END "
        "WHERE tenant_id = $1 AND request_id = $2",
        tenant,
        request_id,
        event_id,
        event_type,
        key,
    )
    target, after = ids.show("rcv", request_id), {"event": ids.show("evt", event_id)}
    await audit.write(connection, tenant, actor=actor, action="webhook.replayed", target=target, after=after)


async def received(connection: Any, tenant: TenantId, hook_id: UUID, page: Page, state: str | None) -> list[Any]:
    """Newest first; one row more than the page holds."""
    return list(
        await connection.fetch(
            "SELECT request_id, sent_id, state, event_id, event_type, problem, octet_length(body) AS bytes, replays, "
            "received_at FROM app.inbound_request WHERE tenant_id = $1 AND hook_id = $2 "
            "AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR request_id < $4) "
            "ORDER BY request_id DESC LIMIT $5",
            tenant,
            hook_id,
            state,
            UUID(page.after) if page.after else None,
            page.limit + 1,
        )
    )


async def read(connection: Any, tenant: TenantId, hook_id: UUID, request_id: UUID) -> Any:
    """A request with its body.

    Raises:
        UnknownReceived: the endpoint has none of this id.
    """
    row = await connection.fetchrow(
        "SELECT request_id, sent_id, state, event_id, event_type, problem, octet_length(body) AS bytes, replays, "
        "received_at, detail, replay_key, headers::text AS headers, body FROM app.inbound_request "
        "WHERE tenant_id = $1 AND hook_id = $2 AND request_id = $3",
        tenant,
        hook_id,
        request_id,
    )
    if row is None:
        raise UnknownReceived
    return row
