"""Watchers of a tenant's runs in one process: what they get, and what they can cost (F-23)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from infra.problems import Unavailable
from services.api import feed, feeds
from services.api.errors import TooManyStreams
from services.api.feed import MOST_RUNG, MOST_WAITING, Watcher
from services.api.feeds import Feeds
from services.engine import changes
from services.engine.claims import Claims
from tests.patience import PATIENCE
from tests.world import deploy, make_tenant, progress, start_runs, write


@pytest.fixture
async def watched(app_database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Feeds]:
    """Nothing but what a test rings is told; the poll is an hour away."""
    monkeypatch.setattr(feed, "POLL_SECONDS", 3600.0)
    monkeypatch.setattr(feed, "SPACING_SECONDS", 0.0)
    made = Feeds(app_database, None)
    made.open()
    yield made
    await made.close()


@pytest.fixture
async def tenant(app_database: Database) -> TenantId:
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    return world.tenant_id


async def told(watcher: Watcher, count: int) -> list[Any]:
    """The next `count` runs."""
    runs: list[Any] = []
    async with asyncio.timeout(PATIENCE):
        while len(runs) < count:
            await watcher.changed.wait()
            runs += [msgspec.json.decode(one) for one in watcher.take()[0]]
    assert len(runs) == count
    return runs


async def test_a_watcher_is_told_once_of_each_change(
    watched: Feeds, tenant: TenantId, app_database: Database, worker_database: Database
) -> None:
    before = await start_runs(app_database, tenant, 2)
    async with watched.watching(tenant) as one, watched.watching(tenant) as two:
        runs = await start_runs(app_database, tenant, 3)
        watched._heard(changes.encode([(tenant, run) for run in (*before, *runs)]))
        for watcher in (one, two):
            assert [run["id"] for run in await told(watcher, 3)] == [ids.show("run", run) for run in runs]
        # The same again, and runs that are nobody's or another's, are no news.
        foreign = (await make_tenant(app_database, "other")).tenant_id
        claims = await Claims(worker_database, "w", 30).take(1)
        nobody = ids.new()
        watched._heard(changes.encode([(tenant, run) for run in (*runs, nobody)] + [(foreign, runs[0])]))
        await write(worker_database, progress(claims[0], "completed"))
        watched._heard(changes.encode([(tenant, claims[0].run_id)]))
        (completed,) = await told(one, 1)
        assert (completed["id"], completed["state"]) == (ids.show("run", claims[0].run_id), "completed")


async def test_S_17_a_message_that_names_another_tenant_shows_nothing(
    watched: Feeds, tenant: TenantId, app_database: Database
) -> None:
    stranger = (await make_tenant(app_database, "other")).tenant_id
    async with watched.watching(stranger) as watcher, watched.watching(tenant) as own:
        (run,) = await start_runs(app_database, tenant, 1)
        watched._heard(changes.encode([(stranger, run)]))
        watched._heard(b"x" * 100)
        watched._heard(changes.encode([(tenant, run)]))
        assert len(await told(own, 1)) == 1
        assert watcher.take() == ([], False)


async def test_S_17_of_any_tenants_that_messages_name_the_rows_decide(watched: Feeds, app_database: Database) -> None:
    """Every run under every tenant's name, in any order: each watcher is told of its own and of no other."""
    tenants = [(await make_tenant(app_database, slug)).tenant_id for slug in ("one", "two", "three")]
    for each in tenants:
        await deploy(app_database, each, "document: {}", event_type="order.captured")
    async with contextlib.AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watched.watching(each)) for each in tenants]
        runs = [(await start_runs(app_database, each, 1))[0] for each in tenants]
        swapped = [(each, run) for each in tenants for run in runs]
        for pair in (*swapped, *reversed(swapped)):
            watched._heard(changes.encode([pair]))
        for watcher, run in zip(watchers, runs, strict=True):
            assert [one["id"] for one in await told(watcher, 1)] == [ids.show("run", run)]
            assert watcher.take() == ([], False)


async def test_F_10_the_poll_finds_what_nobody_told(
    watched: Feeds, tenant: TenantId, app_database: Database, worker_database: Database
) -> None:
    old = await start_runs(app_database, tenant, 3)
    async with watched.watching(tenant) as watcher:
        await start_runs(app_database, tenant, 1)
        watched._heard(changes.EVERYTHING)
        assert [run["state"] for run in await told(watcher, 1)] == ["pending"]
        claims = {claim.run_id: claim for claim in await Claims(worker_database, "w", 30).take(4)}
        watched._heard(changes.EVERYTHING)
        assert [run["state"] for run in await told(watcher, 4)] == ["running"] * 4
        await write(worker_database, progress(claims[old[0]], "completed"), progress(claims[old[1]]))
        watched._heard(changes.EVERYTHING)
        assert [(run["state"], run["seq"]) for run in await told(watcher, 2)] == [("completed", 1), ("running", 1)]


