"""Passkeys: added by who is signed in, and entered with (ADR 0045)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta

from infra.problems import Forbidden
from services.api.call import Call
from services.api.fields import Instant
from services.portal import origin
from services.portal.brands import brand_of, place_of
from services.portal.cookies import PASSKEY, clearing, setting, setting_passkey, token_of
from services.portal.doorkeeper import doorkeeper_of
from services.portal.routes.session import SessionView, view
from tenants.identity import passkeys
from tenants.identity.passkeys import LONGEST_NAME, Signed
from tenants.identity.proving import acting_of

TAGS: Final = ["session"]
Credential = Annotated[dict[str, Any], Meta(description="What the browser answers, as JSON of WebAuthn.")]


class AskedView(msgspec.Struct, frozen=True):
    options: Annotated[dict[str, Any], Meta(description="For the browser's `navigator.credentials`.")]


class NewPasskey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, description="To know it by.")]
    credential: Credential


class Entering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    credential: Credential


class PasskeyView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    host: str
    created_at: Instant
    used_at: Instant | None


class PasskeyList(msgspec.Struct, frozen=True):
    items: list[PasskeyView]


@get("/portal/passkeys", summary="List your passkeys", tags=TAGS)
async def list_passkeys(request: Call) -> PasskeyList:
    keeper = doorkeeper_of(request)
    account = await keeper.account((await keeper.mine(request)).session)
    return PasskeyList([_view(one) for one in await keeper.passkeys.list_passkeys(account)])


@post("/portal/passkeys/ask", summary="Begin to add a passkey", tags=TAGS)
async def ask_new(request: Call) -> Response[AskedView]:
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    asked = await keeper.passkeys.ask_new(mine.place, await keeper.account(mine.session), brand_of(request).name)
    return _asked(asked)


@post("/portal/passkeys", summary="Add a passkey", tags=TAGS)
async def add_passkey(request: Call, data: JSONBody[NewPasskey]) -> Response[PasskeyView]:
    """Of this host alone."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    account = await keeper.account(mine.session)
    signed = _signed(request, data.credential)
    made = await keeper.passkeys.add(mine.place, account, mine.token, signed, data.name)
    return Response(_view(made), status_code=201, cookies=[clearing(PASSKEY)])


@post("/portal/passkeys/proof/ask", summary="Begin to prove again who you are, with a passkey", tags=TAGS)
async def ask_again(request: Call) -> Response[AskedView]:
    """404 for an account without a passkey of this host."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    return _asked(await keeper.passkeys.ask_again(mine.place, await keeper.account(mine.session)))


@post("/portal/passkeys/proof", summary="Prove again who you are, with a passkey", tags=TAGS)
async def prove(request: Call, data: JSONBody[Entering]) -> Response[SessionView]:
    """Good for ten minutes, as a password is. The session gets another id."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    account = await keeper.account(mine.session)
    proven = await keeper.passkeys.prove(mine.place, account, _signed(request, data.credential))
    acting = acting_of(mine.session)
    vouch = mine.session.vouch
    made = await keeper.sessions.start(mine.place, proven, None, before=mine.token, acting=acting, vouch=vouch)
    if made is None:
        raise Forbidden("The account is disabled")
    return Response(view(made.session), status_code=201, cookies=[setting(made.token), clearing(PASSKEY)])


@delete("/portal/passkeys/{passkey:str}", summary="Remove a passkey", tags=TAGS, status_code=204)
async def remove_passkey(request: Call) -> Response[None]:
    """Every session of the account ends."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    await keeper.passkeys.remove(await keeper.account(mine.session), str(request.path_params["passkey"]))
    await keeper.sessions.end(mine.place, mine.token)
    return Response(None, status_code=204, cookies=[clearing()])


@post("/portal/passkey-session/ask", summary="Begin to sign in with a passkey", tags=TAGS)
async def ask(request: Call) -> Response[AskedView]:
    """Names nobody."""
    keeper = doorkeeper_of(request)
    await keeper.spend(request)
    return _asked(await keeper.passkeys.ask(place_of(brand_of(request))))


@post("/portal/passkey-session", summary="Sign in with a passkey", tags=TAGS)
async def enter(request: Call, data: JSONBody[Entering]) -> Response[SessionView]:
    """Sets the session's cookie. A passkey is both factors; it is a proof for ten minutes, too."""
    keeper, place = doorkeeper_of(request), place_of(brand_of(request))
    await keeper.spend(request)
    account = await keeper.passkeys.enter(place, _signed(request, data.credential))
    made = await keeper.sessions.start(place, account, None, before=token_of(request))
    if made is None:
        raise Forbidden("The account is disabled")
    return Response(view(made.session), status_code=201, cookies=[setting(made.token), clearing(PASSKEY)])


def _signed(request: Call, credential: dict[str, Any]) -> Signed:
    return Signed(origin.of(request.headers["host"]), token_of(request, PASSKEY), credential)


def _asked(asked: passkeys.Asked) -> Response[AskedView]:
    shown = AskedView(msgspec.json.decode(asked.options))
    return Response(shown, status_code=201, cookies=[setting_passkey(asked.cookie)])


def _view(row: Any) -> PasskeyView:
    return PasskeyView(
        id=passkeys.shown(row), name=row.name, host=row.host, created_at=row.created_at, used_at=row.used_at
    )


HANDLERS: Final = (list_passkeys, ask_new, add_passkey, ask_again, prove, remove_passkey, ask, enter)
