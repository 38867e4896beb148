from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import clock, ids
from infra.ids import TenantId
from infra.pagination import BadCursor, cut
from services.api import payloads, run_filters, run_waits
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id, filter_key
from services.api.following import POLL_SECONDS
from services.api.policy import tenant_paths
from services.api.run_view import ENDED, RunSummary, members, summary
from services.api.run_waits import RunLine, RunWait
from services.archives import reading as archives
from services.engine import listing, reading, standing
from services.engine.listing import RunFilter
from services.engine.standing import Standing

TAGS: Final = ["runs"]
MAX_WAIT_SECONDS: Final = 30


class RunView(RunSummary, frozen=True, kw_only=True):
    """A run. `input`, `output` and the words of `error` are the client's own and absent for a key above it.

    With `payloads:masked` and without `payloads:read`, personal and secret values in them are `••••••`;
    of an error, what its workflow has in so many words is shown.
    """

    input: Any
    output: Any
    error: Annotated[
        Any, Meta(description="Problem details of the fault: `type`, `status`, `title`, `detail`, `instance`.")
    ]
    waits: Annotated[
        list[RunWait],
        Meta(description="All that it waits for at once, by branch; `waiting_for` is the most telling of them."),
    ]
    compensates: Annotated[str | None, Meta(description="Id of the failed run that it undoes.")]
    compensated_by: Annotated[
        str | None, Meta(description="Id of the run that undoes what it did; it is not retried any more.")
    ]
    compensated_at: Annotated[Instant | None, Meta(description="When that run was begun.")]
    in_line: Annotated[RunLine | None, Meta(description="Its place in line; null while it waits or is worked on.")]


class RunList(msgspec.Struct, frozen=True):
    items: list[RunSummary]
    next: NextCursor


class JournalLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a run."""

    seq: Annotated[int, Meta(description="0, 1, 2 … without a gap.")]
    at: Instant
    kind: Annotated[str, Meta(examples=["task.completed"])]
    reference: Annotated[str, Meta(description="JSON pointer of the task in its workflow; empty for the run itself.")]
    name: str
    data: Annotated[Any, Meta(description="Null for a key above the client; masked as in the run itself.")]


class Journal(msgspec.Struct, frozen=True):
    items: list[JournalLine]
    next: NextCursor


@get(tenant_paths("/runs"), summary="List runs", tags=TAGS)
async def list_runs(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: run_filters.Sorted = "newest",
    in_state: run_filters.InState = None,
    business_key: run_filters.BusinessKey = None,
    key: run_filters.Key = None,
    deployment: run_filters.OfDeployment = None,
    event: run_filters.OfEvent = None,
    currency: run_filters.Currency = None,
    least_value: run_filters.LeastValue = None,
    most_value: run_filters.MostValue = None,
    deadline_after: run_filters.DeadlineAfter = None,
    deadline_before: run_filters.DeadlineBefore = None,
    customer_class: run_filters.CustomerClass = None,
) -> RunList:
    """The newest first, unless they are sorted otherwise."""
    page, tenant = request.page(limit, cursor), request.tenant.tenant_id
    only = RunFilter(
        state=None if in_state == "held" else in_state,
        held=in_state == "held",
        business_key=business_key,
        key=None if key is None else filter_key(key),
        deployment_id=filter_id("dep", "deployment", deployment),
        event_id=filter_id("evt", "event", event),
        currency=currency,
        least_value=least_value,
        most_value=most_value,
        deadline_after=deadline_after,
        deadline_before=deadline_before,
        customer_class=customer_class,
    )
    async with request.transaction() as session:
        rows = await listing.list_runs(session, tenant, page, run_filters.checked(only, sort), sort)
    kept, last = cut(rows, page, lambda row: listing.position(row, sort))
    return RunList([summary(row) for row in kept], request.cursor(last))


@get(tenant_paths("/runs/{run:str}"), summary="Read a run", tags=TAGS)
async def read_run(
    request: Call,
    wait: Annotated[
        int,
        QueryParameter(
            ge=0,
            le=MAX_WAIT_SECONDS,
            description="Answer when the run has ended, at most this many seconds from now.",
            required=False,
        ),
    ] = 0,
) -> RunView:
    """With its input, output or error."""
    run, until = request.path_id("run", "run"), clock.monotonic() + wait
    followers = request.resources.followers
    async with followers.following(run) as ended:
        row = await row_of(request, run)
        while row["state"] not in ENDED and not followers.released and (left := until - clock.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, POLL_SECONDS)):
                    await ended.wait()
            ended.clear()
            row = await row_of(request, run)
    return await view_of(request, row)


@get(tenant_paths("/runs/{run:str}/journal"), summary="Read a run's journal", tags=TAGS)
async def read_journal(request: Call, limit: Limit = 50, cursor: Cursor = None) -> Journal:
    """In the order in which it happened."""
    run, page, tenant = request.path_id("run", "run"), request.page(limit, cursor), request.tenant.tenant_id
    if page.after is not None and not page.after.isdigit():
        raise BadCursor
    async with request.transaction() as session:
        of = await archives.present(session, tenant, run)
        rows = await reading.read_journal(session, tenant, run, page)
    kept, last = cut(rows, page, lambda row: str(row["seq"]))
    written = await payloads.written(request, of, [row["data"] for row in kept])
    show, lines = payloads.DATA[request.payloads], []
    for row in kept:
        line = JournalLine(
            seq=row["seq"],
            at=row["at"],
            kind=row["kind"],
            reference=row["reference"],
            name=row["name"],
            data=show(row["data"], written),
        )
        lines.append(line)
        if line.data is not None:
            await asyncio.sleep(0)  # masking a page of large lines takes a while; others want to be served
    return Journal(lines, request.cursor(last))


async def row_of(request: Call, run: UUID) -> Any:
    """A run of the caller's tenant. Raises NotFound, or RunArchived."""
    tenant = request.tenant.tenant_id
    async with request.transaction() as session:
        return await archives.present(session, tenant, run)


async def view_of(request: Call, row: Any) -> RunView:
    """The run with as much of its data as the caller may see."""
    show, show_error = payloads.DATA_OF_RUN[request.payloads]
    written = await payloads.written(request, row, [row["error"]])
    error = show_error(row["error"], written)
    found = Standing(waits=[])
    if row["state"] not in ENDED:
        tenant = TenantId(request.tenant.tenant_id)
        async with request.resources.database.tenant(tenant) as connection:
            found = await standing.read(connection, tenant, row["run_id"])
    return RunView(
        **members(row),
        input=show(row["input"]),
        output=show(row["output"]),
        error=error,
        waits=run_waits.waits(found, show),
        compensates=_run(row["compensates"]),
        compensated_by=_run(row["compensated_by"]),
        compensated_at=row["compensated_at"],
        in_line=run_waits.line(found),
    )


def _run(run: UUID | None) -> str | None:
    return None if run is None else ids.show("run", run)


HANDLERS: Final = (list_runs, read_run, read_journal)
