from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, get
from msgspec import Meta

from infra import schema_version
from infra.database import is_outage
from services.api.call import Call
from services.api.resources import Resources

State = Literal["up", "down", "unconfigured", "outdated"]


class Live(msgspec.Struct, frozen=True):
    status: Literal["live"] = "live"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served. A doorbell only makes work start sooner: its absence is reported and no more."""

    status: Literal["ready", "unready"]
    database: Annotated[State, Meta(description="outdated: its migrations are not this version's.")]
    doorbell: State


@get("/health/live", summary="Is the process alive", tags=["health"])
async def live() -> Live:
    return Live()


@get("/health/ready", summary="Can requests be served", tags=["health"])
async def ready(request: Call) -> Response[Ready]:
    """503 while the database is away or its migrations are not this version's."""
    database = await _database(request.resources)
    is_ready = database == "up"
    answer = Ready(
        status="ready" if is_ready else "unready", database=database, doorbell=await _doorbell(request.resources)
    )
    headers = {} if is_ready else {"Retry-After": "2"}
    return Response(answer, status_code=200 if is_ready else 503, headers=headers)


async def _database(resources: Resources) -> State:
    try:
        async with resources.database.doors() as connection:
            at = await connection.fetchval("SELECT version_num FROM app.alembic_version")
    except Exception as error:
        if is_outage(error):
            return "down"
        raise
    return "up" if at == schema_version.NEWEST else "outdated"


async def _doorbell(resources: Resources) -> State:
    if resources.doorbell is None:
        return "unconfigured"
    return "up" if await resources.doorbell.is_up() else "down"


HANDLERS: Final = (live, ready)
