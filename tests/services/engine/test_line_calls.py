"""F-20, F-21: runs that stand in lines are called without a deadlock, whatever the period, and after a drain."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.connectors.slots import Slots
from services.engine import lines, outages
from tenants.connections.limits import Limits, Rate
from tests.superuser import connected
from tests.world import World, deploy, make_tenant, start_runs

HOUR: Final = Limits(rate=Rate(calls=2, seconds=3600))


class Line:
    """The line of one tenant's connection, and the test's database seen whole."""

    def __init__(self, world: World, admin: tuple[Stack, str]) -> None:
        self.world, self.tenant, self.connection, self._admin = world, world.tenant_id, ids.new(), admin

    async def do(self, statement: str, *values: object) -> list[Any]:
        async with connected(*self._admin) as connection:
            return list(await connection.fetch(statement, *values))

    async def stand(self, runs: list[UUID], kind: str) -> None:
        """These stand in it, as the engine leaves those who are over a limit or whose connection is away."""
        await self.do(
            "UPDATE app.run SET state = 'waiting', lane = NULL, due_at = clock_timestamp() + interval '10 minutes', "
            "waiting_for = json_build_object('kind', $3::text, 'ref', $2::text, 'parked', $3 = 'connection') "
            "WHERE run_id = ANY ($1)",
            runs,
            ids.show("con", self.connection),
            kind,
        )

    async def called(self) -> list[UUID]:
        """Who is in line for a worker, and who is due."""
        rows = await self.do(
            "SELECT run_id FROM app.run WHERE tenant_id = $1 AND (lane IS NOT NULL OR due_at <= clock_timestamp()) "
            "ORDER BY created_at, run_id",
            self.tenant,
        )
        return [row["run_id"] for row in rows]

    async def clock_is_free_while(self, held: str, of: UUID, call: Callable[[], Awaitable[int]]) -> int:
        """While `call` waits for the row of `held`, which is tenant `of`'s, this tenant's clock is nobody's."""
        async with connected(*self._admin) as holder, connected(*self._admin) as other:
            async with holder.transaction():
                await holder.execute(f"SELECT 1 FROM app.{held} WHERE tenant_id = $1 FOR UPDATE", of)  # noqa: S608
                calling = asyncio.ensure_future(call())
                while not await other.fetchval(
                    "SELECT EXISTS (SELECT 1 FROM pg_stat_activity "
                    "WHERE datname = current_database() AND wait_event_type = 'Lock')"
                ):
                    assert not calling.done()
                    await asyncio.sleep(0.01)
                await other.execute(
                    "SELECT 1 FROM app.tenant_clock WHERE tenant_id = $1 FOR UPDATE NOWAIT", self.tenant
                )
            return await calling


@pytest.fixture
def make_line(app_database: Database, stack: Stack, endpoints: Endpoints) -> Callable[[str], Awaitable[Line]]:
    async def make(name: str) -> Line:
        world = await make_tenant(app_database, name)
        await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
        line = Line(world, (stack, endpoints.database_url.rpartition("/")[2]))
        async with app_database.tenant(world.tenant_id) as connection:
            await connection.execute(
                "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
                "VALUES ($1, $2, 'erp', 'erp-simulator', '{}')",
                line.tenant,
                line.connection,
            )
        return line

    return make


async def test_F_20_who_calls_from_lines_locks_the_line_then_clocks_in_the_order_of_tenants(
    worker_database: Database, app_database: Database, make_line: Callable[[str], Awaitable[Line]]
) -> None:
    first, second = sorted([await make_line("one"), await make_line("two")], key=lambda one: one.tenant)
    for line in (first, second):
        await line.stand(await start_runs(app_database, line.tenant, 2), "slot")
        await lines.note(worker_database, line.tenant, line.connection, Limits(at_once=1))
        await line.do(
            "INSERT INTO app.tenant_clock (tenant_id, turn) VALUES ($1, 0) ON CONFLICT DO NOTHING", line.tenant
        )
    await first.do("UPDATE app.connection_line SET called_at = clock_timestamp() - interval '5 seconds'")
    await first.do("UPDATE app.connection_line SET called_at = NULL WHERE tenant_id = $1", second.tenant)
    assert await second.clock_is_free_while("tenant_clock", first.tenant, lambda: lines.call_all(worker_database)) == 2
    assert (
        await first.clock_is_free_while(
            "connection_line", first.tenant, lambda: lines.call(worker_database, first.tenant, first.connection, 1)
        )
        == 1
    )


async def test_F_21_a_line_of_a_long_period_is_looked_after_beyond_it(
    worker_database: Database, app_database: Database, make_line: Callable[[str], Awaitable[Line]]
) -> None:
    line = await make_line("slow")
    runs = await start_runs(app_database, line.tenant, 5)
    await line.stand(runs, "quota")
    await lines.note(worker_database, line.tenant, line.connection, HOUR)
    left = "SELECT extract(epoch FROM waits_until - clock_timestamp())::float AS left FROM app.connection_line"
    (row,) = await line.do(left)
    assert row["left"] > 3600
    assert await lines.call_all(worker_database) == 2, "of a rate of which no call was ever taken"
    assert await line.called() == runs[:2]
    (row,) = await line.do(left)
    assert row["left"] > 3600


async def test_F_21_a_drain_ends_when_only_those_of_the_limits_stand_at_the_head(
    worker_database: Database, app_database: Database, make_line: Callable[[str], Awaitable[Line]]
) -> None:
    line = await make_line("busy")
    runs = await start_runs(app_database, line.tenant, 7)
    await outages.begin(worker_database, line.tenant, line.connection, "it is away", 30)
    await lines.note(worker_database, line.tenant, line.connection, Limits(at_once=2))
    await line.stand(runs[:1] + runs[6:], "connection")
    await line.stand(runs[1:6], "slot")
    await outages.end(worker_database, line.tenant, line.connection)
    await line.do("UPDATE app.connection_line SET waits_until = clock_timestamp(), called_at = NULL")
    for is_draining in (True, False):
        await line.do("UPDATE app.outage SET drained_at = NULL, ended_at = ended_at - interval '2 minutes'")
        assert await outages.drain(worker_database, 2) == 2
        (row,) = await line.do("SELECT draining FROM app.outage")
        assert row["draining"] == is_draining
    assert await lines.call_all(worker_database) == 2, "the line goes on by itself"
    assert await lines.call(worker_database, line.tenant, line.connection, 2) == 1, "with who waited for the connection"
    assert await line.called() == runs


async def test_F_20_a_call_that_tries_needs_no_slot() -> None:
    slots = Slots()
    assert await slots.take(1, has_waited=False)
    slots.leave(1, seconds=60)
    assert await slots.take(1, has_waited=False)
    assert not await slots.take(1, has_waited=False)
    assert await slots.take(1, has_waited=False, probing=True)
    assert slots.taken == 2
