"""A tenant's key gets another version; S-71: none that we did not make is ever sealed to."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from infra.database import Database
from infra.encryption.errors import SealingOnlyError
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_pair import public_half
from infra.encryption.key_provider import FileKeyProvider, PublicKeyWrapper
from infra.encryption.voucher import Voucher
from tenants.connections.rotation import SECRETS, everybody, rotate
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tests.tenants.connections.keys_side import PASSWORD, WHO, change, hold, keys, password


@pytest.fixture
def vouching(tmp_path: Path, desk: Desk) -> Desk:
    """As the API is composed: it seals to keys that it vouches for, and cannot open."""
    create_kek_file(tmp_path / "service")
    sealer = Sealer(PublicKeyWrapper.of_kek(tmp_path / "kek"), Voucher.of_file(tmp_path / "service"))
    return Desk(desk.forms, sealer)


@pytest.fixture
def operator(tmp_path: Path, vouching: Desk) -> Sealer:
    """As the operator's command is composed: it opens and vouches."""
    del vouching
    return Sealer(FileKeyProvider(tmp_path / "kek"), Voucher.of_file(tmp_path / "service"))


async def test_A15_secrets_are_sealed_to_the_new_key_and_open_all_the_while(
    app_database: Database, worker_database: Database, vouching: Desk, sealer: Sealer, operator: Sealer
) -> None:
    held = await hold(app_database, vouching)
    done = await rotate(app_database, worker_database, operator, held.tenant, [SECRETS], actor=WHO)
    assert (done.version, done.sealed, done.passed) == (2, 1, 0)
    assert await password(worker_database, sealer, held) == PASSWORD
    async with app_database.tenant(held.tenant) as connection:
        assert await connection.fetchval("SELECT key_version FROM app.connection_secret") == 2
        told = await connection.fetchrow("SELECT actor, action, after::text FROM app.audit ORDER BY audit_id DESC")
        used = await connection.fetchrow("SELECT field, used_by, uses, last_run FROM app.secret_use")
    assert (told["actor"], told["action"]) == (WHO, "tenant-key.rotated")
    assert tuple(used) == ("password", "rotation", 1, None)
    await change(app_database, vouching, held, PASSWORD + "!")
    assert await password(worker_database, sealer, held) == PASSWORD + "!"
    assert await everybody(app_database) == [held.tenant]


async def test_A15_a_secret_that_is_changed_meanwhile_keeps_its_change(
    app_database: Database, worker_database: Database, vouching: Desk, sealer: Sealer, operator: Sealer
) -> None:
    held = await hold(app_database, vouching)
    for n in range(3):
        await asyncio.gather(
            rotate(app_database, worker_database, operator, held.tenant, [SECRETS], actor=WHO),
            change(app_database, vouching, held, f"{PASSWORD} {n}"),
        )
        assert await password(worker_database, sealer, held) == f"{PASSWORD} {n}"


async def test_A15_who_only_seals_opens_nothing(
    app_database: Database, worker_database: Database, vouching: Desk, sealer: Sealer
) -> None:
    held = await hold(app_database, vouching)
    with pytest.raises(SealingOnlyError):
        # Even with the worker's password, which the API does not have.
        await password(worker_database, vouching.sealer, held)
    assert await password(worker_database, sealer, held) == PASSWORD


async def test_S_71_a_public_key_that_somebody_put_there_is_never_sealed_to(
    app_database: Database, worker_database: Database, vouching: Desk, sealer: Sealer
) -> None:
    held = await hold(app_database, vouching)
    theirs = os.urandom(32)
    async with app_database.tenant(held.tenant) as connection:
        await connection.execute(
            "INSERT INTO app.tenant_key (tenant_id, version, provider, wrapped, public, vouched) "
            "SELECT tenant_id, 2, provider, wrapped, $1, vouched FROM app.tenant_key",
            public_half(theirs),
        )
    await change(app_database, vouching, held, PASSWORD + "!")
    async with app_database.tenant(held.tenant) as connection:
        assert await connection.fetchval("SELECT key_version FROM app.connection_secret") == 1
    assert await password(worker_database, sealer, held) == PASSWORD + "!"


async def test_S_71_where_no_key_is_ours_another_is_made(
    app_database: Database, worker_database: Database, desk: Desk, vouching: Desk, sealer: Sealer
) -> None:
    """As after a change of the API's own key."""
    held = await hold(app_database, desk)
    await change(app_database, vouching, held, PASSWORD + "!")
    assert [row["version"] for row in await keys(app_database, held)] == [1, 2]
    assert await password(worker_database, sealer, held) == PASSWORD + "!"
    await vouching.sealer.prepare(app_database, held.tenant)
    assert len(await keys(app_database, held)) == 2
