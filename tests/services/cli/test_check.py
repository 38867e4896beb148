"""`waybill check`: whether what was done is whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.cli.main import waybill
from tests.superuser import connected
from tests.world import deploy, make_tenant, start_runs


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
    assert (whole.exit_code, whole.output.count("holds"), "BROKEN" in whole.output) == (0, 6, False), whole.output
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.usage")
    broken = await check()
    assert broken.exit_code == 1
    assert "BROKEN  I4" in broken.output
    assert f"{ids.show('ten', world.tenant_id)} {ids.show('run', run)}: it was metered as 0 runs" in broken.output
    (told,) = msgspec.json.decode((await check("--json")).output)
    assert (told["invariant"], told["run"]) == ("I4", ids.show("run", run))
    assert (await check("--days", "0")).exit_code == 0, "none of the runs is as young as that"
