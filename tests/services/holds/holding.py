"""Holds as tests raise and clear them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.holds import raising, releasing
from services.holds.authority import Decider, Judge, Question, Verdict
from services.holds.clearing import Hand, Outcome, Wish
from services.holds.raising import Raised, Wanted
from services.holds.releasing import Standing, Waiter

ORDER, CUSTOMER = "SO-1", "C-1"
KIM, SAM = (Decider(actor=f"account:{name}", account=UUID(int=place)) for place, name in enumerate(("kim", "sam"), 1))


def wanted(kind: str = "stock", on: str = ORDER, **more: Any) -> Wanted:
    """On an order of `CUSTOMER`; a hold of stock asks nobody."""
    return Wanted(kind="order", key=on, customer=CUSTOMER, type=kind, reason="tried", **more)


def on_customer(kind: str = "stock") -> Wanted:
    return Wanted(kind="customer", key=CUSTOMER, type=kind, reason="tried")


class Desk:
    """One tenant's."""

    def __init__(self, database: Database, tenant: TenantId, judge: Judge | None = None) -> None:
        self.database, self.tenant, self.judge = database, tenant, judge

    async def hold(self, what: Wanted | None = None, actor: str = "account:maker") -> Raised:
        async with self.database.tenant(self.tenant) as connection:
            return await raising.raise_hold(connection, self.tenant, what or wanted(), actor=actor)

    async def act(self, hold: UUID, by: Decider = KIM, act: Any = "clear", **more: Any) -> Outcome:
        async with self.database.tenant(self.tenant) as connection:
            return await Hand(connection, self.tenant, self.judge).act(hold, Wish(act=act, why="it is", by=by, **more))

    async def stands(self, order: str = ORDER) -> Standing:
        async with self.database.tenant(self.tenant) as connection:
            return await releasing.read(connection, self.tenant, order)

    async def release(self, order: str = ORDER) -> Standing:
        """As a run lets it go; the run itself is not there."""
        async with self.database.tenant(self.tenant) as connection:
            return await releasing.release(connection, self.tenant, order, CUSTOMER, waiter())

    async def rows(self, query: str, *more: Any) -> list[Any]:
        async with self.database.tenant(self.tenant) as connection:
            return list(await connection.fetch(query, self.tenant, *more))


def waiter() -> Waiter:
    return Waiter(run=ids.new(), key="k", actor="run:x")


class Judging:
    """Answers what it is told to, and keeps what it was asked."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), list[Question]()

    async def __call__(self, _connection: Any, _tenant: TenantId, question: Question) -> Verdict:
        self.asked.append(question)
        outcome: Any = self.answers.pop(0)
        return Verdict(outcome, "as told")
