from __future__ import annotations

from datetime import timedelta

import pytest

from infra.database import Database
from infra.telemetry.instruments import QUEUE_AGE, QUEUE_DEPTH, RUNS
from services.engine.claims import Claims
from services.worker import observer
from tests.world import World, deploy, make_tenant, start_runs


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world


def seen() -> dict[str, float]:
    runs = {values[0]: float(str(number)) for values, number in RUNS.series()}
    return runs | {"depth": float(str(QUEUE_DEPTH.series()[0][1])), "age": float(str(QUEUE_AGE.series()[0][1]))}


async def test_the_queue_is_seen_as_it_is(app_database: Database, worker_database: Database, world: World) -> None:
    await observer.look(worker_database)
    assert seen() == {"pending": 0, "running": 0, "waiting": 0, "suspended": 0, "depth": 0, "age": 0}
    await start_runs(app_database, world.tenant_id, 5)
    await Claims(worker_database, "w", 30).take(2)
    await observer.look(worker_database)
    found = seen()
    assert 0 < found.pop("age") < timedelta(minutes=5).total_seconds()
    assert found == {"pending": 3, "running": 2, "waiting": 0, "suspended": 0, "depth": 3}


async def test_counting_stops_at_the_bound(
    app_database: Database, worker_database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_runs(app_database, world.tenant_id, 5)
    monkeypatch.setattr(observer, "MOST", 2)
    await observer.look(worker_database)
    found = seen()
    assert (found["pending"], found["depth"]) == (2, 2)


async def test_S_03_it_tells_numbers_of_all_tenants_and_rows_of_none(
    app_database: Database, worker_database: Database, world: World
) -> None:
    await start_runs(app_database, world.tenant_id, 1)
    async with worker_database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.queue_state(10)")
    assert [set(map(type, dict(row).values())) for row in rows] == [{int, float}]
