"""Signing in and out. The session is a cookie of this host and a row of the database, and nothing else."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Environment, Instant
from services.portal.brands import brand_of
from services.portal.cookies import clearing, setting, setting_device, token_of
from services.portal.doorkeeper import NotSignedIn, doorkeeper_of, is_background
from tenants.identity.live_session import Session

TAGS: Final = ["session"]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    email: Annotated[str, Meta(min_length=1, max_length=254, description="Of the account; its case does not matter.")]
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    code: Annotated[str, Meta(max_length=32, description="Of the second factor, where there is one.")] | None = None


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    password: Annotated[str, Meta(min_length=1, max_length=256)]
    code: Annotated[str, Meta(max_length=32)] | None = None


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: Annotated[str, Meta(examples=["acc_01h455vb4pex5vsknk084sn02q"])]
    name: str
    email: str


class ClientOfSession(msgspec.Struct, frozen=True, kw_only=True):
    """The business whose data the account sees."""

    name: str
    slug: str


class ActingView(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody of the partner works as the client; the client's log has it, too."""

    reason: str


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session as the page needs it: who, for whom, and what they may do."""

    account: AccountView
    client: Annotated[ClientOfSession | None, Meta(description="Null for a person of the partner's own.")]
    environment: Environment | None
    acting: ActingView | None
    permissions: Annotated[list[str], Meta(description="`resource:action`, sorted.")]
    expires_at: Annotated[Instant, Meta(description="When it ends at the latest; an hour of rest ends it before.")]


@post("/portal/session", summary="Sign in", tags=TAGS)
async def sign_in(request: Call, data: JSONBody[SignIn]) -> Response[SessionView]:
    """Sets the session's cookie. Ends the session that the browser had here before."""
    entered = await doorkeeper_of(request).sign_in(request, data.email, data.password, data.code)
    cookies = [setting(entered.made.token)]
    if entered.device is not None:
        cookies.append(setting_device(entered.device))
    return Response(view(entered.made.session), status_code=201, cookies=cookies)


@get("/portal/session", summary="Who is signed in", tags=TAGS)
async def read_session(request: Call) -> SessionView:
    """401 when nobody is."""
    keeper, passing = doorkeeper_of(request), is_background(request)
    found = await keeper.session(brand_of(request), token_of(request), passing=passing)
    if found is None:
        raise NotSignedIn
    return view(found)


@post("/portal/session/proof", summary="Prove again who you are", tags=TAGS)
async def prove(request: Call, data: JSONBody[Proof]) -> Response[SessionView]:
    """Before something dangerous, good for ten minutes. The session gets another id."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    made = await keeper.prove(mine.place, mine.session, mine.token, data.password, data.code)
    return Response(view(made.session), status_code=201, cookies=[setting(made.token)])


@delete("/portal/session", summary="Sign out", tags=TAGS, status_code=204)
async def sign_out(request: Call) -> Response[None]:
    """Ends the session here at once. Safe to repeat."""
    await doorkeeper_of(request).sign_out(brand_of(request), token_of(request))
    return Response(None, status_code=204, cookies=[clearing()])


def view(found: Session) -> SessionView:
    return SessionView(
        account=AccountView(id=ids.show("acc", found.account_id), name=found.name, email=found.email),
        client=_client(found),
        environment=found.environment,
        acting=None if found.acting_reason is None else ActingView(reason=found.acting_reason),
        permissions=sorted(found.permissions),
        expires_at=found.expires_at,
    )


def _client(found: Session) -> ClientOfSession | None:
    if found.client_name is None or found.client_slug is None:
        return None
    return ClientOfSession(name=found.client_name, slug=found.client_slug)


HANDLERS: Final = (sign_in, read_session, prove, sign_out)
