from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.pagination import cut
from services.api import working
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor
from services.api.policy import tenant_paths
from services.api.routes.tasks import TAGS
from services.api.task_view import PersonId
from services.human_tasks import colleagues, people
from tenants.identity.permissions import Permission


class ColleagueView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a task can be given to."""

    id: PersonId
    name: Annotated[str | None, Meta(description="Null to a key, or to who acts as the client, without `people:read`.")]
    roles: Annotated[list[str], Meta(description="Slugs of their roles: the queues that are theirs.")]
    in_hand: Annotated[int, Meta(description="Open tasks that they have.")]
    away_until: Annotated[Instant | None, Meta(description="Of who is away now.")]
    substitute: Annotated[PersonId | None, Meta(description="Who acts for them meanwhile.")]


class ColleagueList(msgspec.Struct, frozen=True):
    items: list[ColleagueView]
    next: NextCursor


OfQueue = Annotated[
    str | None, QueryParameter(description="Whose queue the role of this slug is.", required=False, max_length=64)
]


@get(tenant_paths("/colleagues"), summary="List whom tasks can be given to", tags=TAGS)
async def list_colleagues(
    request: Call, limit: Limit = 50, cursor: Cursor = None, queue: OfQueue = None
) -> ColleagueList:
    """The client's active people, with their roles, what they have in hand, and who is away."""
    page, tenant = request.page(limit, cursor), request.tenant.tenant_id
    async with request.resources.database.tenant(tenant) as connection:
        is_one = await working.person_of(request, connection) is not None
        rows, last = cut(await colleagues.listed(connection, tenant, page, queue), page, _place)
    names = is_one or Permission.PEOPLE_READ in request.principal.permissions
    return ColleagueList([_view(row, names=names) for row in rows], request.cursor(last))


def _place(row: Any) -> str:
    return str(row["account_id"])


def _view(row: Any, *, names: bool) -> ColleagueView:
    return ColleagueView(
        id=ids.show("acc", row["account_id"]),
        name=row["name"] if names else None,
        roles=row["roles"],
        in_hand=row["in_hand"],
        away_until=row["away_until"],
        substitute=people.shown(row["substitute"]),
    )


HANDLERS: Final = (list_colleagues,)
