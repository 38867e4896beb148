"""Authorising a connection by its link (S-61, S-69, ADR 0086). Looking at the link's page does nothing."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra.database import Scope
from infra.problems import Problem
from services.api.call import Call
from services.api.fields import Instant
from services.connectors.levels import Level
from services.connectors.sdk.authorization import Authorizes, CodeGrant
from services.connectors.sdk.errors import Refusal
from services.portal import origin
from services.portal.brands import brand_of
from services.portal.cookies import RECONNECT, setting_reconnect, token_of
from services.portal.doorkeeper import doorkeeper_of
from tenants.connections import links, service
from tenants.connections.grant_models import ConnectionLink
from tenants.connections.links import At, Links, Returned
from tenants.connections.models import Connection
from tenants.organizations import service as organizations
from tenants.organizations.link_texts import LinkOver

TAGS: Final = ["reconnecting"]
_CODE: Final = re.compile(r"[\x20-\x7e]{8,4096}")
_PAGE: Final = "/reconnect"


class OpeningLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(max_length=128, description="What stands behind the `#` of the link.")]


class OpenLink(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be authorised, and how far that is; for the browser that opened the link."""

    client: Annotated[str, Meta(description="For whom.")]
    system: Annotated[str, Meta(description="What kind of system it is.")]
    level: Annotated[Level | None, Meta(description="How far the connector is proven that speaks with it.")]
    connection: str
    state: Literal["open", "left", "exchanging", "refused", "done"]
    reason: Annotated[
        Literal["denied", "system-refused", "other-issuer", "code-refused", "settings", "away", "interrupted"] | None,
        Meta(description="Why it was refused; it may be tried again."),
    ]
    expires_at: Instant


class LeftForSystem(msgspec.Struct, frozen=True):
    location: Annotated[str, Meta(description="Where to go.")]


@post("/portal/reconnect", summary="Open a connection's link", tags=TAGS)
async def open_link(request: Call, data: JSONBody[OpeningLink]) -> Response[OpenLink]:
    """From now on this browser may leave by it, and one that opened it before may not."""
    await doorkeeper_of(request).spend(request)
    found, cookie = await _links(request).open(_at(request), data.token)
    return Response(await _view(request, found), status_code=201, cookies=[setting_reconnect(cookie)])


@get("/portal/reconnect", summary="Read an open link", tags=TAGS)
async def read_link(request: Call) -> OpenLink:
    """What this browser has opened, and what became of it."""
    return await _view(request, await _links(request).opened(_at(request), token_of(request, RECONNECT)))


@post("/portal/reconnect/leave", summary="Go to the system", tags=TAGS)
async def leave_for_system(request: Call) -> Response[LeftForSystem]:
    """Answers where; the way back counts in this browser alone, once, for ten minutes."""
    await doorkeeper_of(request).spend(request)
    at, cookie = _at(request), token_of(request, RECONNECT)
    # Before anything moves: settings that lead nowhere are told, and the link stays as it is.
    grant = _grant(request, await _connection(request, await _links(request).opened(at, cookie)))
    _, left = await _links(request).leave(at, cookie)
    location = grant.location(
        redirect_uri=_redirect_uri(request, grant.connector),
        state=links.state_for(left, grant.leads_to),
        verifier=links.verifier_for(left),
    )
    return Response(LeftForSystem(location), status_code=201, cookies=[setting_reconnect(left)])


@get("/portal/connectors/{connector:str}/return", include_in_schema=False)
async def come_back_from_system(request: Call) -> Response[bytes]:
    """Where the system sends the browser: on to the page, which says how it went."""
    try:
        await _come_back(request)
    except Problem:
        # A person is told on the page; a program, that it was refused.
        if "text/html" not in request.headers.get("accept", ""):
            raise
    headers = {"Location": _PAGE, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(b"", status_code=303, media_type="text/plain", headers=headers)


async def _come_back(request: Call) -> None:
    """Raises LinkOver: it left elsewhere, for another connector or address, too long ago, or came back before."""
    at, cookie, query = _at(request), token_of(request, RECONNECT), _query(request)
    link = await _links(request).opened(at, cookie)
    grant = _grant(request, await _connection(request, link))
    if request.path_params["connector"] != grant.connector:
        raise LinkOver
    back = _brought(grant, query, _redirect_uri(request, grant.connector))
    await _links(request).returned(at, cookie, query.get("state", ""), link.connection_id, back)


def _brought(grant: CodeGrant, query: dict[str, str], redirect_uri: str) -> Returned:
    back = Returned(redirect_uri=redirect_uri, leads_to=grant.leads_to)
    if not grant.is_of(query.get("iss")):
        return msgspec.structs.replace(back, reason="other-issuer")
    if "error" in query:
        reason = "denied" if query["error"] == "access_denied" else "system-refused"
        return msgspec.structs.replace(back, reason=reason)
    if _CODE.fullmatch(query.get("code", "")) is None:
        return msgspec.structs.replace(back, reason="system-refused")
    return msgspec.structs.replace(back, code=query["code"])


def _query(request: Call) -> dict[str, str]:
    """Each parameter once: an answer that says a thing twice says nothing."""
    pairs = request.query_pairs()
    if len({name for name, _ in pairs}) != len(pairs):
        raise LinkOver
    return dict(pairs)


def _at(request: Call) -> At:
    brand = brand_of(request)
    return At(brand.partner_id, brand.host)


def _links(request: Call) -> Links:
    return Links(request.resources.database, request.resources.desk.sealer)


def _redirect_uri(request: Call, connector: str) -> str:
    return f"{origin.of(request.headers['host'])}/portal/connectors/{connector}/return"


async def _connection(request: Call, link: ConnectionLink) -> Connection:
    async with request.resources.database.session(Scope.tenant(link.tenant_id)) as session:
        row, _ = await service.find(session, link.tenant_id, link.connection_id)
    return row


def _grant(request: Call, row: Connection) -> CodeGrant:
    """Raises LinkOver: it is authorised otherwise by now, or its settings lead nowhere."""
    connector: object = request.resources.registry.connector(row.connector)
    try:
        grant = connector.code_grant(row.settings) if isinstance(connector, Authorizes) else None
    except Refusal:
        grant = None
    if grant is None or row.status != "active":
        raise LinkOver
    return grant


async def _view(request: Call, link: ConnectionLink) -> OpenLink:
    row = await _connection(request, link)
    connector = request.resources.registry.connector(row.connector)
    async with request.resources.database.session(Scope.partner(brand_of(request).partner_id)) as session:
        client = await organizations.client_name(session, link.tenant_id)
    state, reason = links.state_of(link)
    return msgspec.convert(
        {
            "client": client,
            "system": row.connector if connector is None else connector.manifest.title,
            "level": request.resources.levels.get(row.connector),
            "connection": row.name,
            "state": state,
            "reason": reason or None,
            "expires_at": link.expires_at,
        },
        OpenLink,
    )


HANDLERS: Final = (open_link, read_link, leave_for_system, come_back_from_system)
