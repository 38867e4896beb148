"""Reading a run says why it stands still, to each caller as much as they may see (S-70, S-72)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import state
from services.engine.claims import Claims
from tests.services.api.parties import Parties, make_key
from tests.services.engine.test_open_waits import standing
from tests.world import deploy, progress, start_runs, write


async def test_a_run_tells_all_that_it_waits_for_or_its_place_in_line(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    runs = [ids.show("run", run) for run in await start_runs(app_database, tenant, 3)]
    in_line = [(await parties.acme.get(f"/v1/runs/{run}")).json["in_line"] for run in runs]
    assert sorted(one["ahead"] for one in in_line) == [0, 1, 2]
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    path = f"/v1/runs/{ids.show('run', claim.run_id)}"
    held = (await parties.acme.get(path)).json
    assert (held["state"], held["waits"], held["in_line"]) == ("running", [], None)
    waiting = replace(progress(claim), state="waiting", snapshot=state.encode(await standing()), delay=60.0)
    assert await write(worker_database, replace(waiting, waiting_for='{"kind": "event"}')) == ["committed"]
    read: dict[str, Any] = {}
    masked = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read", "payloads:masked"]))
    above = parties.north
    for name, caller, at in (
        ("whole", parties.acme, path),
        ("masked", masked, path),
        ("hidden", above, f"/v1/clients/acme/live{path.removeprefix('/v1')}"),
    ):
        answer = (await caller.get(at)).json
        assert [one["kind"] for one in answer["waits"]] == ["connection", "timer", "event", "attempt"]
        assert answer["in_line"] is None
        event = answer["waits"][2]
        assert [one["type"] for one in event["events"]] == ["approved", None]
        read[name] = event["events"][0]["attributes"], event["correlation"]
    assert read["whole"] == ({"subject": "SO-1"}, {"order": "SO-1"})
    assert read["hidden"] == (None, None)
    assert (await parties.sibling.get(path)).status == 404
