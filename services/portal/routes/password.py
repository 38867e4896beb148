"""The account's own password: whether there is one, and another in its place for who knows it (S-63)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.portal.brands import brand_of
from services.portal.cookies import clearing
from services.portal.doorkeeper import doorkeeper_of
from tenants.identity import account_repository as repository

TAGS: Final = ["session"]


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    old: Annotated[str, Meta(min_length=1, max_length=256)]
    new: Annotated[str, Meta(min_length=1, max_length=256, description="Twelve characters at least.")]


class PasswordView(msgspec.Struct, frozen=True):
    is_set: Annotated[bool, Meta(description="False: the account signs in at a provider.")]


@get("/portal/password", summary="Whether the account has a password", tags=TAGS)
async def read_password(request: Call) -> PasswordView:
    keeper = doorkeeper_of(request)
    found = await keeper.account((await keeper.mine(request)).session)
    async with keeper.database.session(found.rows) as session:
        row = await repository.account(session, found.partner_id, account_id=found.account_id)
    return PasswordView(is_set=row is not None and row.has_password)


@post("/portal/password", summary="Change your password", tags=TAGS, status_code=204)
async def change_password(request: Call, data: JSONBody[PasswordChange]) -> Response[None]:
    """Every session of the account ends, this one too, and its passkeys are removed: sign in with the new one."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    await keeper.prove.change_password(mine.place, mine.session, data.old, data.new, [brand_of(request).name])
    await keeper.sessions.end(mine.place, mine.token)
    return Response(None, status_code=204, cookies=[clearing()])


HANDLERS: Final = (read_password, change_password)
