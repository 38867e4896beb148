from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from litestar import get, patch, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from infra.egress import canonical_origin
from infra.encryption.secret import Secret
from infra.problems import Forbidden
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.webhooks import endpoints
from services.webhooks.endpoints import OVERLAP, Pair, Wish
from services.webhooks.sending import destination
from tenants.identity.permissions import Permission

TAGS: Final = ["webhooks"]
_ONE: Final = "/webhook-endpoints/{endpoint:str}"
_DAY: Final = int(OVERLAP.total_seconds())
Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        description="https, of a public address. Redirects are not followed.",
        examples=["https://hooks.acme.example/orders"],
    ),
]
Types = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200)]],
    Meta(
        min_length=1,
        max_length=100,
        description="Types of events, families such as `order.*`, or `*` for all.",
        examples=[["order.*", "io.serverlessworkflow.workflow.faulted.v1"]],
    ),
]
Description = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="For people.")]


class NewEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: Url
    types: Types
    description: Description = ""


class EndpointChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is absent stays; `types` are given whole."""

    url: Url | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    description: Description | UnsetType = UNSET


class SecretRotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    overlap_seconds: Annotated[int, Meta(ge=0, le=_DAY, description="How long the earlier secret signs as well.")] = (
        _DAY
    )


class SigningSecret(msgspec.Struct, frozen=True, kw_only=True):
    """That there is one; the value is shown when it is made, and never again."""

    set: Literal[True] = True
    created_at: Instant
    ends_at: Annotated[Instant | None, Meta(description="Of the earlier one: until when it signs as well.")]


class EndpointView(msgspec.Struct, frozen=True, kw_only=True):
    """Where events go. Its address is shown whole to whoever may change it, else only scheme and host."""

    id: Annotated[str, Meta(examples=["whe_01h455vb4pex5vsknk084sn02q"])]
    url: str
    types: list[str]
    description: str
    status: Annotated[Literal["active", "disabled"], Meta(description="Nothing is sent to a disabled one.")]
    why: Annotated[
        Literal["asked", "gone", "failing"] | None,
        Meta(description="Of a disabled one: somebody asked for it, it answered 410, or it failed for five days."),
    ]
    secrets: Annotated[list[SigningSecret], Meta(description="That sign now, the newest first: one, or two.")]
    failing_since: Annotated[Instant | None, Meta(description="Since when nothing was delivered.")]
    created_at: Instant
    updated_at: Instant


class MadeEndpoint(EndpointView, frozen=True, kw_only=True):
    secret: Annotated[
        str,
        Meta(
            description="What its messages are signed with. It is shown this once: keep it for the receiver.",
            examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
        ),
    ]


class EndpointList(msgspec.Struct, frozen=True):
    items: list[EndpointView]
    next: NextCursor


class _Set(msgspec.Struct, frozen=True):
    """What people set: the version of an endpoint, however its receiver fares."""

    url: str
    types: list[str]
    description: str
    status: str
    secret: int


@post(tenant_paths("/webhook-endpoints"), summary="Create a webhook endpoint", tags=TAGS)
async def create_webhook_endpoint(request: Call, data: JSONBody[NewEndpoint]) -> MadeEndpoint:
    """Active at once. Its secret is in this answer and in no other. Takes the permission `payloads:read` as well."""
    _check_reads(request)
    _admit(request, data.url)
    wish = Wish(url=data.url, types=data.types, description=data.description)
    await _prepare(request)
    async with request.creation() as creation:
        made = await endpoints.create(
            creation.session,
            request.tenant.tenant_id,
            wish,
            sealer=request.resources.desk.sealer,
            actor=request.principal.actor,
        )
        return creation.answer(_made(request, *made))


@get(tenant_paths("/webhook-endpoints"), summary="List webhook endpoints", tags=TAGS)
async def list_webhook_endpoints(request: Call, limit: Limit = 50, cursor: Cursor = None) -> EndpointList:
    """Newest first."""
    page = request.page(limit, cursor)
    async with request.transaction() as session:
        rows, last = await endpoints.listed(session, request.tenant.tenant_id, page)
    return EndpointList([_view(request, row) for row in rows], request.cursor(last))


@get(tenant_paths(_ONE), summary="Read a webhook endpoint", tags=TAGS)
async def read_webhook_endpoint(request: Call) -> EndpointView:
    """With what is known of its secrets; their values are never shown."""
    async with request.transaction() as session:
        found = await endpoints.find(session, request.tenant.tenant_id, request.path_id("whe", "endpoint"))
    return _shown(request, found)


@patch(tenant_paths(_ONE), summary="Change a webhook endpoint", tags=TAGS)
async def change_webhook_endpoint(request: Call, data: JSONBody[EndpointChanges]) -> EndpointView:
    """What is on its way goes to the new address; other types hold for what happens from now on.

    Both take the permission `payloads:read` as well.
    """
    if data.url is not UNSET or data.types is not UNSET:
        _check_reads(request)
    if not isinstance(data.url, UnsetType):
        _admit(request, data.url)
    wish = Wish(url=data.url, types=data.types, description=data.description)
    endpoint_id = request.path_id("whe", "endpoint")
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        return _shown(request, await endpoints.change(session, tenant_id, endpoint_id, wish, actor=actor))


@post(tenant_paths(f"{_ONE}/disable"), summary="Disable a webhook endpoint", tags=TAGS, status_code=200)
async def disable_webhook_endpoint(request: Call) -> EndpointView:
    """Nothing more is sent to it; what happens meanwhile can be sent later by a replay. Safe to repeat."""
    return await _set_status(request, "disabled")


@post(tenant_paths(f"{_ONE}/enable"), summary="Enable a webhook endpoint", tags=TAGS, status_code=200)
async def enable_webhook_endpoint(request: Call) -> EndpointView:
    """What was on its way goes on. Safe to repeat."""
    return await _set_status(request, "active")


@post(tenant_paths(f"{_ONE}/rotate"), summary="Rotate a webhook endpoint's secret", tags=TAGS)
async def rotate_webhook_secret(request: Call, data: JSONBody[SecretRotation]) -> MadeEndpoint:
    """Until the overlap is over, 24 hours by default, each message has the signatures of both secrets."""
    endpoint_id = request.path_id("whe", "endpoint")
    await _prepare(request)
    async with request.creation() as creation:
        await request.match(partial(_present, request, creation.session))
        made = await endpoints.rotate(
            creation.session,
            request.tenant.tenant_id,
            endpoint_id,
            timedelta(seconds=data.overlap_seconds),
            sealer=request.resources.desk.sealer,
            actor=request.principal.actor,
        )
        return creation.answer(_made(request, *made))


@post(tenant_paths(f"{_ONE}/remove"), summary="Remove a webhook endpoint", tags=TAGS, status_code=204)
async def remove_webhook_endpoint(request: Call) -> None:
    """One that is disabled, with its secrets and its delivery log."""
    endpoint_id = request.path_id("whe", "endpoint")
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        await endpoints.remove(session, tenant_id, endpoint_id, actor=actor)


async def _prepare(request: Call) -> None:
    """The tenant's key, before a transaction is open: a key service answers over the network."""
    await request.resources.desk.sealer.prepare(request.resources.database, request.tenant.tenant_id)


