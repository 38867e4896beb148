from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from msgspec import Meta

from infra import ids
from services.api.call import Call
from services.api.fields import Environment


class Named(msgspec.Struct, frozen=True):
    id: str
    slug: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a key or an account stands for and what it may do."""

    key: Annotated[str | None, Meta(description="Id of the key, not the key itself; null for an account.")]
    account: Annotated[str | None, Meta(description="Id of the account that is signed in; null for a key.")]
    name: str
    scope: Annotated[str, Meta(description="operator, partner or client.")]
    partner: Named | None
    client: Named | None
    environment: Environment | None
    permissions: Annotated[list[str], Meta(description="`resource:action`, sorted.")]


@get("/v1/me", summary="Who am I", tags=["keys"])
async def read_me(request: Call) -> Me:
    """What the credential that you sent stands for."""
    who = request.principal
    return Me(
        key=None if who.key_id is None else ids.show("key", who.key_id),
        account=None if who.account_id is None else ids.show("acc", who.account_id),
        name=who.key_name,
        scope=who.scope.value,
        partner=_named("ptr", who.partner_id, who.partner_slug),
        client=_named("cli", who.client_id, who.client_slug),
        environment=who.environment,
        permissions=sorted(who.permissions),
    )


def _named(prefix: str, value: UUID | None, slug: str | None) -> Named | None:
    return Named(ids.show(prefix, value), slug) if value is not None and slug is not None else None


HANDLERS: Final = (read_me,)