async def test_F_10_a_run_out_of_sight_that_ends_is_found_and_one_that_stays_is_not_told(
    watched: Feeds,
    tenant: TenantId,
    app_database: Database,
    worker_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.engine.reading.MOST_MARKS", 3)
    first, second = await start_runs(app_database, tenant, 2)
    async with watched.watching(tenant) as watcher:
        await start_runs(app_database, tenant, 3)
        (claim,) = await Claims(worker_database, "w", 30).take(1)
        assert claim.run_id == first
        await write(worker_database, progress(claim, "completed"))
        watched._heard(changes.EVERYTHING)
        runs = {run["id"]: run["state"] for run in await told(watcher, 4)}
        assert runs[ids.show("run", first)] == "completed"
        assert ids.show("run", second) not in runs


async def test_F_23_a_flood_is_one_word_to_read_the_list_again(
    watched: Feeds, tenant: TenantId, app_database: Database
) -> None:
    async with watched.watching(tenant) as watcher:
        (run,) = await start_runs(app_database, tenant, 1)
        for _ in range(MOST_RUNG + 1):
            watched._heard(changes.encode([(tenant, ids.new())]))
        await watcher.changed.wait()
        assert watcher.take() == ([], True)
        assert len(watched._feeds[tenant.bytes]._rung) <= MOST_RUNG
        # And goes on as before.
        watched._heard(changes.encode([(tenant, run)]))
        (later,) = await start_runs(app_database, tenant, 1)
        watched._heard(changes.encode([(tenant, later)]))
        assert [one["id"] for one in await told(watcher, 1)] == [ids.show("run", later)]


def test_F_23_a_slow_reader_keeps_the_latest_of_each_run_and_no_more_than_fit() -> None:
    watcher, runs = Watcher(), [ids.new() for _ in range(MOST_WAITING)]
    for text in (b"1", b"2"):
        for run in runs:
            watcher.offer(run, text)
    watcher.offer(runs[0], b"3")
    assert watcher.take() == ([b"2"] * (MOST_WAITING - 1) + [b"3"], False)
    for _ in range(5 * MOST_WAITING):
        watcher.offer(ids.new(), b"x")
    assert len(watcher._waiting) <= MOST_WAITING
    assert watcher.take() == ([], True)
    watcher.offer(runs[0], b"4")
    assert watcher.take() == ([b"4"], False)


async def test_F_23_streams_are_counted_by_tenant_and_by_process(
    watched: Feeds, tenant: TenantId, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_OF_TENANT", 2)
    monkeypatch.setattr(feeds, "MOST", 3)
    other = (await make_tenant(app_database, "other")).tenant_id
    async with contextlib.AsyncExitStack() as streams:
        for _ in range(2):
            await streams.enter_async_context(watched.watching(tenant))
        with pytest.raises(TooManyStreams):
            await streams.enter_async_context(watched.watching(tenant))
        await streams.enter_async_context(watched.watching(other))
        with pytest.raises(Unavailable):
            await streams.enter_async_context(watched.watching(other))
    assert (watched._feeds, watched._running, watched._count) == ({}, {}, 0)


async def test_F_06_without_a_database_no_stream_is_opened_and_none_is_left() -> None:
    gone = await Database("postgresql://a:b@127.0.0.1:1/c").open()
    made = Feeds(gone, None)
    with pytest.raises(OSError, match=r".*"):
        async with made.watching(TenantId(ids.new())):
            pass
    assert (made._feeds, made._running, made._count) == ({}, {}, 0)
    await gone.close()


async def test_F_06_a_feed_outlives_an_outage_of_the_database(
    watched: Feeds, tenant: TenantId, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched.watching(tenant) as watcher:
        (run,) = await start_runs(app_database, tenant, 1)
        monkeypatch.setattr(watched._feeds[tenant.bytes], "_database", failing := Failing(app_database, 3))
        watched._heard(changes.encode([(tenant, run)]))
        assert [one["id"] for one in await told(watcher, 1)] == [ids.show("run", run)]
        assert failing.left < 0


class Failing:
    """A database that is away for the first `left` transactions."""

    def __init__(self, database: Database, left: int) -> None:
        self._database = database
        self.left = left

    def session(self, scope: Any) -> Any:
        self.left -= 1
        if self.left >= 0:
            raise ConnectionRefusedError
        return self._database.session(scope)
