from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.ids import TenantId
from infra.problems import Invalid
from services.api import previews
from services.api.call import Call
from services.api.fields import Instant
from services.api.hold_view import (
    CustomerKey,
    HoldId,
    HoldView,
    LineOf,
    OrderKey,
    ReasonCode,
    RoleSlug,
    SiteSlug,
    TypeName,
    Why,
    decider,
    view,
)
from services.api.policy import tenant_paths
from services.api.routes.holds import TAGS
from services.engine import redriving
from services.holds import bulk, facts, raising, reading
from services.holds.authority import Act
from services.holds.bulk import Batch
from services.holds.clearing import Hand, Wish
from services.holds.raising import Wanted
from services.holds.reading import Filter
from services.holds.telling import PREFIX
from template_library.holds import HoldDeadline, HoldFacts, Money, Words

_PURPOSE: Final = "holds"


class NewHold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On an order, whose customer may be told with it; or, without an order, on the customer and all its orders."""

    type: TypeName
    reason: ReasonCode
    order: OrderKey | None = None
    customer: CustomerKey | None = None
    line: LineOf | None = None
    site: SiteSlug | None = None
    words: Annotated[Words, Meta(description="Why, in words.")] | None = None
    value: Annotated[Money, Meta(description="At risk, in minor units.")] | None = None
    facts: Annotated[HoldFacts, Meta(description="That the authority judges by, beside value and site.")] | None = None
    role: RoleSlug | None = None
    due: Annotated[Instant | None, Meta(description="A moment. Null: as its type has it.")] = None
    deadline: Annotated[HoldDeadline, Meta(description="In business time; null: as its type has it.")] | None = None


class RaisedHold(msgspec.Struct, frozen=True, kw_only=True):
    """The hold that stands for it."""

    hold: HoldView
    raised: Annotated[bool, Meta(description="False: the same was held already.")]


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    why: Why
    seen: Annotated[int, Meta(ge=1, le=2**31 - 1, description="`version` of the hold as you read it.")]


class HoldFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Active ones; all that are given must hold."""

    type: TypeName | None = None
    role: RoleSlug | None = None
    order: OrderKey | None = None
    customer: CustomerKey | None = None
    site: SiteSlug | None = None


class ClearHolds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`preview: true` with a `filter` and why; then the `token` that the preview gave, alone."""

    preview: bool = False
    filter: HoldFilter | None = None
    why: Why | None = None
    token: Annotated[str, Meta(max_length=previews.MAX_TEXT)] | None = None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a hold if the token were sent now."""

    hold: HoldView
    may: Annotated[
        Literal["allowed", "more", "refused"],
        Meta(description="`more`: you agree, and somebody else has to as well. `refused`: somebody else decides."),
    ]
    because: str


class ClearedOne(msgspec.Struct, frozen=True, kw_only=True):
    id: HoldId
    outcome: Annotated[
        bulk.Outcome,
        Meta(
            description="`changed`: not as the preview saw it, and left alone. `refused`: clear it alone to see why."
            " `left`: time was up; send the token again."
        ),
    ]


class ClearedHolds(msgspec.Struct, frozen=True, kw_only=True):
    """Of a preview the first `holds`; of what was done each one in `done`."""

    count: Annotated[int, Meta(description="What the filter finds, counted to 10,000.")]
    covered: Annotated[int, Meta(description="What the token stands for: the oldest, 200 at most.")]
    allowed: Annotated[int, Meta(description="Of those, how many you may clear now, or agree to.")]
    holds: list[Judged]
    done: list[ClearedOne]
    token: Annotated[str | None, Meta(description="Of a preview; good for 24 hours, for exactly these.")]


@post(tenant_paths("/holds"), summary="Raise a hold", tags=TAGS, status_code=200)
async def raise_hold(request: Call, data: JSONBody[NewHold]) -> RaisedHold:
    """The same type and reason on the same order, customer or line is one hold.

    Raised again it keeps the higher value, the lower margin and everybody who is named; nothing makes it less.
    """
    tenant = TenantId(request.tenant.tenant_id)
    async with request.resources.database.tenant(tenant) as connection:
        raised = await raising.raise_hold(connection, tenant, _wanted(data), actor=request.principal.actor)
    return RaisedHold(hold=await _shown(request, raised.hold_id), raised=raised.is_new)


@post(tenant_paths("/holds/{hold:str}/clear"), summary="Clear a hold", tags=TAGS, status_code=200)
async def clear_hold(request: Call, data: JSONBody[Decision]) -> HoldView:
    """Its cause is gone, or who may has decided to let it go. Where its type asks for a decision, only a person does.

    Where several have to agree it stays active until the last of them has. The order goes out only when nothing else
    holds it: a hold on its customer stands above.
    """
    return await _decide(request, "clear", data)


