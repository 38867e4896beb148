"""The list of runs: which, in what order, a page at a time. Inside a transaction of the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from sqlalchemy import Select, Uuid, desc, literal, tuple_
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
    """Each key that is asked for is a range of the index `run_key_value`, which a list that is sorted is read from.

    Its order is that of name, value, run: the database reads either that, or the list's other index with a look at the
    keys of each run, whichever it expects to be less.
    """
    query = joined(SUMMARY, tenant)
    for column in (Run.state, Run.business_key, Run.deployment_id, Run.event_id):
        wanted = getattr(only, column.key)
        if wanted is not None:
            query = query.where(column == wanted)
    if only.held:
        query = query.where(HELD)
    ordered_by = None
    for name, conditions in _asked(only, sort):
        key = aliased(RunKey)
        its = (key.tenant_id == Run.tenant_id) & (key.run_id == Run.run_id) & (key.tenant_id == tenant)
        query = query.join(key, its & (key.name == name))
        query = query.where(*[_HOLDS[how](key.value, value) for how, value in conditions])
        if name == _SORTED_BY.get(sort):
            ordered_by = key
    return (_newest(query, page) if ordered_by is None else _ordered(query, page, ordered_by, sort)).limit(
        page.limit + 1
    )


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


def _newest(query: Select[Any], page: Page) -> Select[Any]:
    if page.after is not None:
        query = query.where(Run.run_id < UUID(page.after))
    return query.order_by(Run.run_id.desc())


def _ordered(query: Select[Any], page: Page, key: Any, sort: Sort) -> Select[Any]:
    falls, both = sort == "value", (key.value, key.run_id)
    query = query.add_columns(key.value.label("place"))
    if page.after is not None:
        place, _, last = page.after.rpartition(" ")
        seen = tuple_(literal(place), literal(UUID(last), Uuid()))
        query = query.where(tuple_(*both) < seen if falls else tuple_(*both) > seen)
    return query.order_by(*[desc(one) for one in both] if falls else both)
