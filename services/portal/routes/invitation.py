"""Opening and accepting an invitation (S-58, S-69, ADR 0046). Looking at the link's page does neither."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, post
from litestar.params import JSONBody
from msgspec import Meta

from infra.problems import Forbidden
from services.api.call import Call
from services.api.fields import Instant
from services.portal.brands import brand_of, place_of
from services.portal.cookies import INVITATION, clearing, setting, setting_invitation, token_of
from services.portal.doorkeeper import doorkeeper_of
from services.portal.routes.session import SessionView, view
from tenants.identity.invitations import OPEN

TAGS: Final = ["session"]


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(max_length=64, description="What stands behind the `#` of the link.")]


class Accepting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Annotated[str, Meta(min_length=1, max_length=256, description="Twelve characters at least.")]


class OpenInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked in. It waits a quarter of an hour, in this browser."""

    email: str
    name: str
    expires_at: Instant


@post("/portal/invitation", summary="Open an invitation", tags=TAGS)
async def open_invitation(request: Call, data: JSONBody[Opening]) -> Response[OpenInvitation]:
    """From now on this browser may accept it, and one that opened it before may not."""
    keeper = doorkeeper_of(request)
    await keeper.spend(request)
    found, cookie = await keeper.invitations.open(place_of(brand_of(request)), data.token)
    opened_at = found.opened_at or found.created_at
    shown = OpenInvitation(email=found.email, name=found.name, expires_at=opened_at + OPEN)
    return Response(shown, status_code=201, cookies=[setting_invitation(cookie)])


@post("/portal/invitation/accept", summary="Accept an invitation with a password", tags=TAGS)
async def accept_invitation(request: Call, data: JSONBody[Accepting]) -> Response[SessionView]:
    """Makes the account and signs in. An invitation is accepted once; at a provider, see `leave`."""
    keeper, place = doorkeeper_of(request), place_of(brand_of(request))
    await keeper.spend(request)
    opener = token_of(request, INVITATION)
    found = await keeper.invitations.opened(place, opener)
    stored = await keeper.passwords.hash_new(data.password, [found.name, found.email, brand_of(request).name])
    account = await keeper.invitations.accept(place, opener, stored)
    made = await keeper.sessions.start(place, account, stored, before=token_of(request))
    if made is None:
        raise Forbidden("The account is disabled")
    return Response(view(made.session), status_code=201, cookies=[setting(made.token), clearing(INVITATION)])


HANDLERS: Final = (open_invitation, accept_invitation)
