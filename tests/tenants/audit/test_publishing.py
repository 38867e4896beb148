"""Heads that the database cannot reach, and a database that is behind them (A17, F-31)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.signing_key import SigningKey
from services.worker.sealing import one_round
from tenants.audit import sealer
from tenants.audit.heads import FolderHeads, Newest, last_of
from tenants.audit.publishing import Publisher
from tests.tenants.audit.chains import (
    BATCH,
    broken,
    exported,
    owner,
    rows_of,
    signing_key,
    verified,
    write,
    write_and_seal,
)
from tests.world import World, make_tenant

KEPT = ("audit_seal", "audit_leaves", "audit_mark", "audit")
"""The tables of a log, in an order in which they may be filled."""


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return tmp_path / "heads"


@pytest.fixture
async def world(app_database: Database) -> World:
    return await make_tenant(app_database)


def file_of(heads: Path, world: World) -> Path:
    return heads / f"tenant-{world.tenant_id}.jsonl"


def lines_of(heads: Path, world: World) -> list[bytes]:
    return file_of(heads, world).read_bytes().splitlines()


def newest_of(heads: Path, world: World) -> Newest:
    return last_of(file_of(heads, world).read_bytes())


async def test_A17_every_head_is_published_once_by_any_number_of_publishers(
    world: World, app_database: Database, worker_database: Database, key: SigningKey, heads: Path
) -> None:
    one, other = Publisher(FolderHeads(heads), key), Publisher(FolderHeads(heads), key)
    for start in (0, 5):
        await write(app_database, world.tenant_id, 5, start)
        await sealer.seal(worker_database, key, BATCH)
        assert await one.publish(worker_database) == 2
        assert await other.publish(worker_database) == 0
        assert await one.publish(worker_database) == 0
    found = [json.loads(line) for line in lines_of(heads, world)]
    assert [line["n"] for line in found] == [1, 2, 3, 4]
    assert "leaves" not in found[0]
    assert verified(await exported(app_database, world.tenant_id), key, lines_of(heads, world)).last == 4


async def test_F_31_a_line_in_which_a_publisher_died_is_passed_over(
    world: World, app_database: Database, worker_database: Database, key: SigningKey, heads: Path
) -> None:
    await write_and_seal(app_database, worker_database, world.tenant_id, key, 6)
    await Publisher(FolderHeads(heads), key).publish(worker_database)
    whole = file_of(heads, world).read_bytes()
    file_of(heads, world).write_bytes(whole[:-40])
    assert newest_of(heads, world).n == 1
    assert await Publisher(FolderHeads(heads), key).publish(worker_database) == 1
    assert newest_of(heads, world).n == 2
    assert verified(await exported(app_database, world.tenant_id), key, lines_of(heads, world)).last == 2


async def back_up(connection: Any) -> None:
    for table in KEPT:
        await connection.execute(f"CREATE TEMP TABLE of_{table} AS SELECT * FROM app.{table}")  # noqa: S608 (the list above)


async def restore(connection: Any) -> None:
    """The database of before: what came since is not in it."""
    await connection.execute("TRUNCATE app.audit_leaves, app.audit_floor, app.audit_seal, app.audit_mark, app.audit")
    for table in KEPT:
        await connection.execute(f"INSERT INTO app.{table} SELECT * FROM of_{table}")  # noqa: S608 (the list above)


async def test_F_31_a_restored_database_is_flagged_rolled_back_and_sealed_on_when_it_is_accepted(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    heads: Path,
    stack: Stack,
    endpoints: Endpoints,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await write_and_seal(app_database, worker_database, world.tenant_id, key, 6)
    async with owner(stack, endpoints) as connection:
        await back_up(connection)
        await write_and_seal(app_database, worker_database, world.tenant_id, key, 5)
        await Publisher(FolderHeads(heads), key).publish(worker_database)
        assert newest_of(heads, world).n == 4
        await restore(connection)
    await write(app_database, world.tenant_id, 3, start=50)
    publisher = Publisher(FolderHeads(heads), key)
    assert await one_round(worker_database, key, publisher) == 0  # nothing is sealed on top of it
    assert "behind what was published" in caplog.text
    async with worker_database.doors() as doors:
        (row,) = await doors.fetch("SELECT * FROM app.audit_rollbacks()")
        assert (row["published_n"], row["own_n"]) == (4, 2)
    found = broken(await exported(app_database, world.tenant_id), key, lines_of(heads, world))
    assert (found.batch, "published" in found.what) == (3, True)
    assert [one["action"] for one in rows_of(await exported(app_database, world.tenant_id))][-1] == "audit.rolled-back"
    async with worker_database.doors() as doors:
        assert await doors.fetchval("SELECT app.audit_accept('cli:audit')") == 1
    await one_round(worker_database, key, publisher)
    await one_round(worker_database, key, publisher)
    told = [json.loads(line) for line in lines_of(heads, world)]
    assert [(line["kind"], line["n"]) for line in told[4:]] == [("rollback", 2), ("seal", 3)]
    again = verified(await exported(app_database, world.tenant_id), key, lines_of(heads, world))
    assert (again.rows, again.last, again.unsealed) == (10, 3, 0)
    assert newest_of(heads, world) == Newest(3, again.head)
