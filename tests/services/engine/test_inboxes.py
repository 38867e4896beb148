"""Subscriptions and inboxes by their doors, in every order of event and checkpoint."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from services.engine import inbox
from services.engine.claims import Claims
from services.engine.journal import Checkpoint
from services.engine.recovery import catch_up_again, sweep
from services.engine.subscriptions import Subscription
from tests.services.engine.test_listening import event
from tests.world import World, deploy, make_tenant, progress, start_runs, write

HEARD = Subscription("paid", {"subject": "o-1"})


def parking(claim: Any, **more: Any) -> Checkpoint:
    made = progress(claim, "waiting")
    given = {
        "usage": [],
        "snapshot": b"{}",
        "listens": True,
        "subscriptions": [HEARD],
        "since": claim.claimed_at,
        **more,
    }
    return Checkpoint(**{f: getattr(made, f) for f in made.__struct_fields__} | given)


@pytest.fixture
async def world(app_database: Database) -> World:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    return world


async def send(database: Database, world: World, number: int = 1) -> int:
    """Store an event and post it, as the intake does; answers how many runs it woke."""
    one, event_id = event(number, subject="o-1"), ids.new()
    async with database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.event (tenant_id, event_id, source, id, type, subject, content) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            world.tenant_id, event_id, one.source, one.id, one.type, one.subject, one.content(),
        )  # fmt: skip
        return await inbox.post(connection, [inbox.Arrived(event_id, one.type, one.attributes)])


async def unread(database: Database, world: World, run: UUID) -> list[UUID]:
    return [one.event_id for one in await inbox.read(database, world.tenant_id, run, [])]


async def test_F_02_who_lost_its_run_neither_subscribes_it_nor_takes_its_events(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (zombie,) = await Claims(worker_database, "zombie", 0).take(1)
    assert await write(worker_database, parking(zombie, state="running")) == ["committed"]
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, zombie.run_id)
    await sweep(worker_database, 3, 0)
    (claim,) = await Claims(worker_database, "solo", 30).take(1, solo=True)
    late = parking(zombie, seq=1, state="running", read=[event_id], subscriptions=[])
    assert await write(worker_database, late) == ["lost"]
    assert await unread(worker_database, world, claim.run_id) == [event_id]
    assert await write(worker_database, parking(claim, read=[event_id])) == ["committed"]
    assert await unread(worker_database, world, claim.run_id) == []


async def test_F_08_a_repeated_checkpoint_reads_and_subscribes_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    first = parking(claim, state="running")
    assert await write(worker_database, first) == ["committed"]
    assert await write(worker_database, first) == ["repeated"]
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, claim.run_id)
    second = parking(claim, seq=1, read=[event_id], subscriptions=None)
    assert await write(worker_database, second) == ["committed"]
    assert await write(worker_database, second) == ["repeated"]
    assert (await sweep(worker_database, 3, 0)).woken == 0


async def test_a_run_that_parks_with_an_event_unread_is_in_line_at_once(
    app_database: Database, worker_database: Database, world: World
) -> None:
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim, state="running"))
    assert await send(app_database, world) == 0
    await write(worker_database, parking(claim, seq=1, subscriptions=None, delay=60.0))
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]


async def test_a_run_that_listens_no_more_is_not_called_for_what_it_left_unread(
    app_database: Database, worker_database: Database, world: World
) -> None:
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim, state="running"))
    await send(app_database, world)
    await write(worker_database, parking(claim, seq=1, subscriptions=[], listens=False, delay=60.0))
    assert await claims.take(1) == []
    assert (await sweep(worker_database, 3, 0)).woken == 0
    assert len(await unread(worker_database, world, claim.run_id)) == 1


async def test_an_event_that_met_a_locked_run_is_found_by_the_sweep(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The intake waits for no run's lock: it posts, and somebody else wakes."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    await write(worker_database, parking(claim))
    async with app_database.tenant(world.tenant_id) as holding:
        # What resume holds while it decides; the run is not suspended, so nothing comes of it.
        assert (
            await holding.fetchval("SELECT app.resume_run($1, 'key', $2, NULL)", claim.run_id, ids.new()) == "waiting"
        )
        assert await send(app_database, world) == 0
    assert await claims.take(1) == []
    assert (await sweep(worker_database, 3, 0)).woken == 1
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]


async def test_no_gap_between_a_claim_and_the_commit_of_what_it_listens_for(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The event comes before there is a subscription, the subscription before anybody looks at events."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    assert await send(app_database, world) == 0
    assert await unread(worker_database, world, claim.run_id) == []
    await write(worker_database, parking(claim))
    for woken in (1, 0):  # a second look finds it again and posts nothing
        assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == woken
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]
    assert len(await unread(worker_database, world, claim.run_id)) == 1


async def test_an_event_that_was_read_is_not_posted_again(
    app_database: Database, worker_database: Database, world: World
) -> None:
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    await write(worker_database, parking(claim, state="running"))
    await send(app_database, world)
    (event_id,) = await unread(worker_database, world, claim.run_id)
    await write(worker_database, parking(claim, seq=1, read=[event_id]))
    assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == 0
    assert await unread(worker_database, world, claim.run_id) == []


async def test_a_transaction_that_ends_after_the_first_search_is_found_by_the_second(
    app_database: Database, worker_database: Database, world: World
) -> None:
    """The intake looked before there was a subscription, and commits when the search for its event is over."""
    claims = Claims(worker_database, "w", 30)
    (claim,) = await claims.take(1)
    one, event_id = event(1, subject="o-1"), ids.new()
    async with app_database.tenant(world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.event (tenant_id, event_id, source, id, type, subject, content) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            world.tenant_id, event_id, one.source, one.id, one.type, one.subject, one.content(),
        )  # fmt: skip
        assert await inbox.post(connection, [inbox.Arrived(event_id, one.type, one.attributes)]) == 0
        await write(worker_database, parking(claim))
        assert await inbox.catch_up(worker_database, world.tenant_id, claim.run_id, claim.claimed_at) == 0
    assert await catch_up_again(worker_database, 3600) == 0  # not old enough
    assert await catch_up_again(worker_database, 0) == 1
    assert await catch_up_again(worker_database, 0) == 0  # once
    assert [one.run_id for one in await claims.take(1)] == [claim.run_id]
