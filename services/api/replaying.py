"""Takes in a webhook that was received before, as its endpoint reads it now (ADR 0060)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.ids import TenantId
from services.api import kept_answers
from services.api.call import Call
from services.api.receiving import Incoming
from services.events import store as events
from services.events.intake import Accepted
from services.inbound import mapping, store
from services.inbound.errors import UnknownHook
from services.inbound.mapping import Delivery

_SUFFIX: Final = 32


async def replay(call: Call, hook_id: UUID, request_id: UUID) -> Accepted | None:
    """The event that it is now; None: it is of a type that the endpoint ignores.

    Under the same `Idempotency-Key` it is the same event, by its id.

    Raises:
        UnknownHook, UnknownReceived: the tenant has none of these ids, or has deleted the endpoint.
        Problem: it still makes no event, or more was sent than is agreed.
    """
    resources, tenant, actor = call.resources, TenantId(call.tenant.tenant_id), call.principal.actor
    key = _suffix(kept_answers.key_of(call.scope["headers"]))
    whose = call.tenant
    hook = await resources.hooks.read(tenant, hook_id, client_id=whose.client_id, partner_id=whose.partner_id)
    if hook is None:
        raise UnknownHook
    async with resources.database.tenant(tenant) as connection:
        row = await store.read(connection, tenant, hook_id, request_id)
        if row["replay_key"] == key:
            found = row["event_id"]
            return Accepted(found, (await events.runs_of(connection, tenant, [found]))[found], repeated=True)
    pairs: list[tuple[str, str]] = msgspec.json.decode(row["headers"])
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    incoming = Incoming(resources, hook, Delivery(headers, row["body"]), actor)
    event_id: str = row["sent_id"]
    if row["state"] == "taken":
        event_id += f"#{key}"
    elif event_id == mapping.own_id(incoming.delivery):
        # It was refused before its sender's id could be read.
        event_id = mapping.sent_id(hook.event, hook.verification, incoming.delivery)
    event = await incoming.event(event_id)
    if event is None:
        return None
    kind = event.type

    async def note(connection: Any, taken: UUID) -> None:
        await store.note_replay(connection, tenant, request_id, taken, event_type=kind, key=key, actor=actor)

    return await incoming.take_in(event, note)


def _suffix(key: str | None) -> str:
    """What makes another event of it: the same for the same key."""
    return secrets.token_hex(_SUFFIX // 2) if key is None else hashlib.sha256(key.encode()).hexdigest()[:_SUFFIX]
