from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import get, put
from litestar.params import JSONBody
from msgspec import Meta

from infra import ids
from infra.database import take_turn
from services.api.call import Call
from services.api.fields import Instant
from services.api.policy import tenant_paths
from services.api.run_view import RunValue
from services.engine import peak
from services.engine.peak import Line, Mode, Rule, Waiting
from services.engine.peak_table import PeakRow
from tenants.deployments.priorities import NAMES, Priority

_KEY: Final = "Name of a key that workflows declare; its texts are dates or moments of RFC 3339."
CustomerClass = Annotated[str, Meta(min_length=1, max_length=200, examples=["gold"])]
KeyName = Annotated[str, Meta(min_length=1, max_length=32)]


class PeakRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which order runs are taken in a peak: customer class, ship date, cut-off, then the promise."""

    mode: Annotated[Mode, Meta(description="`auto`: from so many runs in line on, until fewer than half as many are.")]
    from_runs: Annotated[int, Meta(ge=1, le=100_000, description="In line, by which an automatic peak begins.")] = 500
    customer_classes: Annotated[
        tuple[CustomerClass, ...], Meta(max_length=50, description="The first one first, any other behind them.")
    ] = ()
    ship_date_key: Annotated[KeyName | None, Meta(description=_KEY, examples=["shipDate"])] = None
    cut_off_key: Annotated[KeyName | None, Meta(description=_KEY, examples=["cutOff"])] = None


class PeakSum(msgspec.Struct, frozen=True, kw_only=True):
    runs: int
    value: Annotated[list[RunValue], Meta(description="Of those that tell, by currency.")]


class PeakGroup(PeakSum, frozen=True, kw_only=True):
    """What waits of one customer class, ship date and cut-off."""

    customer_class: str | None
    ship_date: Annotated[str | None, Meta(description="As the run's key has it.")]
    cut_off: str | None
    late: Annotated[int, Meta(description="Of them, those whose turn comes when their cut-off is over.")]


class PeakRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run in line."""

    run: str
    business_key: str | None
    priority: Priority
    customer_class: str | None
    ship_date: str | None
    cut_off: str | None
    deadline: Instant | None
    value: RunValue | None
    expected_at: Annotated[
        Instant | None, Meta(description="When its turn comes, by how fast the line went lately; null where unknown.")
    ]


class PeakView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is a peak, and who waits in line. What waits for something else is among the exceptions."""

    on: bool
    since: Annotated[Instant | None, Meta(description="Of the peak.")]
    rule: PeakRule
    in_line: PeakSum
    whole: Annotated[bool, Meta(description="False: only the first 10,000 in line were looked at.")]
    groups: Annotated[list[PeakGroup], Meta(description="In the order in which their first runs are served; 200.")]
    next: Annotated[list[PeakRun], Meta(description="Who is served next; 20.")]
    late: Annotated[PeakSum, Meta(description="Whose cut-off will be missed, or was.")]
    misses: Annotated[list[PeakRun], Meta(description="The first 20 of them.")]


@get(tenant_paths("/peak"), summary="Read what waits in line", tags=["peak"])
async def read_peak(request: Call) -> PeakView:
    """By customer class, ship date and cut-off, with value, who is next, and which cut-offs will be missed."""
    tenant = request.tenant.tenant_id
    async with request.transaction() as session:
        row = await peak.read(session, tenant)
        request.version(_present(row))
        return _view(row, await peak.line(session, tenant, row))


@put(tenant_paths("/peak"), summary="Set the rule for peaks", tags=["peak"])
async def set_peak(request: Call, data: JSONBody[PeakRule]) -> PeakView:
    """Given whole. Holds a second later, for all that is in line and all that comes."""
    tenant = request.tenant.tenant_id
    rule = Rule(
        mode=data.mode,
        from_runs=data.from_runs,
        classes=data.customer_classes,
        ship_key=data.ship_date_key,
        cut_off_key=data.cut_off_key,
    )
    async with request.transaction() as session:

        async def present() -> PeakRule:
            return _present(await peak.read(session, tenant))

        await take_turn(session, "peak", tenant)
        await request.match(present)
        await peak.set_rule(session, tenant, rule, actor=request.principal.actor)
        row = await peak.read(session, tenant)
        request.version(_present(row))
        return _view(row, await peak.line(session, tenant, row))


def _view(row: PeakRow | None, line: Line) -> PeakView:
    return PeakView(
        on=row is not None and row.began_at is not None,
        since=None if row is None else row.began_at,
        rule=_present(row),
        in_line=_sum(line.total),
        whole=line.whole,
        groups=[
            PeakGroup(
                customer_class=one.customer_class,
                ship_date=one.ship_date,
                cut_off=one.cut_off,
                late=one.late,
                **msgspec.structs.asdict(_sum(one)),
            )
            for one in line.groups
        ],
        next=[_run(one) for one in line.next],
        late=_sum(line.late),
        misses=[_run(one) for one in line.misses],
    )


def _present(row: PeakRow | None) -> PeakRule:
    if row is None:
        return PeakRule(mode="off")
    return PeakRule(
        mode=row.mode,  # type: ignore[arg-type]
        from_runs=row.from_runs,
        customer_classes=tuple(row.classes),
        ship_date_key=row.ship_key,
        cut_off_key=row.cut_off_key,
    )


def _sum(one: peak.Sum) -> PeakSum:
    return PeakSum(runs=one.runs, value=[RunValue(amount=one.value[name], currency=name) for name in sorted(one.value)])


def _run(one: Waiting) -> PeakRun:
    value: Any = None
    if one.amount is not None and one.currency is not None:
        value = RunValue(amount=one.amount, currency=one.currency)
    return PeakRun(
        run=ids.show("run", one.run_id),
        business_key=one.business_key,
        priority=NAMES[one.priority],
        customer_class=one.customer_class,
        ship_date=one.ship_date,
        cut_off=one.cut_off,
        deadline=one.deadline,
        value=value,
        expected_at=one.expected_at,
    )


HANDLERS: Final = (read_peak, set_peak)
