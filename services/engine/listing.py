"""The list of runs: which, in what order, a page at a time. Inside a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, Uuid, desc, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from infra.pagination import Page
from services.engine import keys
from services.engine.reading import HELD, SUMMARY, Row, joined
from services.engine.tables import Run, RunKey

Sort = Literal["newest", "deadline", "value"]
LEAST: Final = -(2**63)
MOST: Final = 2**63
_SORTED_BY: Final = {"deadline": keys.DEADLINE, "value": keys.AMOUNT}


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold. `held` is among the completed: released nothing, as its output says.

    Attributes:
        key: name and value of a declared key.
        least_value, most_value: in minor units of `currency`, without which they say nothing; both are included.
        deadline_after, deadline_before: the first is included.

    A run without a value, a deadline or a class is not found by what asks for it.
    """

    state: str | None = None
    held: bool = False
    business_key: str | None = None
    key: tuple[str, str] | None = None
    deployment_id: UUID | None = None
    event_id: UUID | None = None
    currency: str | None = None
    least_value: int | None = None
    most_value: int | None = None
    deadline_after: datetime | None = None
    deadline_before: datetime | None = None
    customer_class: str | None = None


async def list_runs(
    session: AsyncSession, tenant: UUID, page: Page, only: RunFilter, sort: Sort = "newest"
) -> list[Row]:
    """Without payloads; one row more than the page holds. See `position`.

    The newest, the next deadline, or the highest value first; by deadline and value those that have one.
    """
    return list((await session.execute(listing(tenant, page, only, sort))).mappings())


def listing(tenant: UUID, page: Page, only: RunFilter, sort: Sort) -> Select[Any]:
    """First which runs, then what is shown of them.

    With the rest joined before the page is cut, the database reckons with few runs, and reads and sorts all of them.
    """
    picked = _picked(tenant, page, only, sort).subquery("picked")
    query = joined((*SUMMARY, *([picked.c.place] if sort != "newest" else [])), tenant)
    query = query.join(picked, picked.c.run_id == Run.run_id)
    if sort == "newest":
        return query.order_by(desc(picked.c.run_id))
    both = (picked.c.place, picked.c.run_id)
    return query.order_by(*[desc(one) for one in both] if sort == "value" else both)


def _picked(tenant: UUID, page: Page, only: RunFilter, sort: Sort) -> Select[Any]:
    """Ids of the page's runs, in its order, and where each stands in it.

    Each key that is asked for is a range of the index `run_key_value`, whose order is that of name, value, run. The
    database reads that, or the index of another filter with a look at the keys of each run, whichever it expects to be
    less.
    """
    asked = list(_asked(only, sort))
    asked.sort(key=lambda one: one[0] != _SORTED_BY.get(sort))  # what the list is sorted by comes first
    keys_asked = [aliased(RunKey) for _ in asked]
    conditions = [
        condition
        for key, (name, bounds) in zip(keys_asked, asked, strict=True)
        for condition in (key.tenant_id == tenant, key.name == name, *(_HOLDS[how](key.value, v) for how, v in bounds))
    ]
    of_run = [
        column == getattr(only, column.key)
        for column in (Run.state, Run.business_key, Run.deployment_id, Run.event_id)
        if getattr(only, column.key) is not None
    ]
    of_run += [HELD] if only.held else []
    if of_run or not keys_asked:
        of_run.append(Run.tenant_id == tenant)
        conditions += [key.run_id == Run.run_id for key in keys_asked[:1]]
    conditions += [key.run_id == keys_asked[0].run_id for key in keys_asked[1:]]
    run = keys_asked[0].run_id if keys_asked else Run.run_id
    query = select(run.label("run_id")).where(*conditions, *of_run)
    if sort == "newest":
        return _newest(query, run, page).limit(page.limit + 1)
    return _ordered(query, page, keys_asked[0], sort).limit(page.limit + 1)


def position(row: Row, sort: Sort) -> str:
    """Where a page that ends with `row` goes on."""
    return str(row["run_id"]) if sort == "newest" else f"{row['place']} {row['run_id']}"


_HOLDS: Final = {
    "=": lambda column, value: column == value,
    ">=": lambda column, value: column >= value,
    "<": lambda column, value: column < value,
    "<=": lambda column, value: column <= value,
}


def _asked(only: RunFilter, sort: Sort) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Keys that a run must have, by name, and what must hold of their values."""
    if only.key is not None:
        yield only.key[0], [("=", only.key[1])]
    if only.customer_class is not None:
        yield keys.CUSTOMER_CLASS, [("=", only.customer_class)]
    moments = (">=", only.deadline_after), ("<", only.deadline_before)
    deadline = [(how, keys.moment_text(moment)) for how, moment in moments if moment is not None]
    if deadline or sort == "deadline":
        yield keys.DEADLINE, deadline
    if only.currency is not None:
        least = LEAST if only.least_value is None else only.least_value
        most = MOST if only.most_value is None else only.most_value
        bounds = (">=", least), ("<=", most)
        yield keys.AMOUNT, [(how, keys.amount_text(only.currency, amount)) for how, amount in bounds]


def _newest(query: Select[Any], run: Any, page: Page) -> Select[Any]:
    if page.after is not None:
        query = query.where(run < UUID(page.after))
    return query.order_by(desc(run))


def _ordered(query: Select[Any], page: Page, key: Any, sort: Sort) -> Select[Any]:
    falls, both = sort == "value", (key.value, key.run_id)
    query = query.add_columns(key.value.label("place"))
    if page.after is not None:
        place, _, last = page.after.rpartition(" ")
        seen = tuple_(literal(place), literal(UUID(last), Uuid()))
        query = query.where(tuple_(*both) < seen if falls else tuple_(*both) > seen)
    return query.order_by(*[desc(one) for one in both] if falls else both)
