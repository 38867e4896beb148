"""One worker's engine in this process: real database and expressions; doubles of the outside world alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from infra.database import Database
from services.engine import decisions, starter
from services.engine.advance import Advance
from services.engine.claims import Claims
from services.engine.definitions import Definitions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionsUnavailable
from services.engine.functions import Answer, Call, Done, Function, Terms
from services.engine.journal import Journal
from services.engine.recovery import sweep
from services.events.cloud_event import CloudEvent, read
from services.events.intake import Intake
from services.worker.claim_loop import ClaimLoop
from services.worker.correlator import Correlator
from tests.world import World

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: two-calls, version: 1.0.0}
input: {from: '${ .[0].data }'}
do:
  - first:
      call: connector:1.0.0@default
      with: {connection: erp, operation: read, input: {value: "${ .value }"}}
  - double:
      set: {value: "${ .value * 2 }"}
  - second:
      call: connector:1.0.0@default
      with: {connection: erp, operation: write, input: {value: "${ .value }"}}
"""


class Outside:
    """The outside world: answers by operation, remembers every call."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, list[Answer]] = {}

    async def __call__(self, call: Call) -> Answer:
        self.calls.append(call)
        waiting = self.answers.get(call.arguments["operation"])
        return waiting.pop(0) if waiting else Done(output={"value": call.arguments["input"]["value"] + 1})


class Once(Outside):
    """A side that takes every write anew; the worker dies with the answer of the first one."""

    async def terms(self, call: Call) -> Terms | None:
        operation = call.arguments["operation"]
        return None if operation == "read" else Terms(mode="once-or-ask", operation=operation)

    async def settle(self, call: Call) -> Answer:
        return decisions.outcome_unknown(call.arguments["operation"])

    async def __call__(self, call: Call) -> Answer:
        answer = await super().__call__(call)
        if call.arguments["operation"] == "write":
            raise asyncio.CancelledError
        return answer


def order(number: int, value: Any = 1, kind: str = "order") -> CloudEvent:
    attributes = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "subject": f"o-{number}"}
    body = msgspec.json.encode({**attributes, "data": {"value": value}})
    return read({"content-type": "application/cloudevents+json"}, body)


class Lacking(Expressions):
    """Has no evaluator for a while, once a call has answered."""

    outside: Outside | None = None
    times = 2

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        if self.outside is not None and self.outside.calls and self.times:
            self.times -= 1
            raise ExpressionsUnavailable("no process")
        return await super().evaluate(programs, value, variables, lane=lane)


class Engine:
    """One worker's engine in this process."""

    def __init__(self, app: Database, worker: Database, pool: ExpressionPool) -> None:
        self.app, self.worker = app, worker
        self.outside = Outside()
        self.lacking = Lacking(pool)
        self.told = 0
        self.functions: dict[str, Function] = {"connector:1.0.0@default": self.outside}
        self.journal = Journal(worker)
        self.claims = Claims(worker, "test", 30)
        self.advance = Advance(
            worker,
            Definitions(worker, self.lacking),
            self.functions,
            self.journal,
            self.claims,
            leave_after_commit=lambda: self.loop.stopping,
            told=self.tell,
        )
        self.loop = ClaimLoop(self.claims, self.advance, slots=64, poll=0.02)
        self.definitions = Definitions(worker, self.lacking)
        self.correlator = Correlator(worker, self.definitions, poll=0.02, wake=self.loop.wake)
        self.intake = Intake(app, starter.follow, self.loop.wake, judge=self.correlator.nudge)

    def tell(self) -> None:
        self.told += 1

    async def ended(self, world: World, count: int = 1) -> list[Any]:
        while True:
            await sweep(self.worker, 3, 0)
            async with self.app.tenant(world.tenant_id) as connection:
                rows = await connection.fetch("SELECT * FROM app.run WHERE ended_at IS NOT NULL ORDER BY run_id")
            if len(rows) >= count:
                return list(rows)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def at_work(app: Database, worker: Database) -> AsyncIterator[Engine]:
    """The engine with its loops running."""
    async with ExpressionPool(size=1) as pool:
        engine = Engine(app, worker, pool)
        running = (engine.journal.run(), engine.loop.run(), engine.correlator.run())
        tasks = [asyncio.create_task(one) for one in running]
        yield engine
        await engine.loop.stop(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
