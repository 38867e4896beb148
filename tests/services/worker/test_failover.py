"""F-09: a database that has failed over is found by its timeline, told, and told nothing on until it is accepted.

The real thing, with a standby that is behind, is a part of the night. Here the cluster's own timeline is the one that
nobody has accepted, since another one is known to come before it.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine import timelines
from services.engine.claims import Claims
from services.engine.timelines import Mark
from services.worker.failover import FILE, watch
from tests.patience import PATIENCE
from tests.superuser import connected
from tests.world import deploy, make_tenant, progress, start_runs, write

_OLD = 99
_KNOWN = (
    "INSERT INTO app.timeline (cluster, number, position, accepted_at, accepted_by) "
    "SELECT system_identifier, $1, 0, clock_timestamp(), 'engine' FROM pg_control_system() RETURNING cluster"
)


async def known(stack: Stack, endpoints: Endpoints) -> int:
    """The installation has lived on another timeline; answers the cluster."""
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.timeline")
        cluster: int = await connection.fetchval(_KNOWN, _OLD)
        return cluster


async def taken(worker: Database) -> list[str]:
    async with worker.doors() as connection:
        return [row["topic"] for row in await connection.fetch("SELECT topic FROM app.take_outbox(10, 0)")]


async def test_F_09_the_first_timeline_is_no_failover(
    worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.timeline")
    first = await timelines.look(worker_database, None)
    assert first is not None
    assert first[1], "it is accepted by itself"
    again = await timelines.look(worker_database, first[0])
    assert again is not None
    assert (again[0].number, again[1]) == (first[0].number, True)
    found = await timelines.read(worker_database)
    assert found is not None
    assert (found.accepted_by, found.seen_at) == ("engine", None)


async def test_F_09_after_a_failover_the_outside_is_told_nothing_until_it_is_accepted(
    app_database: Database, worker_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, progress(claim))
    cluster = await known(stack, endpoints)
    assert await taken(worker_database) == []
    moment = claim.claimed_at
    seen = Mark(cluster, 0, 2**60, moment)
    looked = await timelines.look(worker_database, seen)
    assert looked is not None
    assert not looked[1]
    await timelines.look(worker_database, Mark(cluster, 0, 7, moment))  # a worker that saw less adds nothing
    found = await timelines.read(worker_database)
    assert found is not None
    assert (found.number, found.seen_position, found.seen_at) == (looked[0].number, 2**60, moment)
    assert (found.accepted_at, found.runs, found.held) == (None, 1, 1)
    assert found.lost_bytes == 2**60 - found.position
    assert not await timelines.accept(worker_database, found.number + 1, "tests"), (
        "it is another one that was read about"
    )
    assert await taken(worker_database) == []
    assert await timelines.accept(worker_database, found.number, "tests")
    assert not await timelines.accept(worker_database, found.number, "tests"), "of two who accept one does"
    assert await taken(worker_database) == ["runs"]
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        rows = await connection.fetch("SELECT actor, action FROM app.organization_audit ORDER BY audit_id")
    assert [tuple(row) for row in rows[-2:]] == [
        ("engine", "database.failed-over"),
        ("tests", "database.failover-accepted"),
    ]


async def test_F_09_a_worker_keeps_what_it_saw_outside_the_database_and_says_so(
    worker_database: Database, stack: Stack, endpoints: Endpoints, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await known(stack, endpoints)
    before = Mark(cluster, 0, 2**60, (await _now(worker_database))["now"])
    (tmp_path / FILE).write_bytes(msgspec.json.encode(before))
    caplog.set_level(logging.CRITICAL)
    watching = asyncio.create_task(watch(worker_database, tmp_path, 0.02))
    try:
        async with asyncio.timeout(PATIENCE):
            while not (found := await timelines.read(worker_database)) or found.seen_position is None:
                await asyncio.sleep(0.02)
            while "has failed over" not in caplog.text:
                await asyncio.sleep(0.02)
            assert await timelines.accept(worker_database, found.number, "tests")
            while msgspec.json.decode((tmp_path / FILE).read_bytes(), type=Mark) == before:
                await asyncio.sleep(0.02)
    finally:
        watching.cancel()
    assert caplog.text.count("has failed over") == 1, "once a minute"


async def _now(database: Database) -> Any:
    async with database.doors() as connection:
        return await connection.fetchrow("SELECT clock_timestamp() AS now")
