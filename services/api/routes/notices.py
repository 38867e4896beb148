from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter

from infra.pagination import cut
from services.api.call import Call
from services.api.fields import Cursor, Limit, NextCursor, filter_id
from services.api.notice_view import NoticeView, view
from services.api.policy import tenant_paths
from services.engine import notices


class NoticeList(msgspec.Struct, frozen=True):
    items: list[NoticeView]
    next: NextCursor


@get(tenant_paths("/notices"), summary="List notices", tags=["connections"])
async def list_notices(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[str | None, QueryParameter(description="Only of this connection.", required=False)] = None,
    run: Annotated[str | None, QueryParameter(description="Only of this run.", required=False)] = None,
) -> NoticeList:
    """What people are told, newest first: outages that begin and end, effects of unknown outcome, quotas and peaks."""
    page, of_run = request.page(limit, cursor), filter_id("run", "run", run)
    of_connection = filter_id("con", "connection", connection)
    async with request.transaction() as session:
        found = await notices.listed(session, request.tenant.tenant_id, page, of_connection, of_run)
    rows, last = cut(found, page, lambda row: str(row.notice_id))
    return NoticeList([view(row) for row in rows], request.cursor(last))


HANDLERS: Final = (list_notices,)
