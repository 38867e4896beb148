from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get

from infra.pagination import BadCursor, Page
from services.api import access
from services.api.call import Call
from services.api.event_stream import MEDIA_TYPE as EVENT_STREAM
from services.api.event_stream import EventStream
from services.api.feed import Watcher
from services.api.fields import Cursor, Limit
from services.api.lifecycle import LAST_EVENT_ID, Following, batch
from services.api.policy import tenant_paths
from services.archives import reading as archives

BATCH: Final = "application/cloudevents-batch+json"
_NO_CONTENT: Final = 204


@get(tenant_paths("/runs/{run:str}/lifecycle"), summary="Read a run's lifecycle events", tags=["runs"])
async def read_lifecycle(request: Call, limit: Limit = 50, cursor: Cursor = None) -> Response[bytes]:
    """CloudEvents of the workflow language, in the order in which it happened, of `limit` lines of the journal.

    As long as more lines follow, the header `Link` leads on. With `Accept: text/event-stream` the events are sent as
    they happen: from the beginning, from `cursor`, or behind the one that `Last-Event-ID` names, until the run's end
    was told. Who has that already is answered 204.
    """
    run, page = request.path_id("run", "run"), request.page(limit, cursor)
    if page.after is not None and not page.after.isdigit():
        raise BadCursor
    if _wants_stream(request):
        return await _stream(request, run, page)
    body, last = await batch(request, run, page)
    following = request.cursor(last)
    headers = {"Vary": "Accept"}
    if following is not None:
        path = quote(request.scope["path"])
        headers["Link"] = f'<{path}?limit={limit}&cursor={quote(following)}>; rel="next"'
    return Response(body, media_type=BATCH, headers=headers)


def _wants_stream(request: Call) -> bool:
    ranges = request.headers.get("accept", "").split(",")
    return any(one.partition(";")[0].strip().lower() == EVENT_STREAM for one in ranges)


async def _stream(request: Call, run: UUID, page: Page) -> Response[bytes]:
    async with request.transaction() as session:
        row = await archives.present(session, request.tenant.tenant_id, run)
    following = Following(request, row, page, request.headers.get(LAST_EVENT_ID) or None)
    if following.is_through:
        return Response(b"", status_code=_NO_CONTENT)
    return EventStream(partial(_watching, request, run), partial(access.is_still_admitted, request), following)


@asynccontextmanager
async def _watching(request: Call, run: UUID) -> AsyncIterator[Watcher]:
    async with request.resources.feeds.watching(request.tenant.tenant_id, run) as watcher:
        watcher.changed.set()  # what has happened before is told first
        yield watcher


HANDLERS: Final = (read_lifecycle,)
