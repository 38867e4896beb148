"""What is called, how often, and what becomes of the answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.database import Database
from infra.egress import Client, Guard
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from services.connectors.builtin import all_connectors
from services.connectors.connections import TenantConnections
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.engine import advance, ledger, values
from services.engine.faults import standard
from services.engine.functions import Later
from tenants.connections.opening import OpenConnections
from tenants.connections.sealing import Sealer
from tests.services.engine.ledger_side import until
from tests.services.engine.running import Engine, Once, order
from tests.superuser import connected
from tests.world import World, deploy


async def test_A2_a_call_that_may_not_be_repeated_is_never_made_twice(
    engine: Engine, world: World, app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    """That it is sent is committed before it is made; sent without an answer, a person is asked."""
    once = engine.functions["connector:1.0.0@default"] = Once()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    while len(once.calls) < 2:
        await asyncio.sleep(0.01)
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT kind FROM app.journal ORDER BY seq DESC LIMIT 1") == "task.sent"
    name = endpoints.database_url.rpartition("/")[2]
    stack.postgres.run_sql(["UPDATE app.run SET lane = 0, lease_until = NULL"], name)
    engine.loop.wake()
    assert (await until(engine, world, "uncertain"))["due_at"] is None
    assert [c.arguments["operation"] for c in once.calls] == ["read", "write"]


async def test_A19_a_call_that_was_never_made_is_not_metered(
    engine: Engine, world: World, app_database: Database
) -> None:
    engine.functions.clear()
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert "Unknown function" in run["error"]
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.usage WHERE kind = 'call'") == 0


async def test_A19_patience_that_ends_on_a_call_that_never_went_out_meters_nothing(
    engine: Engine, world: World, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_ATTEMPTS", 2)
    error = standard("communication", "away", "")
    shut = Later(reason="the connection cannot be opened", ref="erp", error=error, seconds=0.0, sent=False)
    engine.outside.answers["read"] = [shut, shut]
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert (run["state"], len(engine.outside.calls)) == ("faulted", 2)
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.usage WHERE kind = 'call'") == 0


async def test_a_run_that_cannot_be_run_tells_of_its_end_like_every_other(
    engine: Engine, world: World, endpoints: Endpoints, stack: Stack, app_database: Database
) -> None:
    """S-25: also one whose input came in before such input was refused."""
    nested: Any = 1
    for _ in range(values.DEPTH + 6):
        nested = [nested]
    event = msgspec.structs.replace(order(1), data=nested)
    await engine.intake.receive(world.tenant_id, event, "key")
    await deploy(app_database, world.tenant_id, "document: {broken", event_type="order")
    await engine.intake.receive(world.tenant_id, order(2), "key")
    runs = await engine.ended(world, 3)
    assert sorted(run["state"] for run in runs) == ["completed", "faulted", "faulted"]
    errors = [run["error"] for run in runs if run["error"]]
    assert any("the input is nested more than 64 deep" in error for error in errors)
    told = stack.postgres.run_sql(["SELECT count(*) FROM app.outbox"], endpoints.database_url.rpartition("/")[2])
    assert told.strip() == "3"
    assert engine.told == 3


async def test_F_38_an_answer_in_hand_is_kept_while_there_are_no_expressions(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advance, "_UNAVAILABLE_SECONDS", 0.01)
    lacking = engine.lacking
    lacking.outside = engine.outside
    await engine.intake.receive(world.tenant_id, order(1), "key")
    (run,) = await engine.ended(world)
    assert run["state"] == "completed"
    assert lacking.times == 0
    assert [c.arguments["operation"] for c in engine.outside.calls] == ["read", "write"]


async def test_F_06_a_connection_whose_opening_meets_an_outage_makes_no_suspect(
    engine: Engine, world: World, stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> None:
    create_kek_file(tmp_path / "kek")
    opening = TenantConnections(OpenConnections(engine.worker, Sealer(FileKeyProvider(tmp_path / "kek"))))
    name = endpoints.database_url.rpartition("/")[2]
    waiting = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "  # noqa: S608 (our own name)
        f"WHERE datname = '{name}' AND wait_event_type = 'Lock'"
    )
    async with Client(Guard()) as client:
        engine.functions["connector:1.0.0@default"] = ConnectorFunction(Registry(all_connectors()), opening, client)
        async with connected(stack, name) as held, held.transaction():
            await held.execute("LOCK TABLE app.connection")
            await engine.intake.receive(world.tenant_id, order(1), "key")
            while not await held.fetchval("SELECT count(*) FROM app.journal WHERE kind = 'task.retried'"):
                await held.execute(waiting)
                await asyncio.sleep(0.02)
        (run,) = await engine.ended(world)
    assert "There is no such connection" in run["error"], "what the database says once it is there"
    assert not run["suspect"]
