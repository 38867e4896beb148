"""Who waits for a connection, in the order in which they go on: by deadline, then those without one, by age."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from infra.pagination import Page, cut

COUNTED: Final = 10_000
"""Runs that wait are looked at up to that, the first in line."""


class Worth(msgspec.Struct, frozen=True):
    """What runs are worth together in one currency; minor units."""

    currency: str
    amount: int
    runs: int


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits for a connection now.

    Attributes:
        runs: how many, `COUNTED` for more; all that follows is of those.
        kinds: how many of them for its return (`connection`), for a `slot`, for a call of its rate (`quota`).
        worth: of those that tell their value, by currency.
        overdue: how many have missed their deadline.
        deadline: the first one.
        oldest: when the first of them was begun.
    """

    runs: int
    kinds: dict[str, int]
    worth: list[Worth]
    overdue: int
    deadline: datetime | None
    oldest: datetime | None


async def read(session: AsyncSession, connection: UUID) -> Queue:
    """In a transaction of the connection's tenant; another tenant's connection has nobody in line."""
    found = await session.execute(text("SELECT * FROM app.line_sums(:c, :most)"), {"c": connection, "most": COUNTED})
    rows = found.mappings().all()
    kinds: dict[str, int] = {}
    worth: dict[str, Worth] = {}
    for row in rows:
        kinds[row["kind"]] = kinds.get(row["kind"], 0) + row["runs"]
        if row["currency"] is not None:
            before = worth.get(row["currency"], Worth(row["currency"], 0, 0))
            worth[row["currency"]] = Worth(row["currency"], before.amount + row["amount"], before.runs + row["runs"])
    return Queue(
        runs=sum(kinds.values()),
        kinds=kinds,
        worth=sorted(worth.values(), key=lambda one: one.currency),
        overdue=sum(row["overdue"] for row in rows),
        deadline=_first(row["deadline"] for row in rows),
        oldest=_first(row["oldest"] for row in rows),
    )


async def page(session: AsyncSession, connection: UUID, wanted: Page) -> tuple[list[UUID], str | None]:
    """The runs of a page, the first in line first, and the position of the next page."""
    promise, created, run = (None, None, None) if wanted.after is None else _read(wanted.after)
    found = await session.execute(
        text(
            "SELECT run_id, promise::text AS promise, created_at::text AS created_at "
            "FROM app.line_page(:c, CAST(CAST(:promise AS text) AS timestamptz), "
            "CAST(CAST(:created AS text) AS timestamptz), :run, :most)"
        ),
        {"c": connection, "promise": promise, "created": created, "run": run, "most": wanted.limit + 1},
    )
    rows, last = cut(found.mappings().all(), wanted, lambda row: "|".join(str(value) for value in _place(row)))
    return [row["run_id"] for row in rows], last


def _place(row: Any) -> tuple[str, str, UUID]:
    return row["promise"], row["created_at"], row["run_id"]


def _read(position: str) -> tuple[str, str, UUID]:
    promise, created, run = position.split("|")
    return promise, created, UUID(run)


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)
