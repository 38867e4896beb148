"""Connections that a person authorises: how they stand, and the link by which somebody does it (ADR 0086)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra.database import Scope as Rows
from infra.problems import Conflict
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.routes.invitations import address_of
from services.connectors.sdk.authorization import Authorizes, CodeGrant
from services.connectors.sdk.errors import Refusal
from tenants.connections import link_repository as repository
from tenants.connections import links, service
from tenants.connections.grant_models import ConnectionGrant, ConnectionLink
from tenants.connections.models import Connection
from tenants.identity import invitations
from tenants.organizations import branding

TAGS: Final = ["connections"]
_ONE: Final = "/connections/{connection:str}"
Standing = Literal["none", "held", "ended"]


class NotByLink(Conflict):
    """The connection is not one that a person authorises by a link, is disabled, or its settings lead nowhere."""

    name = "not-by-link"
    title = "The connection is not authorised by a link"


class NewLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: Annotated[str, Meta(max_length=253, description="Of the partner's; absent: its first.")] | None = None


class LinkView(msgspec.Struct, frozen=True, kw_only=True):
    """A link, without its text."""

    state: Literal["open", "left", "exchanging", "refused", "done", "expired"]
    reason: Annotated[str | None, Meta(description="Why it was refused; until it expires it may be tried again.")]
    host: str
    made_by: str
    created_at: Instant
    expires_at: Instant


class MadeLink(LinkView, frozen=True, kw_only=True):
    link: Annotated[str, Meta(description="To be handed to who may authorise it. It is never shown again.")]


class AuthorizationView(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection stands that a person authorises. No token is ever shown."""

    state: Annotated[Standing, Meta(description="none: nobody has authorised it · ended: it is to be again.")]
    reason: Annotated[
        str | None, Meta(description="Why it ended; `withdrawn`: somebody removed it here.", examples=["invalid_grant"])
    ]
    authorized_at: Instant | None
    renewed_at: Annotated[Instant | None, Meta(description="When its tokens were renewed last.")]
    return_addresses: Annotated[
        list[str], Meta(description="What is registered with the system as redirect URIs, one for each host.")
    ]
    link: Annotated[LinkView | None, Meta(description="The newest.")]


@get(tenant_paths(f"{_ONE}/authorization"), summary="Read how a connection is authorised", tags=TAGS)
async def read_authorization(request: Call) -> AuthorizationView:
    """Of any connection; `state` is `none` for those that take passwords and keys alone."""
    tenant, connection_id = request.tenant.tenant_id, request.path_id("con", "connection")
    async with request.transaction() as session:
        row, _ = await service.find(session, tenant, connection_id)
        grant = await repository.grant(session, tenant, connection_id)
        link = await repository.find(session, tenant, connection_id)
    return _view(grant, link, await _return_addresses(request, row))


@post(tenant_paths(f"{_ONE}/authorization-link"), summary="Make a link to authorise a connection", tags=TAGS)
async def make_authorization_link(request: Call, data: JSONBody[NewLink]) -> MadeLink:
    """For somebody who may sign in at the system. It counts once, within a day; links before it count no more."""
    tenant, connection_id = request.tenant.tenant_id, request.path_id("con", "connection")
    partner_id = request.tenant.partner_id
    async with request.transaction(Rows.partner(partner_id)) as session:
        host = await invitations.host_for(session, partner_id, data.host)
    async with request.transaction() as session:
        row, _ = await service.find(session, tenant, connection_id, lock=True)
        _grant(request, row)
        made, token = await links.make(session, tenant, connection_id, host, actor=request.principal.actor)
        shown = _link(made)
    address = address_of(host, request.resources.settings.api_port, "reconnect")
    return MadeLink(**msgspec.structs.asdict(shown), link=f"{address}#{token}")


@post(
    tenant_paths(f"{_ONE}/authorization/remove"),
    summary="Remove what a connection was allowed",
    tags=TAGS,
    status_code=200,
)
async def remove_authorization(request: Call) -> AuthorizationView:
    """What somebody authorised counts no more from two seconds on, nor an open link. Safe to repeat.

    The system is not told: its own list of applications is where it is ended there.
    """
    tenant, connection_id = request.tenant.tenant_id, request.path_id("con", "connection")
    async with request.transaction() as session:
        row, _ = await service.find(session, tenant, connection_id, lock=True)
        await links.withdraw(session, tenant, connection_id, actor=request.principal.actor)
        grant = await repository.grant(session, tenant, connection_id)
        link = await repository.find(session, tenant, connection_id)
    return _view(grant, link, await _return_addresses(request, row))


def _grant(request: Call, row: Connection) -> CodeGrant:
    """Raises NotByLink."""
    try:
        found = _asked(request, row)
    except Refusal as refusal:
        raise NotByLink(refusal.detail) from None
    if found is None:
        raise NotByLink(f"Connections of {row.connector} take their credentials in `settings` and `secrets`")
    if row.status != "active":
        raise NotByLink("Enable the connection first")
    return found


def _asked(request: Call, row: Connection) -> CodeGrant | None:
    """Raises Refusal: its settings lead nowhere."""
    connector: object = request.resources.registry.connector(row.connector)
    return connector.code_grant(row.settings) if isinstance(connector, Authorizes) else None


def is_by_link(request: Call, row: Connection) -> bool:
    """Whether a person authorises it, wherever its settings lead."""
    try:
        return _asked(request, row) is not None
    except Refusal:
        return True


async def _return_addresses(request: Call, row: Connection) -> list[str]:
    if not is_by_link(request, row):
        return []
    partner_id, port = request.tenant.partner_id, request.resources.settings.api_port
    async with request.transaction(Rows.partner(partner_id)) as session:
        hosts = await branding.hosts(session, partner_id)
    return [address_of(host, port, f"portal/connectors/{row.connector}/return") for host in hosts]


def _view(grant: ConnectionGrant | None, link: ConnectionLink | None, return_addresses: list[str]) -> AuthorizationView:
    return AuthorizationView(
        state=state_of(grant),
        reason=None if grant is None else grant.reason,
        authorized_at=None if grant is None else grant.authorized_at,
        renewed_at=None if grant is None else grant.refreshed_at,
        return_addresses=return_addresses,
        link=None if link is None else _link(link),
    )


def state_of(grant: ConnectionGrant | None) -> Standing:
    if grant is None:
        return "none"
    return "held" if grant.state == "held" else "ended"


def _link(row: ConnectionLink) -> LinkView:
    state, reason = links.state_of(row)
    return LinkView(
        state=state,
        reason=reason or None,
        host=row.host,
        made_by=row.maker,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


HANDLERS: Final = (read_authorization, make_authorization_link, remove_authorization)
