"""What is said about changes, and what it may cost whoever says it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from infra import ids
from infra.database import Database
from infra.embedded.stack import Stack
from infra.redis import CHANGED, Doorbell
from services.engine.changes import EVERYTHING, MOST, Changes, Pair, decode, encode
from services.engine.claims import Claims
from services.engine.journal import Journal
from tests.world import deploy, make_tenant, progress, start_runs


class Line:
    """Takes messages when it is told to; `taken` is what it answers."""

    def __init__(self, *, taken: bool = True) -> None:
        self.taken = taken
        self.messages: list[bytes] = []
        self.free = asyncio.Event()
        self.free.set()
        self.began = asyncio.Event()

    async def publish(self, channel: str, message: bytes) -> bool:
        assert channel == CHANGED
        self.messages.append(message)
        self.began.set()
        await self.free.wait()
        return self.taken


def pairs(count: int) -> list[Pair]:
    return [(ids.new(), ids.new()) for _ in range(count)]


async def told(what: Changes) -> None:
    while what._telling is not None:
        await asyncio.wait([what._telling])


def test_a_message_holds_ids_and_nothing_else() -> None:
    some = pairs(3)
    assert [(UUID(bytes=tenant), UUID(bytes=run)) for tenant, run in decode(encode(some))] == some
    assert len(encode(some)) == 96
    assert list(decode(EVERYTHING)) == list(decode(b"x" * 31)) == []
    assert len(list(decode(encode(some) + b"garbage"))) == 3


async def test_F_13_what_is_noted_during_a_message_shares_the_next() -> None:
    line = Line()
    line.free.clear()
    said = Changes(line.publish)
    first, *others = pairs(500)
    said.note([first])
    await line.began.wait()
    for pair in others:
        said.note([pair, first])
    line.free.set()
    await told(said)
    one, two = (set(decode(message)) for message in line.messages)
    assert one == {(first[0].bytes, first[1].bytes)}
    assert len(two) == 500


async def test_more_than_a_message_holds_is_one_that_says_so() -> None:
    line = Line()
    line.free.clear()
    said = Changes(line.publish)
    said.note(pairs(1))
    await line.began.wait()
    for _ in range(20):
        said.note(pairs(MOST // 4))
    assert len(said._pending) <= MOST + MOST // 4
    line.free.set()
    await told(said)
    assert line.messages[1:] == [EVERYTHING]


async def test_F_11_while_nobody_takes_messages_none_are_made() -> None:
    line = Line(taken=False)
    said = Changes(line.publish)
    said.note(pairs(1))
    await told(said)
    for _ in range(1_000):
        said.note(pairs(1))
    assert len(line.messages) == 1
    assert not said._pending
    said._quiet_until = 0.0
    line.taken = True
    said.note(pairs(1))
    await told(said)
    assert len(line.messages) == 2


async def test_F_10_a_redis_that_hangs_holds_up_no_commit(app_database: Database, worker_database: Database) -> None:
    line = Line()
    line.free.clear()
    said = Changes(line.publish)
    journal = Journal(worker_database, said.note)
    flushing = asyncio.create_task(journal.run())
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 30)
    claims = await Claims(worker_database, "w", 30).take(30)
    for claim in claims:
        assert await journal.commit(progress(claim, "completed")) == "committed"
    assert len(line.messages) == 1
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await said.close()
    assert said._telling is None


async def test_each_flush_is_told_by_its_runs(app_database: Database, worker_database: Database, stack: Stack) -> None:
    bell = Doorbell(stack.endpoints.redis_url)
    heard: set[tuple[bytes, bytes]] = set()
    listening = asyncio.create_task(bell.listen(CHANGED, lambda message: heard.update(decode(message))))
    while not await bell._redis.publish(CHANGED, b""):
        await asyncio.sleep(0.01)
    said = Changes(bell.publish)
    journal = Journal(worker_database, said.note)
    flushing = asyncio.create_task(journal.run())
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    runs = await start_runs(app_database, world.tenant_id, 5)
    claims = await Claims(worker_database, "w", 30).take(5)
    await asyncio.gather(*(journal.commit(progress(claim)) for claim in claims))
    wanted = {(world.tenant_id.bytes, run.bytes) for run in runs}
    while not wanted <= heard:
        await asyncio.sleep(0.01)
    for task in (flushing, listening):
        task.cancel()
    await asyncio.gather(flushing, listening, return_exceptions=True)
    await said.close()
    await bell.close()
