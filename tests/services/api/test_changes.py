"""The feed of changes through a real server and real sockets (F-10, F-11, F-23, S-06)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints
from infra.ids import TenantId
from infra.redis import Doorbell
from services.api import event_stream
from services.api.feeds import MOST_OF_TENANT
from services.engine.changes import Changes
from services.engine.claims import Claim, Claims
from services.engine.journal import Journal
from tests.patience import PATIENCE
from tests.served import ask, served
from tests.services.api.parties import Parties, id_of, make_key
from tests.services.api.streams import Reader, following
from tests.world import deploy, progress, start_runs

NO_REDIS = "redis://127.0.0.1:1/0"


class Worker:
    """Commits as a worker does, and says so on the channel of `redis_url`."""

    def __init__(self, database: Database, redis_url: str) -> None:
        self._bell = Doorbell(redis_url)
        self._changes = Changes(self._bell.publish)
        self._journal = Journal(database, self._changes.note)
        self._claims = Claims(database, "w", 30)
        self._flushing = asyncio.create_task(self._journal.run())

    async def claim(self) -> Claim:
        (claim,) = await self._claims.take(1)
        self._changes.note([(claim.tenant_id, claim.run_id)])
        return claim

    async def complete(self, claim: Claim) -> None:
        assert await self._journal.commit(progress(claim, "completed")) == "committed"

    async def close(self) -> None:
        self._flushing.cancel()
        await asyncio.gather(self._flushing, return_exceptions=True)
        await self._changes.close()
        await self._bell.close()


@pytest.fixture
async def worker(worker_database: Database, endpoints: Endpoints) -> AsyncIterator[Worker]:
    made = Worker(worker_database, endpoints.redis_url)
    yield made
    await made.close()


@pytest.fixture
async def deaf(worker_database: Database) -> AsyncIterator[Worker]:
    """A worker whose Redis is away."""
    made = Worker(worker_database, NO_REDIS)
    yield made
    await made.close()


async def tenant_of(parties: Parties, database: Database, who: str = "acme") -> TenantId:
    """With a deployment whose runs no worker takes."""
    tenant = TenantId(ids.read("ten", parties.ids[f"{who}:live"]))
    await deploy(database, tenant, "document: {}", event_type="order.captured")
    return tenant


async def opened(reader: Reader) -> None:
    """From here on the stream misses nothing."""
    assert reader.status == 200
    assert (await asyncio.to_thread(reader.block)).endswith(b"retry: 1000\n: open")


async def test_what_a_worker_commits_and_people_do_is_told_at_once(
    parties: Parties, app_database: Database, worker: Worker, endpoints: Endpoints, tmp_path: Path
) -> None:
    tenant = await tenant_of(parties, app_database)
    with served(tmp_path, endpoints) as (port, _), following(port, parties.acme.key) as reader:
        await opened(reader)
        assert b"content-type: text/event-stream\r\n" in reader.head
        assert b"cache-control: no-store\r\n" in reader.head
        assert b"content-length" not in reader.head
        await start_runs(app_database, tenant, 1)
        claim = await worker.claim()
        running = await asyncio.to_thread(reader.run_in, "running")
        assert running["id"] == ids.show("run", claim.run_id)
        await worker.complete(claim)
        completed = await asyncio.to_thread(reader.run_in, "completed")
        assert (completed["id"], completed["seq"]) == (running["id"], running["seq"] + 1)
        assert (await parties.acme.get("/v1/runs")).json["items"] == [completed]
        (other,) = await start_runs(app_database, tenant, 1)
        assert (await asyncio.to_thread(cancel, port, parties, other))[0] == 200
        assert (await asyncio.to_thread(reader.run_in, "cancelled"))["id"] == ids.show("run", other)


def cancel(port: int, parties: Parties, run: UUID) -> tuple[int, bytes]:
    path = f"/v1/runs/{ids.show('run', run)}/cancel"
    answer, body = ask(port, "POST", path, Authorization=f"Bearer {parties.acme.key}")
    return answer.status, body


async def test_S_01_a_stream_tells_of_its_own_tenant_and_of_one_run_when_asked(
    parties: Parties, app_database: Database, endpoints: Endpoints, tmp_path: Path
) -> None:
    first, second = await start_runs(app_database, await tenant_of(parties, app_database), 2)
    one = f"?run={ids.show('run', second)}"
    with (
        served(tmp_path, endpoints) as (port, _),
        following(port, parties.sibling.key) as sibling,
        following(port, parties.acme.key, one) as only,
        following(port, parties.acme.key) as everything,
    ):
        await opened(sibling)
        await opened(everything)
        pending = await asyncio.to_thread(only.run_in, "pending")
        assert pending["id"] == ids.show("run", second)
        await start_runs(app_database, await tenant_of(parties, app_database, "sibling"), 1)
        for run in (first, second):
            assert (await asyncio.to_thread(cancel, port, parties, run))[0] == 200
        told = {(await asyncio.to_thread(everything.run_in, "cancelled"))["id"] for _ in range(2)}
        assert told == {ids.show("run", first), ids.show("run", second)}
        assert (await asyncio.to_thread(only.event))[1]["id"] == ids.show("run", second)
        # What its own tenant did; nothing of acme came before it.
        assert (await asyncio.to_thread(sibling.run_in, "pending"))["business_key"] == "o-0"
        for stranger in (parties.sibling, parties.foreign, parties.acme_test):
            with following(port, stranger.key, one) as closed:
                assert closed.status == 404
        with following(port, parties.acme.key, "?run=no-id") as wrong:
            assert wrong.status == 400
        with following(port, None) as nobody:
            assert nobody.status == 401


async def test_F_11_without_redis_the_poll_finds_what_changed(
    parties: Parties, app_database: Database, deaf: Worker, endpoints: Endpoints, tmp_path: Path
) -> None:
    tenant = await tenant_of(parties, app_database)
    with (
        served(tmp_path, endpoints, WAYBILL_REDIS_URL=NO_REDIS) as (port, _),
        following(port, parties.acme.key) as reader,
    ):
        await opened(reader)
        (run,) = await start_runs(app_database, tenant, 1)
        assert (await asyncio.to_thread(reader.run_in, "pending"))["id"] == ids.show("run", run)
        await deaf.complete(await deaf.claim())
        assert (await asyncio.to_thread(reader.run_in, "completed"))["id"] == ids.show("run", run)


async def test_F_23_a_tenants_streams_are_counted_and_those_that_left_are_not(
    parties: Parties, endpoints: Endpoints, tmp_path: Path
) -> None:
    key = parties.acme.key
    with served(tmp_path, endpoints) as (port, _):
        for _ in range(2):
            with contextlib.ExitStack() as readers:
                for _ in range(MOST_OF_TENANT):
                    await until_open(readers, port, key)
                with following(port, key) as refused:
                    assert refused.status == 429
                    assert b"retry-after: 5\r\n" in refused.head
                with following(port, parties.sibling.key) as other:
                    assert other.status == 200


async def until_open(readers: contextlib.ExitStack, port: int, key: str | None) -> None:
    """A server hears of a caller who left a moment later than the caller leaves."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        reader = readers.enter_context(following(port, key))
        if reader.status == 200:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("streams that were left are still counted")


