"""The door by which effects take another way, against a real database: who may note one, and when (ADR 0035)."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from infra.database import Database
from services.engine import decisions, entries
from services.engine.claims import Claim, Claims
from services.engine.entries import Entry, Noted
from services.engine.functions import Call, Later
from services.engine.recovery import sweep
from services.engine.waits import Effect
from tests.services.engine.running import DOCUMENT, Engine, order
from tests.services.engine.test_retrying import away
from tests.world import World, deploy, make_tenant, progress, start_runs, write

ERP = UUID(int=7)
_MOVE = "SELECT app.move_playbook($1, $2, 'user:p', 'the ERP is being moved', NULL)"


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'erp-simulator', '{}')",
            world.tenant_id,
            ERP,
        )
        assert await connection.fetchval(_MOVE, ERP, "entered") == "moved"
    await start_runs(app_database, world.tenant_id, 1)
    return world


def call_of(claim: Claim, reference: str = "/do/0") -> Call:
    effect = Effect(function="x", arguments={}, reference=reference, iteration=1, name="x")
    call = decisions.call_of(effect, tenant=claim.tenant_id, run=claim.run_id)
    return replace(call, fence=claim.fence)


def noted(way: entries.Way = "file") -> Noted:
    return Noted(connection=ERP, operation="erp.sales-orders.create", mode="keyed", way=way, request={})


async def test_F_02_an_old_fence_notes_no_effect_and_gives_no_file_its_name(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """A worker that stood still comes back when the playbook was left and is entered again: nothing is its to do."""
    (zombie,) = await Claims(worker_database, "zombie", 0).take(1)
    await sweep(worker_database, 3, 0)
    assert await entries.add(worker_database, call_of(zombie), noted(), blind=0) == "moves", "nobody holds it"
    (claim,) = await Claims(worker_database, "solo", 30).take(1, solo=True)
    assert await entries.add(worker_database, call_of(zombie), noted(), blind=0) == "moves"
    entry = await entries.add(worker_database, call_of(claim), noted(), blind=0)
    assert isinstance(entry, Entry)
    assert not await entries.prepared(worker_database, call_of(zombie), entry.entry_id, "a.json", ".a")
    assert await entries.prepared(worker_database, call_of(claim), entry.entry_id, "a.json", ".a")
    await write(worker_database, progress(claim, "completed"))
    assert await entries.add(worker_database, call_of(claim, "/do/1"), noted(), blind=0) == "moves", "it has ended"
    async with app_database.tenant(world.tenant_id) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.entry") == 1


async def test_F_20_until_every_worker_knows_that_it_was_entered_nothing_is_noted(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """However often it moved since: a worker that knows of none of it calls without a look."""
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    async with app_database.tenant(world.tenant_id) as connection:
        for target in ("reconciling", "normal", "entered"):
            assert await connection.fetchval(_MOVE, ERP, target) == "moved"
    assert await entries.add(worker_database, call_of(claim), noted("manual"), blind=60) == "moves"
    assert isinstance(await entries.add(worker_database, call_of(claim), noted("manual"), blind=0), Entry)


async def test_F_20_what_began_before_its_way_was_declared_is_nobodys_to_do(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """Its keyed calls left no trace: a worker may have died behind one. Another address recognises the key."""
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute("UPDATE app.connection SET ways_at = clock_timestamp()")
    assert await entries.add(worker_database, call_of(claim), noted("manual"), blind=0) == "begun"
    assert isinstance(await entries.add(worker_database, call_of(claim), noted("connection"), blind=0), Entry)


async def test_F_03_that_a_request_went_out_is_known_whatever_its_terms(app_database: Database, engine: Engine) -> None:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, DOCUMENT, event_type="order", bindings={"erp": ERP})
    busy = Later(reason="busy", ref="erp", error=away().error, seconds=0.0)
    engine.outside.answers = {"read": [replace(busy, sent=False), busy], "write": [busy, replace(busy, absent=True)]}
    await engine.intake.receive(world.tenant_id, order(1), "key")
    await engine.ended(world)
    repeated = [(call.arguments["operation"], call.repeated) for call in engine.outside.calls]
    assert repeated == [
        ("read", False),
        ("read", False),
        ("read", True),
        ("write", False),
        ("write", True),
        ("write", False),
    ]
