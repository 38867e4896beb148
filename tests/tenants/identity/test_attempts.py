"""Counting tries to sign in, at once and side by side (S-66)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from infra.database import Database, Scope
from tenants.identity import attempt_repository as repository
from tests.patience import PATIENCE
from tests.world import World, make_tenant

WINDOW = timedelta(minutes=15)
ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))
HOLD = text("SELECT 1 FROM app.sign_in_attempt WHERE subject = :s FOR UPDATE NOWAIT")


async def over(database: Database, *subjects: bytes) -> World:
    """A partner with windows that have passed."""
    world = await make_tenant(database)
    async with database.session(Scope.partner(world.partner_id)) as session:
        await session.execute(
            text("INSERT INTO app.sign_in_attempt VALUES (:p, :s, 7, clock_timestamp() - interval '16 minutes')"),
            [{"p": world.partner_id, "s": subject} for subject in subjects],
        )
        await session.commit()
    return world


async def test_S_66_a_window_that_is_over_is_dropped_unless_somebody_holds_it(app_database: Database) -> None:
    world = await over(app_database, ONE, TWO, THREE)
    scope = Scope.partner(world.partner_id)
    async with app_database.session(scope) as holding, app_database.session(scope) as session:
        await holding.execute(HOLD, {"s": THREE})
        await session.execute(text("SET LOCAL lock_timeout = '1s'"))
        counted = await repository.count(session, world.partner_id, [ONE], WINDOW)
        await session.commit()
        assert counted[ONE].attempts == 1
        assert timedelta(minutes=14) < counted[ONE].left <= WINDOW
        kept = await session.scalars(text("SELECT subject FROM app.sign_in_attempt ORDER BY subject"))
        assert list(kept) == [ONE, THREE]


async def test_S_66_a_try_that_waits_for_its_own_count_holds_no_other(app_database: Database) -> None:
    world = await over(app_database, ONE, TWO)
    scope = Scope.partner(world.partner_id)

    async def attempt() -> int:
        async with app_database.session(scope) as session:
            counted = await repository.count(session, world.partner_id, [ONE], WINDOW)
            await session.commit()
            return counted[ONE].attempts

    async with app_database.session(scope) as holding:
        await holding.execute(HOLD, {"s": ONE})
        waiting = asyncio.create_task(attempt())
        async with asyncio.timeout(PATIENCE):
            while not await holding.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                pass
        await holding.execute(HOLD, {"s": TWO})
        await holding.rollback()
    assert await waiting == 1


async def test_S_66_tries_that_count_alike_wait_in_one_order_and_none_is_lost(app_database: Database) -> None:
    world = await make_tenant(app_database)
    scope = Scope.partner(world.partner_id)

    async def attempt(*subjects: bytes) -> None:
        async with app_database.session(scope) as session:
            await repository.count(session, world.partner_id, subjects, WINDOW)
            await session.commit()
        async with app_database.session(scope) as session:
            await repository.settle(session, world.partner_id, forgotten=subjects[:1], returned=subjects[1:2])
            await session.commit()

    orders = ((ONE, TWO, THREE), (THREE, TWO, ONE), (TWO, TWO, THREE), (ONE, THREE, TWO))
    await asyncio.gather(*(attempt(*dict.fromkeys(order)) for order in orders * 5))


async def test_S_66_a_success_returns_its_own_try_to_what_others_share(app_database: Database) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.partner(world.partner_id)) as session:
        for _ in range(3):
            await repository.count(session, world.partner_id, [ONE, TWO], WINDOW)
        await repository.settle(session, world.partner_id, forgotten=[ONE], returned=[TWO])
        again = await repository.count(session, world.partner_id, [ONE, TWO], WINDOW)
    assert {subject: one.attempts for subject, one in again.items()} == {ONE: 1, TWO: 3}
