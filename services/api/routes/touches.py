from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import clock, ids
from infra.ids import TenantId
from infra.pagination import cut
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.policy import tenant_paths
from services.touches import reading
from services.touches.reading import Figures, Filter
from services.touches.writing import PREFIX, ActorKind, Source

TAGS: Final = ["touches"]
_DAYS: Final = timedelta(days=30)
_LONGEST: Final = timedelta(days=366)
Kind = Annotated[
    str,
    Meta(max_length=63, pattern=r"^[a-z0-9](-?[a-z0-9]){0,62}$", examples=["sales-order"], description="Of entity."),
]
Key = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[^\x00]*$", examples=["SO-10482"])]
StepName = Annotated[
    str, Meta(max_length=100, pattern=r"^[a-z0-9]([.-]?[a-z0-9]){0,99}$", examples=["approval.given", "re-keyed"])
]


class TouchView(msgspec.Struct, frozen=True, kw_only=True):
    """One act of one person on one thing."""

    id: Annotated[str, Meta(examples=["tch_01h455vb4pex5vsknk084sn02q"])]
    at: Instant
    kind: Kind
    key: Key
    step: StepName
    run: str | None
    account: Annotated[str, Meta(description="Id of who did it.")]
    actor_kind: Annotated[ActorKind, Meta(description="`acting`: somebody of the partner's, as the client.")]
    source: Source
    seconds_active: Annotated[int | None, Meta(description="As a page measured them. Null: nobody did.")]
    seconds_estimated: Annotated[int | None, Meta(description="As somebody typed them; they count as no measurement.")]


class TouchList(msgspec.Struct, frozen=True):
    items: list[TouchView]
    next: NextCursor


class StepOfTemplate(msgspec.Struct, frozen=True, kw_only=True):
    step: str
    source: Source
    touches: int
    measured: Annotated[int, Meta(description="Of how many somebody measured how long they took.")]
    seconds_measured: int


class TemplateTouches(msgspec.Struct, frozen=True, kw_only=True):
    """Of one template, or of a workflow of the client's own."""

    template: str
    runs: Annotated[int, Meta(description="That began in the period and are closed. All shares are of these.")]
    touches: int
    touches_per_run: float
    untouched: Annotated[int, Meta(description="Closed without any touch.")]
    untouched_share: float
    straight_through: Annotated[int, Meta(description="Closed without any touch and without any exception.")]
    straight_through_share: float
    measured: Annotated[int, Meta(description="Touches of which somebody measured how long they took.")]
    seconds_measured: int
    estimated: Annotated[
        int, Meta(description="Work elsewhere of which somebody typed how long it took: in no other figure.")
    ]
    seconds_estimated: int
    steps: list[StepOfTemplate]


class TouchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A template of which no run began in the period and is closed has no line: no figure is ever made up."""

    since: Instant
    until: Instant
    items: list[TemplateTouches]


KindFilter = Annotated[str | None, QueryParameter(description="Only of this kind.", required=False, max_length=63)]
KeyFilter = Annotated[str | None, QueryParameter(description="Only of this key.", required=False, max_length=512)]
RunFilter = Annotated[str | None, QueryParameter(description="Only of this run.", required=False)]
StepFilter = Annotated[str | None, QueryParameter(description="Only of this step.", required=False, max_length=100)]
SourceFilter = Annotated[Source | None, QueryParameter(description="Only from there.", required=False)]
Since = Annotated[Instant | None, QueryParameter(description="Runs that began then or later; 30 days.", required=False)]
Until = Annotated[Instant | None, QueryParameter(description="Runs that began before; now.", required=False)]
TemplateFilter = Annotated[
    str | None, QueryParameter(description="Only of the template of this name.", required=False, max_length=200)
]


@get(tenant_paths("/touches"), summary="List touches", tags=TAGS)
async def list_touches(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    kind: KindFilter = None,
    key: KeyFilter = None,
    run: RunFilter = None,
    step: StepFilter = None,
    source: SourceFilter = None,
) -> TouchList:
    """What people had to do by hand, the newest first. What a key or the product does is none."""
    page, tenant = request.page(limit, cursor), TenantId(request.tenant.tenant_id)
    only = Filter(kind=kind, key=key, run=filter_id("run", "run", run), step=step, source=source)
    async with request.resources.database.tenant(tenant) as connection:
        rows = await reading.list_touches(connection, tenant, page, only)
    kept, last = cut(rows, page, lambda row: str(row["touch_id"]))
    return TouchList([_view(row) for row in kept], request.cursor(last))


@get(tenant_paths("/touches/summary"), summary="Read how much went without a touch", tags=TAGS)
async def summarize_touches(
    request: Call, since: Since = None, until: Until = None, template: TemplateFilter = None
) -> TouchSummary:
    """Touches for each run, and the share without any, by template; of runs that the environment still has.

    What somebody typed as an estimate stands apart, and is in no figure of what was measured.
    """
    tenant, (begin, end) = TenantId(request.tenant.tenant_id), period(since, until)
    async with request.resources.database.tenant(tenant) as connection:
        found = await reading.summary(connection, tenant, begin, end, template)
    return TouchSummary(since=begin, until=end, items=[_figures(one) for one in found])


def period(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """From when to when; the last 30 days where nothing is said.

    Raises:
        BadParameter: it ends before it begins, or a year later or more.
    """
    end = until or clock.now()
    begin = since or end - _DAYS
    if not begin < end <= begin + _LONGEST:
        raise BadParameter("'since' is before 'until', by a year at most", parameter="since")
    return begin, end


def _view(row: Any) -> TouchView:
    same = ("at", "kind", "key", "step", "actor_kind", "source", "seconds_active", "seconds_estimated")
    return TouchView(
        id=ids.show(PREFIX, row["touch_id"]),
        run=None if row["run_id"] is None else ids.show("run", row["run_id"]),
        account=ids.show("acc", row["account_id"]),
        **{name: row[name] for name in same},
    )


def _figures(one: Figures) -> TemplateTouches:
    members = {name: getattr(one, name) for name in one.__struct_fields__ if name != "steps"}
    return TemplateTouches(
        **members,
        touches_per_run=round(one.touches / one.runs, 4),
        untouched_share=round(one.untouched / one.runs, 4),
        straight_through_share=round(one.straight_through / one.runs, 4),
        steps=[StepOfTemplate(**msgspec.structs.asdict(step)) for step in one.steps],
    )


HANDLERS: Final = (list_touches, summarize_touches)
