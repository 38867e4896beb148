"""Peak mode: by which rule a tenant's runs share their places in line, and who waits (ADR 0033).

`app.deal_peak` deals the places, once a second in a worker; nothing here moves a run.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec.structs import asdict
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from infra import clock
from services.engine.peak_table import PeakRow
from tenants.audit import service as audit

Mode = Literal["off", "on", "auto"]
MOST: Final = 10_000
"""Runs in line that are looked at, from its head on."""
GROUPS: Final = 200
LISTED: Final = 20


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The order of runs in a peak: classes of customers, then ship date, cut-off and promise, the earlier first.

    Attributes:
        from_runs: in line, by which an automatic peak begins; it ends below half as many.
        classes: the first one first, any other behind them.
        ship_key, cut_off_key: declared keys of runs whose texts are dates or moments; None: not asked.
    """

    mode: Mode = "off"
    from_runs: int = 500
    classes: tuple[str, ...] = ()
    ship_key: str | None = None
    cut_off_key: str | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A run in line. `expected_at`: when its turn comes, as things go; None where nothing moves."""

    run_id: UUID
    business_key: str | None
    priority: int
    customer_class: str | None
    ship_date: str | None
    cut_off: str | None
    cut_off_at: datetime | None
    deadline: datetime | None
    amount: int | None
    currency: str | None
    expected_at: datetime | None

    @property
    def misses(self) -> bool:
        """Whether its turn comes when its cut-off is over."""
        return self.cut_off_at is not None and self.cut_off_at < (self.expected_at or clock.now())


class Sum(msgspec.Struct, kw_only=True):
    """Runs together, and their value in minor units by currency."""

    runs: int = 0
    value: dict[str, int] = {}

    def add(self, one: Waiting) -> None:
        self.runs += 1
        if one.amount is not None and one.currency is not None:
            self.value[one.currency] = self.value.get(one.currency, 0) + one.amount


class Group(Sum, kw_only=True):
    """What waits of one customer class, ship date and cut-off. `late`: of them, those that miss their cut-off."""

    customer_class: str | None
    ship_date: str | None
    cut_off: str | None
    late: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits, by the head of the line. `whole`: that is all of it."""

    whole: bool
    total: Sum
    late: Sum
    groups: list[Group]
    next: list[Waiting]
    misses: list[Waiting]


async def read(session: AsyncSession, tenant: UUID) -> PeakRow | None:
    """None where nobody has set a rule."""
    # What was read before a change of the same transaction is read anew.
    query = select(PeakRow).where(PeakRow.tenant_id == tenant)
    return await session.scalar(query.execution_options(populate_existing=True))


async def set_rule(session: AsyncSession, tenant: UUID, rule: Rule, *, actor: str) -> None:
    """Holds a second later, when a worker looks. A peak that somebody begins or ends by hand does so now."""
    values = {**asdict(rule), "classes": list(rule.classes), "set_by": actor, "dealt_clock": None, "rests_until": None}
    values |= {"set_at": func.clock_timestamp(), "seen_at": None}
    began: Any = PeakRow.began_at
    if rule.mode == "on":
        began = func.coalesce(PeakRow.began_at, func.clock_timestamp())
    elif rule.mode == "off":
        began = None
    first = func.clock_timestamp() if rule.mode == "on" else None
    statement = insert(PeakRow).values(tenant_id=tenant, began_at=first, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id"], set_={**values, "began_at": began})
    )
    await audit.record(session, actor=actor, action="peak.set", target="peak", after=msgspec.to_builtins(rule))


async def line(session: AsyncSession, tenant: UUID, row: PeakRow | None) -> Line:
    """Who waits in line now, in the order in which they are served."""
    found = await session.execute(
        text("SELECT * FROM app.line_of(:tenant, :ship, :cut_off, :most)"),
        {
            "tenant": tenant,
            "ship": None if row is None else row.ship_key,
            "cut_off": None if row is None else row.cut_off_key,
            "most": MOST + 1,
        },
    )
    speed = None if row is None else row.speed
    rows = list(found.mappings())
    return _summed([_waiting(one, speed) for one in rows[:MOST]], whole=len(rows) <= MOST)


def _waiting(row: Any, speed: float | None) -> Waiting:
    members = dict(row)
    now, turns = members.pop("now"), members.pop("turns")
    # In hundred days everything is otherwise.
    seconds = None if not speed else turns / speed
    known = seconds is not None and seconds < timedelta(100).total_seconds()
    return Waiting(**members, expected_at=now + timedelta(seconds=seconds) if known and seconds is not None else None)


def _summed(waiting: Iterable[Waiting], *, whole: bool) -> Line:
    result = Line(whole=whole, total=Sum(), late=Sum(), groups=[], next=[], misses=[])
    groups: dict[tuple[str | None, ...], Group] = {}
    for one in waiting:
        place = (one.customer_class, one.ship_date, one.cut_off)
        if place not in groups:
            groups[place] = Group(customer_class=place[0], ship_date=place[1], cut_off=place[2])
        group = groups[place]
        result.total.add(one)
        group.add(one)
        if len(result.next) < LISTED:
            result.next.append(one)
        if one.misses:
            group.late += 1
            result.late.add(one)
            if len(result.misses) < LISTED:
                result.misses.append(one)
    result.groups.extend(list(groups.values())[:GROUPS])
    return result