async def test_F_32_streams_end_with_the_server_and_do_not_hold_it_up(
    parties: Parties, endpoints: Endpoints, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as readers:
        with served(tmp_path, endpoints) as (port, _):
            both = [readers.enter_context(following(port, parties.acme.key)) for _ in range(2)]
            for reader in both:
                await opened(reader)
        for reader in both:
            assert reader.rest().endswith(b"0\r\n\r\n")


async def test_S_06_a_stream_ends_with_its_key_which_is_asked_for_twice_within_five_seconds(
    parties: Parties, endpoints: Endpoints, tmp_path: Path
) -> None:
    text = await make_key(parties.acme, permissions=["runs:read"])
    name = await id_of(parties.nobody.having(text))
    with served(tmp_path, endpoints) as (port, _), following(port, text) as reader:
        await opened(reader)
        assert (await parties.acme.post(f"/v1/keys/{name}/revoke")).status == 200
        assert (await asyncio.to_thread(reader.rest)).endswith(b"0\r\n\r\n")
    assert event_stream.CHECK_SECONDS <= 2.5


async def test_a_head_request_has_the_headers_and_an_end(
    parties: Parties, endpoints: Endpoints, tmp_path: Path
) -> None:
    with (
        served(tmp_path, endpoints) as (port, _),
        following(port, parties.acme.key, method="HEAD") as reader,
    ):
        assert (reader.status, reader.rest()) == (200, b"")
