"""The key file is made once; a lost or foreign one is told, and never replaced in silence."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from infra import settings
from infra.embedded import processes
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_file import create_kek_file, kek_id, read_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import read_public_file
from infra.settings import Settings
from services.cli import demo, server_checks, stored_keys
from services.cli.sealed_columns import SEALED
from tests.patience import PATIENCE
from tests.services.cli.planted import Planted, plant


def settings_of(endpoints: Endpoints, home: Path) -> Settings:
    given = {"WAYBILL_HOME": str(home), "WAYBILL_DEMO_ERP_URL": "http://127.0.0.1:9"}
    given["WAYBILL_DATABASE_URL"] = endpoints.database_url
    given["WAYBILL_WORKER_DATABASE_URL"] = endpoints.worker_database_url
    given["WAYBILL_MIGRATOR_DATABASE_URL"] = endpoints.migrator_database_url
    return settings.load(given)


async def told(given: Settings) -> str:
    """What `waybill doctor` says of the stored secrets; its help when it is wrong."""
    check = next(one for one in await server_checks.database(given) if one.name == "stored secrets")
    assert check.ok == (not check.help)
    return f"{check.found} {check.help}"


async def test_a_new_installation_gets_a_key_file_and_keeps_it(endpoints: Endpoints, tmp_path: Path) -> None:
    given = settings_of(endpoints, tmp_path)
    assert await stored_keys.prepare(given) == ""
    key = read_kek_file(given.kek_file)
    assert await told(given) == "none yet "
    await demo.seed(given)
    assert await stored_keys.stored_kek_ids(given.database_url) == {kek_id(key)}
    assert await stored_keys.prepare(given) == ""
    assert read_kek_file(given.kek_file) == key
    assert await told(given) == "the key file opens them "
    assert read_public_file(given.home / stored_keys.PUBLIC)[0] == kek_id(key)
    assert given.service_key == given.home / "secrets" / "service-key", "the API's own is another one"
    assert kek_id(read_kek_file(given.service_key)) != kek_id(key)


async def test_S_76_a_lost_key_of_the_api_is_not_replaced_while_what_it_sealed_is_there(
    stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> None:
    given = settings_of(endpoints, tmp_path)
    assert await stored_keys.prepare(given) == ""
    await planted_in(stack, given)
    kept = given.up_service_key.rename(tmp_path / "backup")
    assert f"own key {given.up_service_key} is missing" in await stored_keys.prepare(given)
    assert not given.up_service_key.exists()
    kept.replace(given.up_service_key)
    assert await stored_keys.prepare(given) == ""
    given.up_service_key.chmod(0o644)
    assert "chmod 600" in await stored_keys.prepare(given)


async def test_an_installation_of_one_key_file_gets_one_for_the_api_and_loses_nothing(
    stack: Stack, endpoints: Endpoints, tmp_path: Path
) -> None:
    given = settings_of(endpoints, tmp_path)
    create_kek_file(given.kek_file)
    assert given.service_key == given.kek_file
    await demo.seed(given)
    planted = await planted_in(stack, given)
    assert await stored_keys.prepare(given) == ""
    assert given.service_key == given.up_service_key
    keys = {"kek": FileKeyProvider(given.kek_file), "service": FileKeyProvider(given.up_service_key)}
    opened_by = {one.kind: one.opened_by for one in SEALED}
    for kind, (value, bound) in (await planted.stored()).items():
        assert await keys[opened_by[kind]].unwrap(value, bound) == kind.encode()
    await demo.seed(given)


async def planted_in(stack: Stack, given: Settings) -> Planted:
    wrappers = {"kek": FileKeyProvider(given.kek_file), "service": FileKeyProvider(given.service_key)}
    return await plant(stack, given.database_url.rpartition("/")[2], wrappers)


async def test_a_lost_key_file_is_not_replaced_while_stored_secrets_need_it(
    endpoints: Endpoints, tmp_path: Path
) -> None:
    given = settings_of(endpoints, tmp_path)
    create_kek_file(given.kek_file)
    await demo.seed(given)
    kept = given.kek_file.rename(tmp_path / "backup")
    wrong = await stored_keys.prepare(given)
    assert f"{given.kek_file} is missing" in wrong
    assert "backup" in wrong
    assert not given.kek_file.exists()
    create_kek_file(given.kek_file)
    assert "is not the one that sealed" in await stored_keys.prepare(given)
    assert "is not the one that sealed" in await told(given)
    assert "backup" in await told(given)
    kept.replace(given.kek_file)
    assert await stored_keys.prepare(given) == ""


@pytest.mark.parametrize("command", ["api", "seed"])
def test_a_key_file_that_cannot_be_used_is_one_sentence_with_the_remedy(tmp_path: Path, command: str) -> None:
    file = tmp_path / "kek"
    environment = {**os.environ, "WAYBILL_HOME": str(tmp_path), "WAYBILL_KEK_FILE": str(file)}
    environment["WAYBILL_DATABASE_URL"] = "postgresql://nobody:x@127.0.0.1:1/none"

    def run() -> str:
        words = [sys.executable, "-m", "services.cli.main", command]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        return done.stderr

    assert f"key file {file} is missing" in run()
    create_kek_file(file)
    file.chmod(0o644)
    assert run() == f"Error: The key file's mode is 0644; it must be 0600: chmod 600 {file}\n"


async def test_S_11_the_keys_of_no_tenant_are_read_without_a_scope(endpoints: Endpoints, tmp_path: Path) -> None:
    given = settings_of(endpoints, tmp_path)
    create_kek_file(given.kek_file)
    await demo.seed(given)
    connection = await asyncpg.connect(endpoints.database_url)
    try:
        # Of all tenants there are the ids of their key files, each once, and no way to the rows.
        assert await connection.fetchval("SELECT count(*) FROM app.tenant_key") == 0
        ids = await connection.fetch("SELECT app.stored_kek_ids() AS id")
        assert [row["id"] for row in ids] == [kek_id(read_kek_file(given.kek_file))]
    finally:
        await connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.faults
async def test_F_06_doctor_tells_of_a_silent_database_within_seconds(
    stack: Stack, endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings_of(endpoints, tmp_path)
    monkeypatch.setattr(server_checks, "LIMIT", 0.5)
    frozen = processes.inside(stack.postgres.cluster.data.resolve(), "postgres")
    for each in frozen:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(PATIENCE):
            checks = await server_checks.database(given)
            late = await server_checks._within("migrations", server_checks._migrations(given))
    finally:
        for each in frozen:
            os.kill(each.pid, signal.SIGCONT)
    assert [check.ok for check in (*checks, late)] == [False] * 4
    assert all("no answer within 0.5 s" in check.found for check in (*checks, late))
