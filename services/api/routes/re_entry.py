from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from msgspec import Meta

from infra.ids import TenantId
from services.api.call import Call
from services.api.exception_view import Owner
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.routes.touches import TAGS, Since, Until, period
from services.touches import re_entry
from services.touches.re_entry import Finding, What


class ReEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is typed or put right again and again. It holds no value that was typed."""

    what: Annotated[
        What,
        Meta(
            description="`typed-twice`: one value for one thing in two tasks. `edited-again`: one field of one thing,"
            " three times or more. `done-again`: keys or entries of one thing put right three times or more."
        ),
    ]
    kind: Annotated[str, Meta(description="Of the things that it is typed for.", examples=["sales-order"])]
    step: Annotated[str, Meta(description="Kind of the task, or act, in which it is typed again.")]
    field: str | None
    step_before: Annotated[str | None, Meta(description="Where the same was typed before.")]
    field_before: str | None
    count: int
    entities: Annotated[int, Meta(description="For how many things.")]
    example: Annotated[str, Meta(description="Key of one of them.")]
    minutes: Annotated[float | None, Meta(description="As pages measured the tasks. Null: nobody measured.")]
    cause: Annotated[str, Meta(description="What probably makes it so.")]
    owner: Annotated[Owner | None, Meta(description="Who has the task's queue, else the steward of the data.")]


class ReEntryFindings(msgspec.Struct, frozen=True, kw_only=True):
    since: Instant
    until: Instant
    items: Annotated[list[ReEntryView], Meta(description="What happened most often first; 200 at most.")]


@get(tenant_paths("/touches/re-entry"), summary="Find what is typed again and again", tags=TAGS)
async def find_re_entry(request: Call, since: Since = None, until: Until = None) -> ReEntryFindings:
    """In the answers of the newest 20,000 completed tasks of the period, and in its touches."""
    tenant, (begin, end) = TenantId(request.tenant.tenant_id), period(since, until)
    async with request.resources.database.tenant(tenant) as connection:
        found = await re_entry.findings(connection, tenant, begin, end)
    return ReEntryFindings(since=begin, until=end, items=[_view(one) for one in found])


def _view(one: Finding) -> ReEntryView:
    same = ("what", "step", "field", "step_before", "field_before", "entities", "example", "owner")
    return ReEntryView(
        kind=one.entity_kind,
        count=one.times,
        minutes=None if one.seconds is None else round(one.seconds / 60, 1),
        cause=one.cause,
        **{name: getattr(one, name) for name in same},
    )


HANDLERS: Final = (find_re_entry,)
