from __future__ import annotations

from typing import Annotated, Final

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra.ids import TenantId
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.routes.touches import TAGS, KindFilter, Since, StepFilter, Until, period
from services.touches import figures
from services.touches.figures import By


class TouchFigure(msgspec.Struct, frozen=True, kw_only=True):
    """What was done by hand for one kind of entity at one step, or for one entity."""

    kind: Annotated[str, Meta(examples=["sales-order"])]
    key: Annotated[str | None, Meta(description="Of one entity, by entity.")]
    step: Annotated[str | None, Meta(description="By step.")]
    touches: int
    people: Annotated[int, Meta(description="How many people.")]
    entities: Annotated[int, Meta(description="For how many entities.")]
    touches_per_entity: float
    measured: Annotated[int, Meta(description="Touches of which a page measured how long they took.")]
    seconds_measured: int
    estimated: Annotated[int, Meta(description="Of which somebody typed it; they are in no other figure.")]
    seconds_estimated: int


class TouchFigures(msgspec.Struct, frozen=True, kw_only=True):
    since: Instant
    until: Instant
    by: By
    items: Annotated[list[TouchFigure], Meta(description="What was touched most first; 500 at most.")]


Grouped = Annotated[By, QueryParameter(description="`step`: of each kind of entity; `entity`: each one.")]


@get(tenant_paths("/touches/figures"), summary="Count touches by step or entity", tags=TAGS)
async def count_touches(
    request: Call,
    by: Grouped,
    since: Since = None,
    until: Until = None,
    kind: KindFilter = None,
    step: StepFilter = None,
) -> TouchFigures:
    """Where people work by hand, and for what: of touches of the period, whether or not their runs are closed."""
    tenant, (begin, end) = TenantId(request.tenant.tenant_id), period(since, until)
    async with request.resources.database.tenant(tenant) as connection:
        found = await figures.read(connection, tenant, by, begin, end, kind=kind, step=step)
    items = [
        TouchFigure(**msgspec.structs.asdict(one), touches_per_entity=round(one.touches / one.entities, 4))
        for one in found
    ]
    return TouchFigures(since=begin, until=end, by=by, items=items)


HANDLERS: Final = (count_touches,)
