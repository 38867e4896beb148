"""Runs that wait for people, moved step by step by a worker in this process; a crash is one of its crash points."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec

from infra import crash_points, ids
from infra.crash_points import Crashed
from infra.database import Database
from infra.ids import TenantId
from services.engine.advance import Advance
from services.engine.claims import Claim, Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Function
from services.engine.journal import Journal
from services.engine.recovery import sweep
from services.human_tasks import waking
from services.human_tasks.deciding import Decided, Decision, Desk
from services.human_tasks.function import TaskFunction
from services.human_tasks.people import Person
from template_library.human_tasks import NAME
from tests.patience import PATIENCE
from tests.services.engine.running import Outside
from tests.world import deploy, make_tenant, start_runs

ROLE = "credit-manager"
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: asking, version: 1.0.0}
do:
  - review:
      call: human-task:1.0.0@default
      with:
        task: credit-review
        title: Release 10482
        role: credit-manager
        outcomes: [approve, reject]
        refusals: [reject]
"""
AUTHORITY = DOCUMENT.replace("task: credit-review", "task: credit-review\n        decision: credit.release")
_TASKS = "SELECT *, content::text AS content, answer::text AS answer FROM app.human_task ORDER BY task_id"


def person(number: int = 1, *roles: str, manages: bool = False) -> Person:
    """Somebody with the role of the queue, or with these."""
    account = UUID(int=number)
    return Person(
        account=account,
        actor=f"account:{ids.show('acc', account)}",
        roles=frozenset(roles or (ROLE,)),
        manages=manages,
        network="192.0.2.7",
    )


class Beside(Outside):
    """The outside world, which answers once a task is there: what is asked beside a person is never faster."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self._office = office

    async def __call__(self, call: Call) -> Answer:
        async with asyncio.timeout(PATIENCE):
            while not await self._office.rows():
                await asyncio.sleep(0.01)
        return await super().__call__(call)


class Office:
    """One worker at a time; each `go` is a claim of whatever is in line, to its next wait or end."""

    def __init__(self, app: Database, worker: Database, tenant: TenantId) -> None:
        self.app, self.worker, self.tenant = app, worker, tenant
        self.calls: list[Call] = []
        self.desk = Desk()
        self._claims = Claims(worker, "test", 0)
        self._journal = Journal(worker)
        self._tasks = TaskFunction(worker)
        self.outside = Beside(self)
        functions: dict[str, Function] = {NAME: self._asked, "connector:1.0.0@default": self.outside}
        self.functions = functions
        definitions = Definitions(worker, Expressions(ExpressionPool(size=1)))
        self._advance = Advance(
            worker,
            definitions,
            functions,
            self._journal,
            self._claims,
            leave_after_commit=lambda: False,
            told=lambda: None,
        )

    async def _asked(self, call: Call) -> Any:
        self.calls.append(call)
        return await self._tasks(call)

    async def flush(self) -> None:
        await self._journal.run()

    async def begin(self, count: int = 1, document: str = DOCUMENT, armed: str = "") -> list[UUID]:
        """Runs of the document, each as far as it goes; with `armed` the worker dies there."""
        bindings = {"erp": UUID(int=7)}
        await deploy(self.app, self.tenant, document, event_type="order.captured", bindings=bindings)
        runs = await start_runs(self.app, self.tenant, count)
        await self.go(armed)
        return runs

    async def take(self) -> list[Claim]:
        """What is in line or due, as a worker takes it."""
        await waking.wake(self.worker)
        await sweep(self.worker, 100, 0)
        return [*await self._claims.take(1_100), *await self._claims.take(1, solo=True)]

    async def go(self, armed: str = "") -> int:
        """Move what is in line; with `armed` the worker dies there. Answers how many runs it had."""
        claims = await self.take()
        crash_points.arm(armed)
        try:
            await asyncio.gather(*(self._one(claim) for claim in claims))
        finally:
            crash_points.arm("")
        return len(claims)

    async def _one(self, claim: Claim) -> None:
        try:
            await self._advance(claim)
        except Crashed:
            return

    async def complete(self, task: UUID, who: Person, outcome: str = "approve", **given: Any) -> Decided:
        async with self.app.tenant(self.tenant) as connection:
            return await self.desk.complete(connection, self.tenant, task, who, Decision(outcome=outcome, **given))

    async def rows(self, statement: str = _TASKS, *given: Any) -> list[Any]:
        async with self.app.tenant(self.tenant) as connection:
            return list(await connection.fetch(statement, *given))

    async def runs(self) -> list[Any]:
        return await self.rows("SELECT run_id, state, output::text, waiting_for::text FROM app.run ORDER BY run_id")

    async def outputs(self) -> list[Any]:
        return [msgspec.json.decode(one["output"]) for one in await self.runs() if one["state"] == "completed"]


@asynccontextmanager
async def working(app: Database, worker: Database, tenant: TenantId) -> AsyncIterator[Office]:
    office = Office(app, worker, tenant)
    flushing = asyncio.create_task(office.flush())
    try:
        yield office
    finally:
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)


@asynccontextmanager
async def opened(app: Database, worker: Database) -> AsyncIterator[Office]:
    async with working(app, worker, (await make_tenant(app)).tenant_id) as office:
        yield office


async def make_person(app: Database, world: tuple[UUID, TenantId], role: str, email: str) -> UUID:
    """An account of the tenant with the role of this slug, which is made where it is not there."""
    partner, tenant = world
    account = ids.new()
    async with app.tenant(tenant) as connection:
        await connection.execute(
            "INSERT INTO app.role (role_id, partner_id, tenant_id, level, slug, name, permissions) "
            "VALUES ($1, $2, $3, 'client', $4, $4, '{tasks:work}') ON CONFLICT DO NOTHING",
            ids.new(),
            partner,
            tenant,
            role,
        )
        await connection.execute(
            "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions) "
            "VALUES ($1, $2, $3, $4, 'Somebody', '{}')",
            partner,
            account,
            tenant,
            email,
        )
        await connection.execute(
            "INSERT INTO app.account_role (partner_id, account_id, role_id, tenant_id) "
            "SELECT $1, $2, role_id, $3 FROM app.role WHERE tenant_id = $3 AND slug = $4",
            partner,
            account,
            tenant,
            role,
        )
    return account
