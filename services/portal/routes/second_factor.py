"""The account's own second factor (ADR 0045)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.portal.brands import brand_of
from services.portal.cookies import clearing
from services.portal.doorkeeper import doorkeeper_of
from tenants.identity import account_repository as repository
from tenants.identity import accounts, second_factors
from tenants.identity.errors import UnknownAccount

TAGS: Final = ["session"]


class FactorView(msgspec.Struct, frozen=True):
    is_set: bool


class NewFactor(msgspec.Struct, frozen=True, kw_only=True):
    """To be put into an authenticator app; shown this once."""

    uri: Annotated[str, Meta(description="`otpauth://…`, for a picture that an app reads.")]
    secret: Annotated[str, Meta(description="The same for typing, in base 32.")]


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=6, max_length=16)]


class RecoveryCodes(msgspec.Struct, frozen=True):
    recovery_codes: Annotated[list[str], Meta(description="Each is good once, in place of a code. Shown this once.")]


@get("/portal/second-factor", summary="Whether the account has a second factor", tags=TAGS)
async def read_factor(request: Call) -> FactorView:
    keeper = doorkeeper_of(request)
    account = await keeper.account((await keeper.mine(request)).session)
    return FactorView(await keeper.factors.is_set(account))


@post("/portal/second-factor", summary="Begin to set a second factor", tags=TAGS)
async def begin_factor(request: Call) -> NewFactor:
    """It counts once a code of it was confirmed."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    begun = await keeper.factors.begin(await keeper.account(mine.session), brand_of(request).name)
    return NewFactor(uri=begun.uri, secret=begun.secret)


@post("/portal/second-factor/confirm", summary="Confirm the second factor", tags=TAGS)
async def confirm_factor(request: Call, data: JSONBody[Confirmation]) -> Response[RecoveryCodes]:
    """Every session of the account ends, this one too: sign in with a code."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    codes = await keeper.factors.confirm(await keeper.account(mine.session), data.code)
    await keeper.sessions.end(mine.place, mine.token)
    return Response(RecoveryCodes(codes), status_code=201, cookies=[clearing()])


@delete("/portal/second-factor", summary="Remove the second factor", tags=TAGS, status_code=204)
async def remove_factor(request: Call) -> Response[None]:
    """Every session of the account ends. Safe to repeat."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    found = await keeper.account(mine.session)
    async with keeper.database.session(found.rows) as session:
        row = await repository.account(session, found.partner_id, account_id=found.account_id)
        if row is None:
            raise UnknownAccount
        await second_factors.remove(session, row, actor=f"account:{accounts.shown(row)}")
        await session.commit()
    await keeper.sessions.end(mine.place, mine.token)
    return Response(None, status_code=204, cookies=[clearing()])


HANDLERS: Final = (read_factor, begin_factor, confirm_factor, remove_factor)
