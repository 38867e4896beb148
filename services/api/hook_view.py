"""An endpoint for webhooks as the API shows it (ADR 0060)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from infra import ids
from services.api.fields import Instant
from services.inbound import mapping, verification
from services.inbound.directory import source_of
from services.inbound.mapping import EventOf
from services.inbound.repository import Latest
from services.inbound.service import Pair
from services.inbound.verification import Verification
from tenants.identity.permissions import Permission
from tenants.identity.principal import Principal


class GoodSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that senders may sign with now; never its value."""

    version: int
    last4: str
    made_at: Instant
    ends_at: Annotated[Instant | None, Meta(description="Null: the present one.")]


class HookView(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint that another system sends its webhooks to."""

    id: Annotated[str, Meta(examples=["hok_01h455vb4pex5vsknk084sn02q"])]
    name: str
    connection: str
    path: Annotated[
        str | UnsetType,
        Meta(
            description="Where to send, below the address of the API. Absent without `connections:write`.",
            examples=["/hooks/Zk3vJ0eWQm2mJ0x1d2n8sg"],
        ),
    ] = UNSET
    source: Annotated[str, Meta(description="Of its events.", examples=["/webhooks/shop"])]
    verification: Verification
    event: EventOf
    media_types: list[str]
    weaknesses: Annotated[
        list[Literal["static-token", "no-timestamp", "id-not-signed"]],
        Meta(
            description="What the declared way leaves open: the secret travels with each request; a request that got"
            " about is good for ever; or is good again under another id."
        ),
    ]
    secrets: list[GoodSecret]
    status: Literal["active", "disabled", "deleted"]
    created_at: Instant
    updated_at: Instant


class MadeHook(HookView, frozen=True, kw_only=True):
    """With its secret, shown this once."""

    secret: Annotated[str, Meta(description="What the sender signs with. It is never shown again.")]


class LastReceived(msgspec.Struct, frozen=True, kw_only=True):
    """What came last of the proven sender."""

    received_at: Instant
    state: Literal["taken", "ignored", "refused"]
    problem: Annotated[str | None, Meta(description="Why it was refused.", examples=["/problems/webhook-not-mapped"])]


class ListedHook(HookView, frozen=True, kw_only=True):
    last: Annotated[LastReceived | None, Meta(description="Null: nothing came, or nothing is kept of it any more.")]


def view(pair: Pair, principal: Principal) -> HookView:
    """Where it is, is for whoever may change it."""
    return HookView(**_members(pair, principal))


def listed(pair: Pair, latest: Latest | None, principal: Principal) -> ListedHook:
    last = None
    if latest is not None:
        problem = None if latest.problem is None else f"/problems/{latest.problem}"
        last = LastReceived(received_at=latest.received_at, state=latest.state, problem=problem)  # type: ignore[arg-type]  # the table's check constraint
    return ListedHook(**_members(pair, principal), last=last)


def with_secret(pair: Pair, principal: Principal, secret: str) -> MadeHook:
    return MadeHook(**_members(pair, principal), secret=secret)


def _members(pair: Pair, principal: Principal) -> dict[str, Any]:
    row, secrets = pair
    declared, event = msgspec.convert(row.verification, Verification), msgspec.convert(row.event, EventOf)
    return {
        "id": ids.show("hok", row.hook_id),
        "name": row.name,
        "connection": ids.show("con", row.connection_id),
        "path": f"/hooks/{row.address}" if Permission.CONNECTIONS_WRITE in principal.permissions else UNSET,
        "source": source_of(row.name),
        "verification": declared,
        "event": event,
        "media_types": row.media_types,
        "weaknesses": verification.weaknesses(declared) + mapping.weaknesses(event, declared),
        "secrets": [
            GoodSecret(version=one.version, last4=one.last4, made_at=one.made_at, ends_at=one.ends_at)
            for one in secrets
        ],
        "status": row.status,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
