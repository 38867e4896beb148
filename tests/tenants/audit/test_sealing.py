"""Sealing: every row once, in the order of its transactions, by whichever sealer comes first (A17, F-31)."""

from __future__ import annotations

import asyncio
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.errors import KeyFileUnusable
from infra.encryption.signing_key import SigningKey, public_of
from tenants.audit import sealer, service
from tenants.audit.checking import check
from tenants.audit.log import Log
from tests.tenants.audit.chains import BATCH, exported, owner, rows_of, signing_key, verified, write, write_and_seal
from tests.world import make_tenant


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


async def numbers(stack: Stack, endpoints: Endpoints) -> list[tuple[int, int]]:
    async with owner(stack, endpoints) as connection:
        rows = await connection.fetch("SELECT n, count FROM app.audit_seal WHERE kind = 'tenant' ORDER BY n")
        return [(row["n"], row["count"]) for row in rows]


async def test_A17_every_row_gets_its_seal_in_batches_and_above_tenants_too(
    app_database: Database, worker_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    world = await make_tenant(app_database)
    for scope in (Scope.partner(world.partner_id), Scope.operator()):
        async with app_database.session(scope) as session:
            await service.record(session, actor="key:x", action="thing.made", target="t")
            await session.commit()
    await write_and_seal(app_database, worker_database, world.tenant_id, key)
    assert await numbers(stack, endpoints) == [(1, BATCH), (2, BATCH), (3, 2)]
    async with owner(stack, endpoints) as connection:
        others = await connection.fetch(
            "SELECT kind, n, count FROM app.audit_seal WHERE kind <> 'tenant' ORDER BY kind"
        )
    assert [tuple(row) for row in others] == [("operator", 1, 1), ("partner", 1, 1)]
    assert await sealer.seal(worker_database, key, BATCH) == 0
    found = verified(await exported(app_database, world.tenant_id), key)
    assert (found.rows, found.batches, found.unsealed, found.last) == (10, 3, 0, 3)


async def test_A17_a_row_whose_transaction_is_open_is_in_a_later_batch_and_in_one(
    app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    world = await make_tenant(app_database)
    async with app_database.session(Scope.tenant(world.tenant_id)) as late:
        await service.record(late, actor="a", action="late.made", target="late")
        await write(app_database, world.tenant_id, 3)
        # Nothing is sealed beyond what may still come in before it.
        await sealer.seal(worker_database, key, BATCH)
        assert verified(await exported(app_database, world.tenant_id), key).rows == 0
        await late.commit()
    await sealer.seal(worker_database, key, BATCH)
    lines = await exported(app_database, world.tenant_id)
    assert [row["target"] for row in rows_of(lines)].count("late") == 1
    assert (verified(lines, key).rows, verified(lines, key).unsealed) == (4, 0)


async def test_F_31_many_sealers_at_once_give_each_batch_number_once(
    app_database: Database, worker_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 18)
    sealed = await asyncio.gather(*(sealer.seal(worker_database, key, BATCH) for _ in range(5)))
    await sealer.seal(worker_database, key, BATCH)
    assert sum(sealed) <= 18
    assert sum(count for _, count in await numbers(stack, endpoints)) == 18
    assert [n for n, _ in await numbers(stack, endpoints)] == list(range(1, len(await numbers(stack, endpoints)) + 1))
    assert verified(await exported(app_database, world.tenant_id), key).rows == 18


@pytest.mark.parametrize(("point", "left"), [("seal.computed", 0), ("seal.committed", 1)])
async def test_F_31_a_sealer_that_is_killed_in_a_batch_leaves_it_whole_or_leaves_none(
    point: str,
    left: int,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
    tmp_path: Path,
) -> None:
    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 6)
    words = ["-m", "tests.tenants.audit.sealing_side", endpoints.worker_database_url, str(tmp_path / "audit-key")]
    place = f"{point}~{ids.show('ten', world.tenant_id)}"
    killed = await asyncio.create_subprocess_exec(sys.executable, *words, place)
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    assert len(await numbers(stack, endpoints)) == left
    await sealer.seal(worker_database, key, BATCH)
    assert await numbers(stack, endpoints) == [(1, BATCH), (2, 2)]
    assert verified(await exported(app_database, world.tenant_id), key).rows == 6


async def test_F_31_a_dump_in_another_cluster_is_sealed_on_and_its_chain_holds(
    app_database: Database, worker_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    """Transactions are numbered anew there: what is sealed stays so, and what is not is found."""
    world = await make_tenant(app_database)
    await write_and_seal(app_database, worker_database, world.tenant_id, key, 6)
    await write(app_database, world.tenant_id, 2, start=6)
    async with owner(stack, endpoints) as connection:
        await connection.execute(
            "UPDATE app.audit_mark SET cluster = cluster + 1, xid = (xid::text::bigint + 1000000)::text::xid8"
        )
        await connection.execute("UPDATE app.audit SET xid = (xid::text::bigint + 1000000)::text::xid8")
    await write(app_database, world.tenant_id, 2, start=8)
    await sealer.seal(worker_database, key, BATCH)
    await sealer.seal(worker_database, key, BATCH)
    lines = await exported(app_database, world.tenant_id)
    assert sorted(row["target"] for row in rows_of(lines)) == [f"t{number}" for number in range(10)]
    assert (verified(lines, key).rows, verified(lines, key).unsealed) == (10, 0)


@pytest.mark.parametrize("statement", ["UPDATE app.{} SET log_id = log_id", "DELETE FROM app.{}", "TRUNCATE app.{}"])
@pytest.mark.parametrize("table", ["audit_seal", "audit_leaves", "audit_floor", "audit_rollback", "audit_mark"])
@pytest.mark.parametrize("role", ["app", "worker"])
async def test_S_80_seals_cannot_be_changed(
    role: str, table: str, statement: str, app_database: Database, worker_database: Database
) -> None:
    database = {"app": app_database, "worker": worker_database}[role]
    async with database.session(Scope.operator()) as session:
        with pytest.raises(Exception, match="permission denied"):
            await session.execute(text(statement.format(table)))


async def test_S_80_a_seal_is_added_by_the_worker_alone_and_behind_the_one_before(
    app_database: Database, worker_database: Database
) -> None:
    world = await make_tenant(app_database)
    call = "SELECT app.audit_seal_batch($1, 'tenant', $2, $3, $4, $3, $5, $3, clock_timestamp(), $3, $6, 1)"
    values = (world.tenant_id, 2, b"r" * 32, [world.tenant_id], b"p" * 32, b"s" * 64)
    async with worker_database.doors() as connection:
        assert await connection.fetchval(call, *values) is False
    async with app_database.doors() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.fetchval(call, *values)


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "audit-key"
    first, again = SigningKey(file), SigningKey(file)
    assert first.public == again.public == public_of(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    with pytest.raises(KeyFileUnusable):
        SigningKey(file)
    assert public_of(tmp_path / "none") is None


async def test_S_83_no_field_is_longer_than_4_kib_whoever_writes_it(
    app_database: Database, stack: Stack, endpoints: Endpoints
) -> None:
    world = await make_tenant(app_database)
    long: dict[str, Any] = {"agent": "x" * 1_048_576, "name": "short", "list": [1, 2]}
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await service.record(session, actor="ä" * 5000, action="thing.made", target="t", after=long)
        await service.record(session, actor="a", action="thing.made", target="t" * 4096, after={"text": "y" * 4000})
        await session.commit()
    async with owner(stack, endpoints) as connection:
        cut, whole = await connection.fetch(
            "SELECT octet_length(actor) AS actor, octet_length(target) AS target, after "
            "FROM app.audit ORDER BY audit_id"
        )
    assert cut["actor"] < 4096
    assert len(cut["after"]) < 4096
    assert "1048578 bytes, sha256" in cut["after"]
    assert '"short"' in cut["after"]
    assert (whole["target"], len(whole["after"])) == (4096, 4012)


async def test_A17_rows_that_waited_for_their_sealer_for_hours_are_not_taken_for_put_in(
    app_database: Database, worker_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    """No worker ran in the night: what happened then is sealed in the morning, in more than one batch."""
    world = await make_tenant(app_database)
    await write(app_database, world.tenant_id, 10)
    async with owner(stack, endpoints) as connection:
        await connection.execute("UPDATE app.audit SET at = at - interval '9 hours'")
    log = Log("tenant", world.tenant_id, Scope.tenant(world.tenant_id))
    assert await sealer.seal(worker_database, key, BATCH) == 10
    found = verified(await exported(app_database, world.tenant_id), key)
    assert (found.rows, found.batches, found.unsealed) == (10, 3, 0)
    checked = await check(app_database, log, [key.public], behind=1)
    assert (checked.what, checked.rows) == (None, 6)
