"""F-20, F-21: of a connection no more calls are under way, and begin in a time, than it takes; runs wait their turn."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

from infra import clock, ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.connectors.function import ConnectorFunction
from services.connectors.limits import SharedLimits
from services.connectors.registry import Registry
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.manifest import Manifest, Operation
from services.connectors.shares import Shares
from services.engine import lines
from services.engine.functions import Done
from services.engine.recovery import sweep
from tenants.connections.limits import Limits, Rate
from tests.services.engine.running import DOCUMENT, Engine, order
from tests.superuser import connected
from tests.world import World, deploy, make_tenant

ERP: Final = UUID(int=7)
SECONDS: Final = 4
"""Of a rate. A busy machine begins twelve calls in more than one, and then nobody would wait for it."""


class Gate:
    """A connector whose calls are let through or kept. `most`: calls that were under way at once."""

    def __init__(self) -> None:
        kinds = [Operation(name=one, title=one, mode="keyed", input={}, output={}) for one in ("read", "write")]
        self.manifest = Manifest(name="gate", version="1.0.0", title="Gate", settings={}, operations=tuple(kinds))
        self.open = asyncio.Event()
        self.running = self.most = 0
        self.calls: list[tuple[float, str, str]] = []

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        self.calls.append((clock.monotonic(), operation, context.key))
        try:
            await self.open.wait()
        finally:
            self.running -= 1
        return {"value": values["value"] + 1}


class Office:
    """One worker's engine before a gate."""

    def __init__(self, engine: Engine, world: World, limits: Limits, admin: tuple[Stack, str]) -> None:
        self.engine, self.world, self.gate, self._admin = engine, world, Gate(), admin
        self.connection = OpenConnection(id=ERP, connector="gate", settings={}, ref=ids.show("con", ERP), limits=limits)
        shared = SharedLimits(engine.worker, Shares(engine.worker, "one"), engine.loop.wake)
        function = ConnectorFunction(Registry([self.gate]), self, self, None, shared)
        engine.functions["connector:1.0.0@default"] = function

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        assert (tenant, connection_id) == (self.world.tenant_id, ERP)
        return self.connection

    async def send(self, *_: object) -> Any:
        raise AssertionError("a gate sends nothing")

    async def begin(self, count: int) -> None:
        for number in range(count):
            await self.engine.intake.receive(self.world.tenant_id, order(number), "tests")

    async def do(self, statement: str) -> list[Any]:
        async with connected(*self._admin) as connection:
            return list(await connection.fetch(statement))

    async def waiting(self, kind: str, count: int) -> list[Any]:
        while True:
            rows = await self.do("SELECT * FROM app.run WHERE state = 'waiting' AND lane IS NULL ORDER BY created_at")
            if len(rows) >= count and all(f'"kind":"{kind}"' in row["waiting_for"] for row in rows):
                return rows
            await asyncio.sleep(0.01)


async def office(engine: Engine, database: Database, limits: Limits, stack: Stack, endpoints: Endpoints) -> Office:
    world = await make_tenant(database)
    await deploy(database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": ERP})
    async with database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'gate', '{}')",
            world.tenant_id,
            ERP,
        )
    return Office(engine, world, limits, (stack, endpoints.database_url.rpartition("/")[2]))


async def test_F_20_runs_over_the_cap_wait_their_turn_without_a_worker(
    engine: Engine, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    desk = await office(engine, app_database, Limits(at_once=3), stack, endpoints)
    await desk.begin(25)
    rows = await desk.waiting("slot", 22)
    assert desk.gate.running == 3
    assert {row["attempt"] for row in rows} == {1}
    assert "as many calls are under way as it takes at once (3)" in rows[0]["waiting_for"]
    assert ids.show("con", ERP) in rows[0]["waiting_for"]
    desk.gate.open.set()
    assert {run["state"] for run in await engine.ended(desk.world, 25)} == {"completed"}
    assert desk.gate.most == 3
    assert len(desk.gate.calls) == len({key for _, _, key in desk.gate.calls}) == 50, "each call once"


async def test_F_20_a_line_is_called_in_its_order(
    engine: Engine, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    desk = await office(engine, app_database, Limits(at_once=1), stack, endpoints)
    await desk.begin(8)
    waiting = [row["run_id"] for row in await desk.waiting("slot", 7)]
    assert await lines.call(engine.worker, desk.world.tenant_id, ERP, 3) == 3
    await desk.waiting("slot", 7)
    rows = await desk.do("SELECT run_id FROM app.run WHERE fence = 2")
    assert {row["run_id"] for row in rows} == set(waiting[:3])
    await desk.do("UPDATE app.connection_line SET called_at = clock_timestamp() - interval '2 seconds'")
    woken = (await sweep(engine.worker, 3, 0)).woken
    assert woken == 1, "a line that nobody calls from is the sweep's"
    desk.gate.open.set()
    await engine.ended(desk.world, 8)
    assert desk.gate.most == 1


async def test_F_21_no_more_calls_begin_in_a_time_than_the_rate_lets_through(
    engine: Engine, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    desk = await office(engine, app_database, Limits(rate=Rate(calls=4, seconds=SECONDS)), stack, endpoints)
    desk.gate.open.set()
    await desk.begin(6)
    (row, *_) = await desk.waiting("quota", 1)
    assert f"its rate is used up (4 calls in {SECONDS} s)" in row["waiting_for"]
    await engine.ended(desk.world, 6)
    begun = [at for at, _, _ in desk.gate.calls]
    assert len(begun) == 12
    assert sum(at < begun[0] + SECONDS / 2 for at in begun) <= 4, "from the beginning of the time"
    assert begun[-1] - begun[0] > 1.5 * SECONDS


async def test_F_21_all_workers_take_from_one_rate(
    engine: Engine, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    limits = Limits(rate=Rate(calls=10, seconds=60))
    desk = await office(engine, app_database, limits, stack, endpoints)
    taken = await asyncio.gather(*(lines.take(engine.worker, desk.world.tenant_id, ERP, limits, 3) for _ in range(6)))
    assert sorted(one.calls for one in taken) == [0, 0, 1, 3, 3, 3]
    assert all(0 < one.seconds <= 60 for one in taken)
    await desk.do("UPDATE app.connection_line SET filled_at = filled_at - interval '61 seconds'")
    assert (await lines.take(engine.worker, desk.world.tenant_id, ERP, limits, 30)).calls == 10


async def test_F_20_slots_are_divided_among_the_workers_that_live(worker_database: Database) -> None:
    workers = [Shares(worker_database, f"worker-{number}") for number in range(4)]
    assert workers[0].part(10, ERP) == 10, "alone"
    for _ in range(2):
        for one in workers:
            await one.beat()
    for connection in (ids.new() for _ in range(9)):
        for slots in (1, 3, 10, 11):
            parts = [one.part(slots, connection) for one in workers]
            assert sum(parts) == slots
            assert max(parts) - min(parts) <= 1
    await workers[3].leave()
    for one in workers[:3]:
        await one.beat()
    assert sum(one.part(10, ERP) for one in workers[:3]) == 10


async def test_F_20_that_another_connection_was_asked_is_in_the_journal(engine: Engine, world: World) -> None:
    engine.outside.answers["read"] = [Done(output={"value": 2}, via="con_9")]
    await engine.intake.receive(world.tenant_id, order(1), "tests")
    await engine.ended(world)
    async with engine.app.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT name, data FROM app.journal WHERE kind = 'task.rerouted'")
    assert [(row["name"], row["data"]) for row in rows] == [
        ("first", '{"via":"con_9","reason":"the connection is away"}')
    ]