@post(tenant_paths("/holds/{hold:str}/override"), summary="Override a hold", tags=TAGS, status_code=200)
async def override_hold(request: Call, data: JSONBody[Decision]) -> HoldView:
    """The order goes although its cause stands. It asks the same authority, and leaves a hold on the customer."""
    return await _decide(request, "override", data)


@post(tenant_paths("/holds/act"), summary="Clear many holds", tags=TAGS, status_code=200)
async def clear_holds(request: Call, data: JSONBody[ClearHolds]) -> ClearedHolds:
    """First with `preview` and a filter, then with the preview's token, which touches those and no others.

    The authority is asked of each by itself, in the preview and again as it is done; who may not clear one alone does
    not clear it with others. The same token can be sent again after whatever went wrong.
    """
    tenant = TenantId(request.tenant.tenant_id)
    if data.preview and data.filter is not None and data.why is not None and data.token is None:
        return await _preview(request, tenant, data.filter, data.why)
    if not data.preview and data.token is not None and data.filter is None and data.why is None:
        batch = bulk.unpack(previews.read(request, _PURPOSE, tenant, data.token))
        return await _drive(request, tenant, batch)
    raise Invalid.at("", "Send 'preview': true with a 'filter' and 'why', then the preview's 'token' alone")


async def _decide(request: Call, act: Act, data: Decision) -> HoldView:
    hold, tenant = request.path_id(PREFIX, "hold"), TenantId(request.tenant.tenant_id)
    wish = Wish(act=act, why=data.why, by=decider(request), seen=data.seen)
    async with request.resources.database.tenant(tenant) as connection:
        await Hand(connection, tenant, request.resources.judge).act(hold, wish)
    request.resources.ring()
    return await _shown(request, hold)


async def _preview(request: Call, tenant: TenantId, wanted: HoldFilter, why: str) -> ClearedHolds:
    only = Filter(
        on=None if wanted.order is None else "order",
        key=wanted.order,
        type=wanted.type,
        role=wanted.role,
        customer=wanted.customer,
        site=wanted.site,
    )
    async with request.transaction() as session:
        rows, count = await reading.find(session, tenant, only, redriving.MOST, redriving.COUNTED)
    wish = Wish(act="clear", why=why, by=decider(request))
    async with request.resources.database.tenant(tenant) as connection:
        hand = Hand(connection, tenant, request.resources.judge)
        said = [await hand.may(row["hold_id"], wish) for row in rows]
    token = previews.issue(request, _PURPOSE, tenant, bulk.pack(why, rows)) if rows else None
    judged: list[Judged] = [
        Judged(hold=view(row, request.payloads), may=verdict.outcome, because=verdict.words)
        for row, verdict in zip(rows[: previews.EXAMPLES], said, strict=False)
    ]
    allowed = sum(verdict.outcome != "refused" for verdict in said)
    return ClearedHolds(count=count, covered=len(rows), allowed=allowed, holds=judged, done=[], token=token)


async def _drive(request: Call, tenant: TenantId, batch: Batch) -> ClearedHolds:
    done = await bulk.drive(request.resources.database, tenant, batch, decider(request), request.resources.judge)
    request.resources.ring()
    told = [ClearedOne(id=ids.show(PREFIX, one), outcome=outcome) for one, outcome in done]
    cleared = sum(one.outcome in {"cleared", "agreed"} for one in told)
    return ClearedHolds(count=len(done), covered=len(done), allowed=cleared, holds=[], done=told, token=None)


async def _shown(request: Call, hold: UUID) -> HoldView:
    async with request.transaction() as session:
        row = await reading.read_hold(session, request.tenant.tenant_id, hold)
    return view(row, request.payloads)


def _wanted(data: NewHold) -> Wanted:
    if data.order is None and data.customer is None:
        raise Invalid.at("/order", "name an order, or a customer")
    if data.order is None and (data.line is not None or data.site is not None):
        raise Invalid.at("/order", "a line and a site are an order's: name the order")
    if data.due is not None and data.deadline is not None:
        raise Invalid.at("/deadline", "give `due`, a moment, or a `deadline` in business time")
    value: dict[str, Any] = {}
    if data.value is not None:
        value = {"value": data.value.amount, "currency": data.value.currency}
    return Wanted(
        kind="customer" if data.order is None else "order",
        key=data.order or data.customer or "",
        customer=data.customer,
        site=data.site,
        line=data.line or "",
        type=data.type,
        reason=data.reason,
        words=data.words,
        role=data.role,
        due=data.due,
        deadline=data.deadline,
        facts=facts.kept(data.facts),
        **value,
    )


HANDLERS: Final = (raise_hold, clear_holds, clear_hold, override_hold)
