"""Signing in at the partner's or the client's own OpenID provider (ADR 0044)."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from infra import ids
from infra.database import Scope
from infra.problems import Forbidden, NotFound, Problem
from services.api.call import Call
from services.portal import origin
from services.portal.brands import brand_of, place_of
from services.portal.cookies import FLOW, INVITATION, clearing, setting, setting_flow, token_of
from services.portal.doorkeeper import Doorkeeper, doorkeeper_of
from tenants.identity.openid import entering, providers, repository
from tenants.identity.openid.errors import ProviderRefused, SignInStale
from tenants.identity.openid.flow import Purpose, Vouched, Wish
from tenants.identity.people_models import SignInFlow
from tenants.identity.proving import acting_of
from tenants.identity.sessions import Made, Place

TAGS: Final = ["session"]


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(examples=["idp_01h455vb4pex5vsknk084sn02q"])]
    name: str


class ProviderChoice(msgspec.Struct, frozen=True):
    items: list[ProviderView]


class Leaving(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To enter; or, at most one of the two: to prove again who one is, to accept an invitation that is open here."""

    to: Annotated[str, Meta(max_length=2048, description="Path of this host to go to afterwards.")] = "/"
    prove: bool = False
    accept: bool = False


class Left(msgspec.Struct, frozen=True):
    location: Annotated[str, Meta(description="Where to go.")]


@get("/portal/providers", summary="Where one can sign in", tags=TAGS)
async def list_providers(
    request: Call,
    also: Annotated[
        str | None, QueryParameter(max_length=64, required=False, description="Id of one that a link named.")
    ] = None,
    purpose: Annotated[
        Purpose,
        QueryParameter(
            name="for",
            required=False,
            description="`accept`: where the invitation that is open in this browser can be accepted · `prove`: where "
            "whoever is signed in can prove who they are.",
        ),
    ] = "enter",
) -> ProviderChoice:
    """Public. The partner's; those of clients only for who was told of one, since a list would name the clients.

    Whoever is invited by a client sees that client's, too; whoever is signed in sees those that know them, to prove it.
    """
    keeper, brand = doorkeeper_of(request), brand_of(request)
    mine = await keeper.mine(request) if purpose == "prove" else None
    theirs: UUID | None = None
    if purpose == "accept":
        theirs = (await keeper.invitations.opened(place_of(brand), token_of(request, INVITATION))).tenant_id
    async with keeper.database.session(Scope.partner(brand.partner_id)) as session:
        if mine is None:
            every = await repository.providers(session, brand.partner_id)
            found = [one for one in every if one.tenant_id in {None, theirs} or providers.shown(one) == also]
        else:
            found = await repository.providers_of(session, brand.partner_id, mine.session.account_id)
    return ProviderChoice(
        [ProviderView(id=providers.shown(one), name=one.name) for one in found if one.status == "active"]
    )


@post("/portal/providers/{provider:str}/leave", summary="Go to a provider", tags=TAGS)
async def leave(request: Call, data: JSONBody[Leaving]) -> Response[Left]:
    """Answers where; the way back counts in this browser alone, once, for ten minutes."""
    keeper = doorkeeper_of(request)
    await keeper.spend(request)
    place = place_of(brand_of(request))
    wish = Wish(purpose="enter", origin=origin.of(request.headers["host"]), leads_to=data.to)
    if data.prove:
        mine = await keeper.mine(request)
        wish = msgspec.structs.replace(wish, purpose="prove", account_id=mine.session.account_id)
    elif data.accept:
        invitation = await keeper.invitations.opened(place, token_of(request, INVITATION))
        wish = msgspec.structs.replace(wish, purpose="accept", invitation_id=invitation.invitation_id)
    begun = await keeper.flows.begin(place, _provider_id(request), wish)
    return Response(Left(begun.location), status_code=201, cookies=[setting_flow(begun.cookie)])


@get("/portal/providers/{provider:str}/return", include_in_schema=False)
async def come_back(request: Call) -> Response[bytes]:
    """Where the provider sends the browser: on to where it wanted, or told why not."""
    keeper, place = doorkeeper_of(request), place_of(brand_of(request))
    cookie, flow = token_of(request, FLOW), None
    try:
        provider_id, query = _provider_id(request), _query(request)
        flow = await keeper.flows.take(place, provider_id, query, cookie)
        vouched = await keeper.flows.finish(place, flow, query, cookie or "")
        made = await _enter(keeper, request, place, vouched)
    except Problem as problem:
        # A person is told on a page; a program, that it was refused.
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _redirect(_told(flow, problem), [clearing(FLOW)])
    return _redirect(flow.leads_to, [setting(made.token), clearing(FLOW), clearing(INVITATION)])


def _told(flow: SignInFlow | None, problem: Problem) -> str:
    """Where a person who comes back in vain is told why: on the page that asked for a proof, else where one enters."""
    told = urlencode({"failed": problem.name})
    if flow is None or flow.purpose != "prove":
        return f"/sign-in?{told}"
    way, mark, place = flow.leads_to.partition("#")
    return f"{way}{'&' if '?' in way else '?'}{told}{mark}{place}"


async def _enter(keeper: Doorkeeper, request: Call, place: Place, vouched: Vouched) -> Made:
    purpose, before = vouched.flow.purpose, token_of(request)
    acting = None
    if purpose == "accept":
        opened = await keeper.invitations.opened(place, token_of(request, INVITATION))
        if opened.invitation_id != vouched.flow.invitation_id:
            raise SignInStale
        account = await keeper.invitations.accept(place, token_of(request, INVITATION), None, vouched)
    else:
        account = await entering.account_for(keeper.database, vouched)
    if purpose == "prove":
        mine = await keeper.mine(request)
        if mine.session.account_id != account.account_id:
            raise ProviderRefused("other-person")
        acting = acting_of(mine.session)
    vouch = vouched.vouch
    made = await keeper.sessions.start(place, account, None, before=before, acting=acting, vouch=vouch)
    if made is None:
        raise Forbidden("The account is disabled, or your session at the provider has ended")
    try:
        await keeper.flows.check(place, vouched.provider.provider_id)
    except Problem:
        await keeper.sessions.end(place, made.token)
        raise
    return made


def _redirect(to: str, cookies: list[Any]) -> Response[bytes]:
    return Response(
        b"",
        status_code=303,
        media_type="text/plain",
        headers={"Location": to, "Cache-Control": "no-store"},
        cookies=cookies,
    )


def _query(request: Call) -> dict[str, str]:
    """Each parameter once: an answer that says a thing twice says nothing."""
    pairs = request.query_pairs()
    if len({name for name, _ in pairs}) != len(pairs):
        raise SignInStale
    return dict(pairs)


def _provider_id(request: Call) -> UUID:
    try:
        return ids.read("idp", str(request.path_params["provider"]))
    except ids.MalformedId:
        raise NotFound from None


HANDLERS: Final = (list_providers, leave, come_back)
