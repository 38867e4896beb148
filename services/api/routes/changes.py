from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import QueryParameter

from services.api import access
from services.api.call import Call
from services.api.event_stream import EventStream
from services.api.feed import Watcher
from services.api.fields import filter_id
from services.api.policy import tenant_paths
from services.api.run_view import summary
from services.engine import reading


@get(tenant_paths("/runs/changes"), summary="Follow changes of runs", tags=["runs"])
async def follow_changes(
    request: Call,
    run: Annotated[str | None, QueryParameter(description="Only of this run.", required=False)] = None,
) -> EventStream:
    """Server-sent events for as long as the connection and the key live.

    `run` carries the run's summary after a change; changes that come close together are one. With `?run=` the first
    tells the run as it stands. `reload` says that more changed than was kept: read the list again.
    `notice` carries what the owner of a connection is told (`/notices`). A comment every 15
    seconds keeps the connection open. What changed while no stream was open is not repeated: open the stream, then read
    the list.
    """
    only = filter_id("run", "run", run)
    return EventStream(partial(_watching, request, only), partial(access.is_still_admitted, request))


@asynccontextmanager
async def _watching(request: Call, run: UUID | None) -> AsyncIterator[Watcher]:
    tenant = request.tenant.tenant_id
    async with request.resources.feeds.watching(tenant, run) as watcher:
        if run is not None:
            async with request.transaction() as session:
                row = await reading.read_run(session, tenant, run)
            watcher.offer(run, msgspec.json.encode(summary(row)))
        yield watcher


HANDLERS: Final = (follow_changes,)