def _check_reads(request: Call) -> None:
    """Events go out whole, payloads and all: nobody leads them to where they read what they may not here (S-05).

    Raises:
        Forbidden: the caller may not see the client's business data whole.
    """
    needed = Permission.PAYLOADS_READ
    if needed not in request.principal.permissions:
        raise Forbidden(f"The permission {needed} is needed to say where events go, and which", permission=needed)


def _admit(request: Call, url: str) -> None:
    """Raises Refused: nothing may be sent there, whatever its name resolves to."""
    request.resources.client.admit(request.tenant.tenant_id, url, destination(url))


async def _set_status(request: Call, status: endpoints.Status) -> EndpointView:
    endpoint_id = request.path_id("whe", "endpoint")
    async with request.transaction() as session:
        await request.match(partial(_present, request, session))
        tenant_id, actor = request.tenant.tenant_id, request.principal.actor
        return _shown(request, await endpoints.set_status(session, tenant_id, endpoint_id, status, actor=actor))


async def _present(request: Call, session: AsyncSession) -> _Set:
    endpoint_id = request.path_id("whe", "endpoint")
    return _set(await endpoints.find(session, request.tenant.tenant_id, endpoint_id, lock=True))


def _set(pair: Pair) -> _Set:
    row, _ = pair
    return _Set(row.url, row.types, row.description, row.status, row.secret_version)


def _shown(request: Call, pair: Pair) -> EndpointView:
    request.version(_set(pair))
    return _view(request, pair)


def _made(request: Call, pair: Pair, secret: Secret) -> MadeEndpoint:
    request.version(_set(pair))
    return MadeEndpoint(**msgspec.structs.asdict(_view(request, pair)), secret=secret.reveal())


def _view(request: Call, pair: Pair) -> EndpointView:
    row, secrets = pair
    is_whole = Permission.WEBHOOKS_WRITE in request.principal.permissions
    return EndpointView(
        id=endpoints.shown(row.endpoint_id),
        url=row.url if is_whole else canonical_origin(row.url),
        types=row.types,
        description=row.description,
        status="active" if row.status == "active" else "disabled",
        why=row.why,  # type: ignore[arg-type]  # the table's check constraint
        secrets=[SigningSecret(created_at=one.created_at, ends_at=one.ends_at) for one in secrets],
        failing_since=row.failing_since,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


HANDLERS: Final = (
    create_webhook_endpoint,
    list_webhook_endpoints,
    read_webhook_endpoint,
    change_webhook_endpoint,
    disable_webhook_endpoint,
    enable_webhook_endpoint,
    rotate_webhook_secret,
    remove_webhook_endpoint,
)
