"""A list of the held orders holds those that say so of themselves, and no others."""

from __future__ import annotations

import msgspec

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claims
from tests.services.api.parties import Parties
from tests.world import deploy, progress, start_runs, write

OUTPUTS = (
    '{"released":false,"holds":[{"type":"credit"}]}',
    '{"released":true}',
    '{"released":false,"holds":"x"}',
    "null",
    '{"released":false,"a":"\\u0000"}',
)


async def test_the_list_of_held_runs_agrees_with_what_each_run_says(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    await start_runs(app_database, tenant, len(OUTPUTS) + 1)
    claims = await Claims(worker_database, "w", 30).take(len(OUTPUTS))
    for claim, output in zip(claims, OUTPUTS, strict=True):
        done = msgspec.structs.replace(progress(claim, "completed"), output=output)
        assert await write(worker_database, done) == ["committed"]
    every = (await parties.acme.get("/v1/runs")).json["items"]
    held = (await parties.acme.get("/v1/runs?state=held")).json["items"]
    assert held == [run for run in every if run["held"] is not None]
    assert sorted(run["held"] for run in held) == [[], ["credit"]]
    completed = (await parties.acme.get("/v1/runs?state=completed")).json["items"]
    assert [run for run in completed if run["held"] is not None] == held
    assert len(completed) == len(OUTPUTS)
    first = (await parties.acme.get("/v1/runs?state=held&limit=1")).json
    rest = (await parties.acme.get(f"/v1/runs?state=held&limit=1&cursor={first['next']}")).json
    assert [*first["items"], *rest["items"]] == held
    assert rest["next"] is None
    assert (await parties.acme.get(f"/v1/runs?state=completed&cursor={first['next']}")).problem == "bad-cursor"
    assert (await parties.sibling.get("/v1/runs?state=held")).json["items"] == []
    assert (await parties.acme.get("/v1/runs?state=hold")).status == 400
