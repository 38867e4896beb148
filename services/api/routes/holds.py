from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.pagination import cut
from services.api.call import Call
from services.api.fields import Cursor, Instant, Limit, NextCursor, filter_id
from services.api.hold_view import CustomerKey, HoldId, HoldView, OrderKey, ReasonCode, RoleSlug, TypeName, view
from services.api.policy import tenant_paths
from services.holds import reading, releasing
from services.holds.reading import Filter, Sort, Status
from services.holds.telling import PREFIX

TAGS: Final = ["holds"]


class HoldList(msgspec.Struct, frozen=True):
    items: list[HoldView]
    next: NextCursor


class HoldsOfKind(msgspec.Struct, frozen=True, kw_only=True):
    """The holds of one type, role and currency."""

    type: TypeName
    role: RoleSlug
    currency: str | None
    count: int
    value: Annotated[int | None, Meta(description="At risk in all of them together, in minor units of the currency.")]
    oldest: Instant
    next_due: Instant | None


class HoldSummary(msgspec.Struct, frozen=True):
    count: int
    items: list[HoldsOfKind]


class HoldOfOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An active hold that keeps the order."""

    id: HoldId
    on: Annotated[Literal["order", "line", "customer"], Meta(description="One on the customer stands above the order.")]
    line: str | None
    type: TypeName
    reason: ReasonCode
    role: RoleSlug


class OrderStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an order may go out now."""

    order: OrderKey
    customer: CustomerKey | None
    releasable: Annotated[
        bool,
        Meta(
            description="No hold is active on it, on its lines or on its customer. False where nobody said whose order"
            " it is: name the customer."
        ),
    ]
    released: Annotated[bool, Meta(description="A run let it go, and nothing was held since.")]
    holds: list[HoldOfOrder]


def _text(description: str, most: int = 200) -> QueryParameter:
    return QueryParameter(description=description, required=False, max_length=most)


TypeFilter = Annotated[
    str | None, QueryParameter(name="type", description="Only of this type.", required=False, max_length=63)
]
RoleFilter = Annotated[str | None, _text("Only those that this role looks after.", 125)]
OrderFilter = Annotated[str | None, _text("Only on this order or its lines.")]
CustomerFilter = Annotated[str | None, _text("Only on this customer or its orders.")]
SiteFilter = Annotated[str | None, _text("Only on orders of this site.", 125)]
OnFilter = Annotated[
    Literal["order", "customer"] | None, QueryParameter(description="Only on orders, or on customers.", required=False)
]
StatusFilter = Annotated[Status, QueryParameter(description="In this state.", required=False)]
RunFilter = Annotated[str | None, QueryParameter(description="Only raised by this run.", required=False)]
CurrencyFilter = Annotated[str | None, _text("Only with a value in this currency.", 3)]
LeastValue = Annotated[
    int | None,
    QueryParameter(description="Only with that much at risk or more, in minor units.", required=False, ge=0, le=2**53),
]
DueBefore = Annotated[Instant | None, QueryParameter(description="Only due before then.", required=False)]
Sorted = Annotated[
    Sort,
    QueryParameter(
        required=False,
        description="`age`: the oldest first. `value`: the highest amount first, whatever its currency. `due`: the next"
        " one first.",
    ),
]


@get(tenant_paths("/holds"), summary="List holds", tags=TAGS)
async def list_holds(
    request: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: Sorted = "age",
    status: StatusFilter = "active",
    kind: TypeFilter = None,
    role: RoleFilter = None,
    on: OnFilter = None,
    order: OrderFilter = None,
    customer: CustomerFilter = None,
    site: SiteFilter = None,
    run: RunFilter = None,
    currency: CurrencyFilter = None,
    least_value: LeastValue = None,
    due_before: DueBefore = None,
) -> HoldList:
    """What keeps orders, in the order of what matters most."""
    page = request.page(limit, cursor)
    only = Filter(
        status=status,
        on="order" if order is not None else on,
        key=order,
        type=kind,
        role=role,
        customer=customer,
        site=site,
        run=filter_id("run", "run", run),
        currency=currency,
        least_value=least_value,
        due_before=due_before,
    )
    async with request.transaction() as session:
        rows = await reading.list_holds(session, request.tenant.tenant_id, page, only, sort)
    kept, last = cut(rows, page, lambda row: reading.position(row, sort))
    return HoldList([view(row, request.payloads) for row in kept], request.cursor(last))


@get(tenant_paths("/holds/summary"), summary="Count active holds", tags=TAGS)
async def summarize_holds(
    request: Call, role: RoleFilter = None, customer: CustomerFilter = None, site: SiteFilter = None
) -> HoldSummary:
    """How many there are, what is at risk and since when, by type, role and currency."""
    only = Filter(role=role, customer=customer, site=site)
    async with request.transaction() as session:
        rows = await reading.summary(session, request.tenant.tenant_id, only)
    groups = [_group(row) for row in rows]
    return HoldSummary(sum(one.count for one in groups), groups)


@get(tenant_paths("/holds/standing"), summary="Read whether an order may go out", tags=TAGS)
async def read_standing(
    request: Call,
    order: Annotated[str, QueryParameter(description="The order.", min_length=1, max_length=200)],
    customer: Annotated[
        str | None, _text("Its customer, whose holds keep it, too; absent: as it was told with a hold of the order.")
    ] = None,
) -> OrderStanding:
    """As it is now; a workflow waits for it with `holds:1.0.0@default`, which lets the order go at that very moment."""
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        found = await releasing.read(connection, tenant, order, customer)
    holds = [
        HoldOfOrder(
            id=ids.show(PREFIX, one.hold_id),
            on=one.on,
            line=one.line or None,
            type=one.type,
            reason=one.reason,
            role=one.owner_role,
        )
        for one in found.holds
    ]
    return OrderStanding(
        order=found.order,
        customer=found.customer,
        releasable=found.is_releasable,
        released=found.is_released,
        holds=holds,
    )


@get(tenant_paths("/holds/{hold:str}"), summary="Read a hold", tags=TAGS)
async def read_hold(request: Call) -> HoldView:
    """With who raised it, and who cleared it and why."""
    hold = request.path_id(PREFIX, "hold")
    async with request.transaction() as session:
        row = await reading.read_hold(session, request.tenant.tenant_id, hold)
    return view(row, request.payloads)


def _group(row: Any) -> HoldsOfKind:
    value = row["value"]
    members = {name: row[name] for name in ("type", "currency", "count", "oldest", "next_due")}
    return HoldsOfKind(role=row["owner_role"], value=None if value is None else int(value), **members)


HANDLERS: Final = (list_holds, summarize_holds, read_standing, read_hold)
