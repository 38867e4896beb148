from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine.claims import Claim, Claims
from services.worker.claim_loop import ClaimLoop
from tests.world import World, deploy, make_tenant, progress, start_runs, write


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


class Hands:
    """Activations that end when they are let go."""

    def __init__(self) -> None:
        self.begun: list[Claim] = []
        self.go = asyncio.Event()

    async def __call__(self, claim: Claim) -> None:
        self.begun.append(claim)
        await self.go.wait()


async def until(hands: Hands, count: int) -> None:
    while len(hands.begun) < count:
        await asyncio.sleep(0.01)


async def state_of_runs(database: Database, world: World) -> list[tuple[int | None, bool, bool]]:
    async with database.tenant(world.tenant_id) as connection:
        rows = await connection.fetch("SELECT lane, lease_until IS NULL AS free, suspect FROM app.run")
    return [tuple(row) for row in rows]


async def test_slots_are_filled_and_no_more(app_database: Database, worker_database: Database, world: World) -> None:
    await start_runs(app_database, world.tenant_id, 5)
    hands = Hands()
    loop = ClaimLoop(Claims(worker_database, "w", 30), hands, slots=3, poll=0.01)
    running = asyncio.create_task(loop.run())
    await until(hands, 3)
    await asyncio.sleep(0.1)
    assert len(hands.begun) == 3
    hands.go.set()
    await until(hands, 5)
    await loop.stop(1)
    await running


async def test_each_claim_is_told_after_its_commit(
    app_database: Database, worker_database: Database, world: World
) -> None:
    runs = await start_runs(app_database, world.tenant_id, 5)
    hands = Hands()
    told: list[tuple[UUID, UUID]] = []
    hands.go.set()
    loop = ClaimLoop(Claims(worker_database, "w", 30), hands, slots=3, poll=0.01, changed=told.extend)
    running = asyncio.create_task(loop.run())
    await until(hands, 5)
    await loop.stop(1)
    await running
    assert sorted(told) == sorted((world.tenant_id, run) for run in runs)


async def test_F_32_what_cannot_end_in_time_is_handed_back_and_blamed_on_nobody(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 4)
    hands = Hands()
    loop = ClaimLoop(Claims(worker_database, "w", 30), hands, slots=8, poll=0.01)
    running = asyncio.create_task(loop.run())
    await until(hands, 4)
    await loop.stop(0.05)
    await running
    assert await state_of_runs(app_database, world) == [(0, True, False)] * 4


async def test_F_32_runs_of_a_claim_under_way_are_handed_back_too(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 2)
    asked, answer = asyncio.Event(), asyncio.Event()

    class Slow(Claims):
        async def take(self, slots: int, *, solo: bool = False) -> list[Claim]:
            asked.set()
            taken = await super().take(slots, solo=solo)
            await answer.wait()
            return taken

    loop = ClaimLoop(Slow(worker_database, "w", 30), Hands(), slots=8, poll=0.01)
    running = asyncio.create_task(loop.run())
    await asked.wait()
    stopping = asyncio.create_task(loop.stop(0.05))
    await asyncio.sleep(0.1)
    assert not stopping.done()
    answer.set()
    await stopping
    await running
    assert await state_of_runs(app_database, world) == [(0, True, False)] * 2


async def test_F_02_an_activation_whose_run_was_taken_is_cancelled(
    app_database: Database, worker_database: Database, world: World, stack: Stack, endpoints: Endpoints
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    hands, ended = Hands(), asyncio.Event()

    async def activate(claim: Claim) -> None:
        try:
            await hands(claim)
        except asyncio.CancelledError:
            ended.set()
            raise

    loop = ClaimLoop(Claims(worker_database, "w", 0.3), activate, slots=1, poll=0.01)
    running = asyncio.create_task(loop.run())
    await until(hands, 1)
    # Somebody else's claim, as the next renewal finds it.
    stack.postgres.run_sql(["UPDATE app.run SET fence = fence + 1"], endpoints.database_url.rpartition("/")[2])
    await ended.wait()
    await loop.stop(1)
    await running


async def test_an_activation_that_raises_hurts_no_other(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 6)
    finished: list[Claim] = []

    async def activate(claim: Claim) -> None:
        if not finished:
            finished.append(claim)
            raise RuntimeError("a mistake of ours")
        await write(worker_database, progress(claim, "completed"))
        finished.append(claim)

    loop = ClaimLoop(Claims(worker_database, "w", 30), activate, slots=2, poll=0.01)
    running = asyncio.create_task(loop.run())
    while len(finished) < 6:
        await asyncio.sleep(0.01)
    await loop.stop(1)
    await running
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.run WHERE state = 'completed'") == 5
        assert await connection.fetchval("SELECT count(*) FROM app.run WHERE lease_until IS NOT NULL") == 1
