"""`waybill secrets`: another key takes the place of one, and the old one goes when nothing needs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra import ids, settings
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import read_public_file
from services.cli import stored_keys
from services.cli.main import waybill
from services.inbound.sealing import Place
from services.worker.composition import Composition
from tenants.connections.form import Form
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tenants.identity import second_factors
from tenants.identity.openid import providers
from tests.superuser import connected
from tests.tenants.connections.conftest import SETTINGS
from tests.tenants.connections.keys_side import PASSWORD, Held, hold, password


async def run(*words: str) -> Result:
    return await asyncio.to_thread(lambda: CliRunner().invoke(waybill, ["secrets", *words]))


@pytest.fixture
def home(endpoints: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    create_kek_file(tmp_path / "secrets" / "kek")
    for name, value in {
        "WAYBILL_HOME": str(tmp_path),
        "WAYBILL_DATABASE_URL": endpoints.database_url,
        "WAYBILL_WORKER_DATABASE_URL": endpoints.worker_database_url,
        "WAYBILL_REDIS_URL": endpoints.redis_url,
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
async def held(home: Path, app_database: Database) -> Held:
    form = Form(settings=SETTINGS, secrets={"password": True}, operations=frozenset())
    return await hold(app_database, Desk({"erp": form}, Sealer(FileKeyProvider(home / "secrets" / "kek"))))


async def test_F_30_a_key_file_is_replaced_and_the_old_one_refused_to_go_while_it_is_used(
    home: Path, held: Held, worker_database: Database, app_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = home / "secrets" / "kek", home / "new-kek"
    assert (await run("new", str(new))).exit_code == 0
    assert read_public_file(home / "new-kek.pub")[0] == FileKeyProvider(new).id
    assert "never overwritten" in (await run("new", str(new))).output
    assert "used now" in (await run("retire", str(old), "--yes")).output
    monkeypatch.setenv("WAYBILL_KEK_FILE", str(new))
    # Taken away too early: nothing starts with it, and doctor and status say why.
    with pytest.raises(KeyFileUnusable, match="not here"):
        async with Composition(settings.load()) as worker:
            await worker.look_for_keys()
    assert "not the one that sealed" in await stored_keys.prepare(settings.load())
    status = await run("status")
    assert (status.exit_code, "NOT HERE" in status.output) == (1, True)
    early = await run("rewrap")
    assert (early.exit_code, "do not open" in early.output) == (1, True)
    monkeypatch.setenv("WAYBILL_KEK_OLD_FILES", str(old))
    async with Composition(settings.load()) as worker:
        await worker.look_for_keys()
    assert (await run("status")).exit_code == 0
    refused = await run("retire", str(old), "--yes")
    assert (refused.exit_code, "may not go: it wraps 1 x tenant key" in refused.output) == (1, True)
    assert old.exists()
    done = await run("rewrap")
    assert (done.exit_code, "1 tenants' keys wrapped anew" in done.output) == (0, True), done.output
    assert (await run("retire", str(old), "--yes")).exit_code == 0
    assert not old.exists()
    monkeypatch.delenv("WAYBILL_KEK_OLD_FILES")
    assert await password(worker_database, Sealer(FileKeyProvider(new)), held) == PASSWORD
    async with app_database.doors() as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.organization_audit") == 0, "no scope sees none"


async def test_A15_a_tenant_gets_another_key(home: Path, held: Held, worker_database: Database) -> None:
    assert "Name environments" in (await run("rotate")).output
    first = await run("rotate", "--all")
    assert (first.exit_code, "version 2, 1 secrets sealed anew" in first.output) == (0, True), first.output
    again = await run("rotate", "--all")
    assert "version 3, 1 secrets sealed anew" in again.output
    sealer = Sealer(FileKeyProvider(home / "secrets" / "kek"))
    assert await password(worker_database, sealer, held) == PASSWORD


async def test_the_public_half_is_written_for_the_api(home: Path) -> None:
    done = await run("public", "--out", str(home / "api" / "kek.pub"))
    assert done.exit_code == 0, done.output
    assert read_public_file(home / "api" / "kek.pub")[0] == FileKeyProvider(home / "secrets" / "kek").id


async def test_F_30_what_the_api_s_own_key_sealed_is_brought_to_another(
    home: Path, stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = FileKeyProvider(home / "secrets" / "kek"), home / "new-kek"
    one, tenant = ids.new(), ids.new()
    bound = {
        "provider": providers.sealed_for(one),
        "second factor": second_factors.sealed_for(one),
        "inbound webhook": Place(tenant, one, 3).context(),
    }
    sealed = {kind: await old.wrap(kind.encode(), context) for kind, context in bound.items()}
    name = endpoints.database_url.rpartition("/")[2]
    async with connected(stack, name) as admin:
        await admin.execute("SET session_replication_role = replica")
        await admin.execute(
            "INSERT INTO app.identity_provider (partner_id, provider_id, name, issuer, client_id, algorithm, secret) "
            "VALUES ($1, $1, 'x', 'https://x.example', 'x', 'RS256', $2)",
            one,
            sealed["provider"],
        )
        await admin.execute(
            "INSERT INTO app.totp (partner_id, account_id, sealed) VALUES ($1, $1, $2)", one, sealed["second factor"]
        )
        await admin.execute(
            "INSERT INTO app.inbound_secret (tenant_id, hook_id, version, sealed, last4) VALUES ($1, $2, 3, $3, '')",
            tenant,
            one,
            sealed["inbound webhook"],
        )
    assert (await run("new", str(new))).exit_code == 0
    monkeypatch.setenv("WAYBILL_KEK_FILE", str(new))
    monkeypatch.setenv("WAYBILL_KEK_OLD_FILES", str(home / "secrets" / "kek"))
    refused = await run("retire", str(home / "secrets" / "kek"), "--yes")
    assert "1 x inbound webhook, 1 x provider, 1 x second factor" in refused.output
    done = await run("rewrap")
    assert (done.exit_code, "3 secrets of the API's own sealed anew" in done.output) == (0, True), done.output
    assert (await run("retire", str(home / "secrets" / "kek"), "--yes")).exit_code == 0
    only_new = FileKeyProvider(new)
    async with connected(stack, name) as admin:
        rows = await admin.fetch(
            "SELECT 'provider' AS kind, secret FROM app.identity_provider "
            "UNION ALL SELECT 'second factor', sealed FROM app.totp "
            "UNION ALL SELECT 'inbound webhook', sealed FROM app.inbound_secret"
        )
    assert {row["kind"]: await only_new.unwrap(row["secret"], bound[row["kind"]]) for row in rows} == {
        kind: kind.encode() for kind in bound
    }
