"""Somebody of the partner works as one of its clients, for a while and with a reason (S-05, ADR 0043)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from litestar import Response, delete, post
from litestar.params import JSONBody
from msgspec import Meta

from services.api.call import Call
from services.api.fields import Environment
from services.portal.cookies import setting
from services.portal.doorkeeper import NotSignedIn, doorkeeper_of
from services.portal.routes.session import SessionView, view
from tenants.identity import acting
from tenants.identity.acting import LONGEST_REASON, SHORTEST_REASON
from tenants.identity.sessions import MOST_ACTING

TAGS: Final = ["session"]


class ActAs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    client: Annotated[str, Meta(max_length=63, description="Id or slug of a client.")]
    environment: Environment
    reason: Annotated[
        str, Meta(min_length=SHORTEST_REASON, max_length=LONGEST_REASON, description="The client reads it in its log.")
    ]
    minutes: Annotated[int, Meta(ge=5, le=int(MOST_ACTING.total_seconds()) // 60)] = 60


@post("/portal/acting", summary="Act as a client", tags=TAGS)
async def start_acting(request: Call, data: JSONBody[ActAs]) -> Response[SessionView]:
    """A session of its own, which ends with the time that was named; the client's log has it from the start."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    life = timedelta(minutes=data.minutes)
    wish = acting.Wish(client=data.client, environment=data.environment, reason=data.reason, life=life)
    made = await acting.start(keeper.database, keeper.sessions, mine, wish)
    return Response(view(made.session), status_code=201, cookies=[setting(made.token)])


@delete("/portal/acting", summary="Stop acting as a client", tags=TAGS, status_code=200)
async def stop_acting(request: Call) -> Response[SessionView]:
    """The person's own session again. One that acts as nobody stays as it is."""
    keeper = doorkeeper_of(request)
    mine = await keeper.mine(request)
    if mine.session.acting_reason is None:
        return Response(view(mine.session))
    made = await acting.stop(keeper.database, keeper.sessions, mine)
    if made is None:
        raise NotSignedIn
    return Response(view(made.session), cookies=[setting(made.token)])


HANDLERS: Final = (start_acting, stop_acting)
