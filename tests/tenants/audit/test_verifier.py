"""S-81: whoever owns the database may change what it holds, and whoever has the public key sees where."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.signing_key import SigningKey
from tenants.audit import sealer, verifier
from tenants.audit.exporting import _levels, _path
from tenants.audit.heads import FolderHeads
from tenants.audit.publishing import Publisher
from tenants.audit.verifier import Line, merkle_root, root_of
from tests.tenants.audit.chains import (
    BATCH,
    broken,
    exported,
    owner,
    rows_of,
    signing_key,
    verified,
    write_and_seal,
)
from tests.world import World, make_tenant

# RFC 6962's reference vectors (certificate-transparency: merkle_tree_test): inputs, and roots of the first n of them.
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path)


@pytest.fixture
async def world(app_database: Database, worker_database: Database, key: SigningKey) -> World:
    """A log of ten rows in three batches."""
    made = await make_tenant(app_database)
    await write_and_seal(app_database, worker_database, made.tenant_id, key)
    return made


@pytest.mark.parametrize("count", ROOTS)
def test_A17_roots_are_those_of_rfc_6962(count: int) -> None:
    leaves = [hashlib.sha256(b"\0" + bytes.fromhex(one)).digest() for one in INPUTS[:count]]
    assert merkle_root(leaves).hex() == ROOTS[count]
    for position, one in enumerate(leaves):
        path = _path(_levels(leaves), position)
        assert root_of(one, position, count, path).hex() == ROOTS[count]
        with pytest.raises(verifier.Broken):
            root_of(one, position, count, [*path, b"x" * 32])


def id_of(row: Line) -> Any:
    return ids.read("aud", row["id"])


CHANGE = {
    "actor": "UPDATE app.audit SET actor = 'account:acc_2' WHERE audit_id = $1",
    "at": "UPDATE app.audit SET at = at + interval '1 microsecond' WHERE audit_id = $1",
    "action": "UPDATE app.audit SET action = 'thing.mada' WHERE audit_id = $1",
    "target": "UPDATE app.audit SET target = 't6' WHERE audit_id = $1",
    "after": "UPDATE app.audit SET after = '{\"number\": 50}' WHERE audit_id = $1",
    "salt": "UPDATE app.audit SET salt = substr(salt, 2) || '\\x00'::bytea WHERE audit_id = $1",
    "after, to nothing": "UPDATE app.audit SET after = NULL WHERE audit_id = $1",
}


@pytest.mark.parametrize("field", CHANGE)
async def test_S_81_a_changed_byte_is_named_by_its_row_and_batch(
    field: str, world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    row = rows_of(await exported(app_database, world.tenant_id))[5]
    async with owner(stack, endpoints) as connection:
        await connection.execute(CHANGE[field], id_of(row))
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.row) == (2, row["id"]), found


async def test_S_81_a_deleted_row_is_named_by_what_follows_it(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    rows = rows_of(await exported(app_database, world.tenant_id))
    async with owner(stack, endpoints) as connection:
        await connection.execute("DELETE FROM app.audit WHERE audit_id = $1", id_of(rows[5]))
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.row) == (2, rows[6]["id"])
    assert "missing" in found.what


async def test_S_81_rows_deleted_at_the_end_of_a_batch_are_named_by_their_place(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    rows = rows_of(await exported(app_database, world.tenant_id))
    async with owner(stack, endpoints) as connection:
        await connection.execute("DELETE FROM app.audit WHERE audit_id = ANY ($1)", [id_of(row) for row in rows[8:]])
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.what) == (3, "its last 2 rows are missing, from place 1 on")


async def test_S_81_a_row_put_in_behind_its_time_is_named(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    old = rows_of(await exported(app_database, world.tenant_id))[2]
    async with owner(stack, endpoints) as connection:
        made = await connection.fetchval(
            "INSERT INTO app.audit (tenant_id, audit_id, at, xid, actor, action, target) "
            "SELECT tenant_id, app.new_id(), at - interval '1 day', xid, actor, action, 'planted' "
            "FROM app.audit WHERE audit_id = $1 RETURNING audit_id",
            id_of(old),
        )
    found = broken(await exported(app_database, world.tenant_id), key)
    assert found.row == ids.show("aud", made)
    assert "put in" in found.what


async def test_S_81_a_row_dated_back_is_named_also_when_a_sealer_took_it(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    async with owner(stack, endpoints) as connection:
        made = await connection.fetchval(
            "INSERT INTO app.audit (tenant_id, audit_id, at, actor, action, target) "
            "VALUES ($1, app.new_id(), clock_timestamp() - interval '1 day', 'a', 'b', 'c') RETURNING audit_id",
            world.tenant_id,
        )
    await sealer.seal(worker_database, key, BATCH)
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.row) == (4, ids.show("aud", made))


async def test_S_81_two_rows_that_changed_places_are_named(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    rows = rows_of(await exported(app_database, world.tenant_id))
    one, other = id_of(rows[4]), id_of(rows[6])
    async with owner(stack, endpoints) as connection:
        for was, new in ((one, world.tenant_id), (other, one), (world.tenant_id, other)):
            await connection.execute("UPDATE app.audit SET audit_id = $2 WHERE audit_id = $1", was, new)
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.row) == (2, rows[4]["id"])


async def test_S_81_a_batch_that_is_dropped_with_its_seal_is_named(
    world: World, app_database: Database, key: SigningKey, stack: Stack, endpoints: Endpoints
) -> None:
    rows = rows_of(await exported(app_database, world.tenant_id))
    async with owner(stack, endpoints) as connection:
        await connection.execute("DELETE FROM app.audit WHERE audit_id = ANY ($1)", [id_of(row) for row in rows[4:8]])
        await connection.execute("DELETE FROM app.audit_leaves WHERE n = 2")
        half = broken(await exported(app_database, world.tenant_id), key)
        assert (half.batch, half.what) == (2, "its rows are gone, and nobody has signed that their time was over")
        await connection.execute("DELETE FROM app.audit_seal WHERE n = 2")
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.what) == (2, "the batch before is missing: 3 follows 1")


async def _made_anew(connection: Any, worker: Database, key: SigningKey) -> None:
    """Somebody who may do all in the database seals everything again, with a row changed."""
    await connection.execute("UPDATE app.audit SET actor = 'somebody' WHERE target = 't1'")
    await connection.execute("TRUNCATE app.audit_leaves, app.audit_seal, app.audit_mark, app.audit_floor")
    await sealer.seal(worker, key, BATCH)


async def test_S_81_a_chain_that_is_forged_with_another_key_is_nobodys(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    tmp_path: Path,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    forger = SigningKey(tmp_path / "forgers")
    async with owner(stack, endpoints) as connection:
        await _made_anew(connection, worker_database, forger)
    found = broken(await exported(app_database, world.tenant_id), key)
    assert (found.batch, found.what) == (1, "its head is signed with a key that is not trusted")


async def test_S_81_a_chain_that_is_forged_with_the_key_itself_is_not_what_was_published(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    tmp_path: Path,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    heads = tmp_path / "heads"
    assert await Publisher(FolderHeads(heads), key).publish(worker_database) == 3
    published = (heads / f"tenant-{world.tenant_id}.jsonl").read_bytes().splitlines()
    async with owner(stack, endpoints) as connection:
        await _made_anew(connection, worker_database, key)
    lines = await exported(app_database, world.tenant_id)
    assert verified(lines, key).rows == 10
    found = broken(lines, key, published)
    assert (found.batch, found.what) == (1, "another head was published for it: the chain was made anew")


async def test_S_81_a_tail_that_is_cut_off_with_its_seals_was_published(
    world: World,
    app_database: Database,
    worker_database: Database,
    key: SigningKey,
    tmp_path: Path,
    stack: Stack,
    endpoints: Endpoints,
) -> None:
    heads = tmp_path / "heads"
    await Publisher(FolderHeads(heads), key).publish(worker_database)
    published = (heads / f"tenant-{world.tenant_id}.jsonl").read_bytes().splitlines()
    rows = rows_of(await exported(app_database, world.tenant_id))
    async with owner(stack, endpoints) as connection:
        await connection.execute("DELETE FROM app.audit WHERE audit_id = ANY ($1)", [id_of(row) for row in rows[4:]])
        await connection.execute("DELETE FROM app.audit_leaves WHERE n > 1")
        await connection.execute("DELETE FROM app.audit_seal WHERE n > 1")
    found = broken(await exported(app_database, world.tenant_id), key, published)
    assert (found.batch, "batches up to 3 were published" in found.what) == (2, True)
