"""A sealer that is dead says nothing: others see what it leaves (A17)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from infra.encryption.signing_key import SigningKey
from infra.pagination import Page
from infra.telemetry import instruments
from tenants.audit import sealer, service, watching
from tenants.audit.heads import FolderHeads
from tenants.audit.log import Log, Wanted
from tenants.audit.publishing import Publisher
from tenants.audit.watching import Promise
from tests.patience import PATIENCE
from tests.tenants.audit.chains import signing_key, write
from tests.world import World, make_tenant

SOON = Promise(0.2, 0.2)


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


@asynccontextmanager
async def watched(*databases: Database) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(watching.keep_watch(one, SOON, 0.05)) for one in databases]
    yield
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_so():
            await asyncio.sleep(0.02)


async def told(database: Database) -> list[str]:
    async with database.session(Scope.operator()) as session:
        rows, _ = await service.history(session, Log.of(Scope.operator()), Page(50, None), Wanted(action="audit.late"))
    return [row.actor for row in rows]


async def kill_a_sealer(endpoints: Endpoints, folder: Path, world: World) -> None:
    words = ["-m", "tests.tenants.audit.sealing_side", endpoints.worker_database_url, str(folder / "audit-key")]
    killed = await asyncio.create_subprocess_exec(
        sys.executable, *words, f"seal.computed~{ids.show('ten', world.tenant_id)}"
    )
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL


async def test_A17_a_sealer_that_is_killed_is_told_of_by_api_and_worker_and_written_down_once(
    app_database: Database,
    worker_database: Database,
    endpoints: Endpoints,
    key: SigningKey,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 3)
    await kill_a_sealer(endpoints, tmp_path, world)
    async with watched(app_database, worker_database):
        await until(lambda: caplog.text.count("the audit is not sealed or published") > 3)
    assert instruments.AUDIT_UNSEALED.series()[0][1] > SOON.sealed  # type: ignore[operator]
    assert await told(app_database) == ["engine"]

    caplog.clear()
    for _ in range(2):  # the second has the record of the alarm itself
        await sealer.seal(worker_database, key)
    found = await watching.look(app_database)
    assert (found.unsealed, found.unpublished > 0, found.published_at) == (0.0, True, None)
    publisher = Publisher(FolderHeads(tmp_path / "heads"), key)
    await publisher.publish(worker_database)
    found = await watching.look(worker_database)
    assert (found.unsealed, found.unpublished, found.published_at is None) == (0.0, 0.0, False)
    assert not SOON.is_broken(found)


async def test_A17_heads_that_do_not_go_out_are_told_of_where_they_are_to_go_out(
    app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 1)
    await sealer.seal(worker_database, key)
    await asyncio.sleep(0.3)
    found = await watching.look(app_database)
    assert SOON.is_broken(found)
    assert not Promise(0.2, None).is_broken(found)
    async with app_database.doors() as connection:
        assert not await connection.fetchval("SELECT app.audit_tell_late($1, $2)", 60.0, None)
        assert await connection.fetchval("SELECT app.audit_tell_late($1, $2)", 60.0, 0.2)
        assert not await connection.fetchval("SELECT app.audit_tell_late($1, $2)", 60.0, 0.2)
