"""`waybill check`: whether what was done is whole."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.secret import Secret
from services.cli.main import waybill
from services.engine.claims import Claims
from services.engine.journal import Entry
from tenants.connections.sealing import Sealer
from tests.superuser import connected
from tests.world import deploy, make_tenant, progress, start_runs, write


async def check(*words: str) -> Result:
    # The command has a loop of its own, so not on this one.
    return await asyncio.to_thread(lambda: CliRunner().invoke(waybill, ["check", *words]))


async def test_what_is_whole_holds_and_what_is_broken_is_named_with_its_run(
    stack: Stack, endpoints: Endpoints, app_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    missing = await check()
    assert (missing.exit_code, "WAYBILL_WORKER_DATABASE_URL is not set" in missing.output) == (1, True)
    monkeypatch.setenv("WAYBILL_WORKER_DATABASE_URL", endpoints.worker_database_url)
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    whole = await check()
    assert (whole.exit_code, whole.output.count("holds"), "BROKEN" in whole.output) == (0, 7, False), whole.output
    assert "told    I9" in whole.output
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.usage")
    broken = await check()
    assert broken.exit_code == 1
    assert "BROKEN  I4" in broken.output
    assert f"{ids.show('ten', world.tenant_id)} {ids.show('run', run)}: it was metered as 0 runs" in broken.output
    (told,) = msgspec.json.decode((await check("--json")).output)
    assert (told["invariant"], told["run"]) == ("I4", ids.show("run", run))
    assert (await check("--days", "0")).exit_code == 0, "none of the runs is as young as that"


async def test_S_70_a_secret_that_stands_in_a_journal_or_a_log_is_named_and_not_shown(
    endpoints: Endpoints,
    app_database: Database,
    worker_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I7: in each form in which it could have got there."""
    secret = 'canary "7" of the ERP/é'  # noqa: S105 (of nobody)
    create_kek_file(tmp_path / "kek")
    (tmp_path / "logs").mkdir()
    for name, value in {
        "WAYBILL_HOME": str(tmp_path),
        "WAYBILL_KEK_FILE": str(tmp_path / "kek"),
        "WAYBILL_DATABASE_URL": endpoints.database_url,
        "WAYBILL_WORKER_DATABASE_URL": endpoints.worker_database_url,
    }.items():
        monkeypatch.setenv(name, value)
    world = await make_tenant(app_database)
    connection = ids.new()
    async with app_database.tenant(world.tenant_id) as transaction:
        await transaction.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'erp-simulator', '{}')",
            world.tenant_id,
            connection,
        )
    sealer = Sealer(FileKeyProvider(tmp_path / "kek"))
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await sealer.seal(session, world.tenant_id, connection, 1, {"token": Secret(secret)})
        await session.commit()
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    clean = await check("--secrets")
    assert (clean.exit_code, "holds   I7" in clean.output) == (0, True), clean.output
    assert "1 secrets were looked for" in clean.output
    line = base64.b64encode(secret.encode()).decode()
    told = Entry("task.completed", "/do/0/a", "a", msgspec.json.encode({"output": f"Basic {line}"}).decode())
    assert await write(worker_database, replace(progress(claim), entries=[told])) == ["committed"]
    (tmp_path / "logs" / "api.log").write_text(f"GET /?token={quote(secret, safe='')}\n")
    found = await check("--secrets")
    shown = ids.show("con", connection)
    assert found.exit_code == 1
    assert f"token of {shown} stands in journal 0 of {claim.run_id}, as base64" in found.output
    assert f"token of {shown} stands in {tmp_path / 'logs' / 'api.log'}, for a URL" in found.output
    assert "canary" not in found.output
    assert "I7" not in (await check("--json")).output, "it is asked for"
