"""`waybill secrets`: another key takes the place of one, and the old one goes when nothing needs it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from infra import ids, settings
from infra.database import Database, Scope
from infra.egress import Client, Guard
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.errors import KeyFileUnusable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.public_file import read_public_file
from services.cli import stored_keys
from services.cli.main import waybill
from services.cli.sealed_columns import BOUND_TO, SEALED
from services.webhooks import endpoints
from services.webhooks.signing import signature
from services.worker.composition import Composition
from tenants.connections.form import Form
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tests.services.cli.planted import plant
from tests.services.webhooks.desk import Desk as WebhookDesk
from tests.services.webhooks.receiver import receiving
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


async def test_F_30_S_76_a_key_file_is_replaced_and_the_old_one_refused_to_go_while_it_is_used(
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
    async with app_database.session(Scope.operator()) as session:
        told = await session.execute(text("SELECT actor, action FROM app.organization_audit ORDER BY audit_id"))
        by = "cli:secrets"
        assert [tuple(row) for row in told] == [(by, "keys.rewrapped")] * 2 + [(by, "key-file.retired")]


async def test_A15_a_tenant_gets_another_key(home: Path, held: Held, worker_database: Database) -> None:
    assert "Name environments" in (await run("rotate")).output
    first = await run("rotate", "--all")
    assert (first.exit_code, "version 2, 1 secrets sealed anew" in first.output) == (0, True), first.output
    again = await run("rotate", "--all")
    assert "version 3, 1 secrets sealed anew" in again.output
    sealer = Sealer(FileKeyProvider(home / "secrets" / "kek"))
    assert await password(worker_database, sealer, held) == PASSWORD


async def test_A15_S_49_signing_secrets_of_endpoints_go_along_and_stay_what_they_are(
    home: Path, held: Held, app_database: Database, worker_database: Database
) -> None:
    """Both of one that is being exchanged; nothing is left that an earlier key of the tenant opens."""
    sealer = Sealer(FileKeyProvider(home / "secrets" / "kek"))
    async with Client(Guard(allow_loopback=True)) as client:
        desk = WebhookDesk(app_database, worker_database, held.world.tenant_id, sealer, client)
        async with receiving() as receiver:
            endpoint, first = await desk.add(receiver.url)
            async with app_database.session(Scope.tenant(held.tenant)) as session:
                _, second = await endpoints.rotate(
                    session, held.tenant, endpoint, timedelta(hours=1), sealer=sealer, actor="test"
                )
                await session.commit()
            done = await run("rotate", ids.show("ten", held.tenant))
            assert "version 2, 3 secrets sealed anew" in done.output, done.output
            async with worker_database.tenant(held.tenant) as connection:
                versions = await connection.fetch(
                    "SELECT key_version FROM app.connection_secret UNION SELECT key_version FROM app.webhook_secret"
                )
            assert [row["key_version"] for row in versions] == [2]
            await desk.announce()
            assert await desk.deliver() == 1
            (request,) = receiver.got
            stamp = int(request.headers["webhook-timestamp"])
            signed = signature([second, first], request.headers["webhook-id"], stamp, request.body)
            assert request.headers["webhook-signature"] == signed


async def test_the_public_half_is_written_for_the_api(home: Path) -> None:
    done = await run("public", "--out", str(home / "api" / "kek.pub"))
    assert done.exit_code == 0, done.output
    assert read_public_file(home / "api" / "kek.pub")[0] == FileKeyProvider(home / "secrets" / "kek").id


async def test_F_30_what_is_sealed_one_by_one_is_counted_and_brought_to_another_key(
    home: Path, stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an installation of one key file, which serves for both."""
    old, new = home / "secrets" / "kek", home / "new-kek"
    both = FileKeyProvider(old)
    planted = await plant(stack, endpoints.database_url.rpartition("/")[2], {"kek": both, "service": both})
    assert (await run("new", str(new))).exit_code == 0
    monkeypatch.setenv("WAYBILL_KEK_FILE", str(new))
    monkeypatch.setenv("WAYBILL_KEK_OLD_FILES", str(old))
    refused = await run("retire", str(old), "--yes")
    assert refused.exit_code == 1
    assert ", ".join(f"1 x {kind}" for kind in sorted(BOUND_TO)) in refused.output
    done = await run("rewrap")
    assert (done.exit_code, f"{len(BOUND_TO)} other values sealed anew" in done.output) == (0, True), done.output
    assert (await run("retire", str(old), "--yes")).exit_code == 0
    only_new = FileKeyProvider(new)
    for kind, (value, bound) in (await planted.stored()).items():
        assert await only_new.unwrap(value, bound) == kind.encode()


@pytest.mark.usefixtures("held")
async def test_F_30_the_api_gets_another_key_of_its_own(
    home: Path, stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the key-encryption key stays: what it wraps and what the API opens go apart."""
    kek, own, new = home / "secrets" / "kek", home / "own", home / "new-own"
    create_kek_file(own)
    create_kek_file(new)
    wrappers = {"kek": FileKeyProvider(kek), "service": FileKeyProvider(own)}
    planted = await plant(stack, endpoints.database_url.rpartition("/")[2], wrappers)
    monkeypatch.setenv("WAYBILL_SERVICE_KEY_FILE", str(new))
    assert (await run("status")).exit_code == 1, "the old one is not named"
    monkeypatch.setenv("WAYBILL_SERVICE_KEY_OLD_FILES", str(own))
    assert (await run("status")).exit_code == 0
    assert (await run("retire", str(own), "--yes")).exit_code == 1
    done = await run("rewrap")
    assert "0 tenants' keys wrapped anew, 4 other values" in done.output, done.output
    assert (await run("retire", str(own), "--yes")).exit_code == 0
    opened_by = {one.kind: one.opened_by for one in SEALED}
    only = {"kek": FileKeyProvider(kek), "service": FileKeyProvider(new)}
    for kind, (value, bound) in (await planted.stored()).items():
        assert await only[opened_by[kind]].unwrap(value, bound) == kind.encode()
    assert "it wraps 1 x mail, 1 x tenant key" in await _retired_by_another(kek, home, monkeypatch)


async def _retired_by_another(kek: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    create_kek_file(home / "another")
    monkeypatch.setenv("WAYBILL_KEK_FILE", str(home / "another"))
    return (await run("retire", str(kek), "--yes")).output
