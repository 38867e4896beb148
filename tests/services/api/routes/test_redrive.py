"""Many runs are let go on together: seen in a preview, and touched only as they were seen."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claims
from tests.services.api.parties import Parties, id_of, make_key
from tests.world import deploy, progress, start_runs, write

COMMUNICATION = "https://serverlessworkflow.io/spec/1.0.0/errors/communication"


async def faulted(parties: Parties, app: Database, worker: Database, count: int) -> TenantId:
    """Runs of acme's: every second one for a reason of its own."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app, tenant, "document: {}", event_type="order.captured")
    await begun_and_faulted(tenant, app, worker, count)
    return tenant


async def begun_and_faulted(tenant: TenantId, app: Database, worker: Database, count: int) -> None:
    await start_runs(app, tenant, count)
    for number, claim in enumerate(await Claims(worker, "w", 30).take(count)):
        kind = "https://example.com/own" if number % 2 else COMMUNICATION
        made = replace(progress(claim, "faulted"), error=f'{{"type": "{kind}", "instance": "/do/0/a"}}')
        assert await write(worker, made) == ["committed"]


async def preview(client: Any, **only: Any) -> Any:
    answer = await client.post("/v1/runs/redrive", {"preview": True, "filter": only})
    assert answer.status == 200, answer.json
    return answer.json


async def test_F_19_exactly_the_runs_of_the_preview_are_retried_and_once(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    await faulted(parties, app_database, worker_database, 6)
    seen = await preview(parties.acme, error="communication")
    assert (seen["count"], seen["covered"], len(seen["runs"])) == (3, 3, 3)
    assert {run["error"] for run in seen["runs"]} == {COMMUNICATION}
    first = seen["runs"][0]["id"]
    assert (await parties.acme.post(f"/v1/runs/{first}/retry", {})).status == 200
    done = (await parties.acme.post("/v1/runs/redrive", {"token": seen["token"]})).json
    assert [(run["id"], run["outcome"]) for run in done["runs"]] == [
        (run["id"], "changed" if run["id"] == first else "retried") for run in seen["runs"]
    ]
    again = (await parties.acme.post("/v1/runs/redrive", {"token": seen["token"]})).json
    assert {run["outcome"] for run in again["runs"]} == {"changed"}
    assert (await preview(parties.acme))["count"] == 3
    records = (await parties.acme.get("/v1/audit?action=runs.redriven")).json["items"]
    assert [record["after"] for record in records] == [{"changed": 3}, {"changed": 1, "retried": 2}]
    assert {record["actor"] for record in records} == {f"key:{await id_of(parties.acme)}"}


async def test_suspended_runs_are_resumed_together(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    tenant = await faulted(parties, app_database, worker_database, 1)
    runs = [ids.show("run", run) for run in await start_runs(app_database, tenant, 3)]
    for run in runs:
        assert (await parties.acme.post(f"/v1/runs/{run}/suspend")).json["state"] == "suspended"
    seen = await preview(parties.acme, state="suspended")
    assert [run["id"] for run in seen["runs"]] == sorted(runs)
    done = (await parties.acme.post("/v1/runs/redrive", {"token": seen["token"]})).json
    assert {run["outcome"] for run in done["runs"]} == {"resumed"}
    assert (await preview(parties.acme, state="suspended"))["token"] is None


async def test_a_filter_finds_by_deployment_workflow_connection_and_time(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    await faulted(parties, app_database, worker_database, 2)
    run = (await parties.acme.get("/v1/runs")).json["items"][0]
    nowhere = {"deployment": ids.show("dep", ids.new()), "connection": ids.show("con", ids.new())}
    assert (await preview(parties.acme, deployment=run["deployment"], workflow=run["workflow"]["name"]))["count"] == 2
    assert (await preview(parties.acme, since=run["created_at"], state="faulted"))["count"] == 2
    for name, value in {**nowhere, "workflow": "none", "template": "none", "until": run["created_at"]}.items():
        assert (await preview(parties.acme, **{name: value}))["count"] == 0
    wrong = await parties.acme.post("/v1/runs/redrive", {"preview": True, "filter": {"deployment": "x"}})
    assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/filter/deployment")
    bodies: list[dict[str, Any]] = [
        {},
        {"preview": True},
        {"filter": {}},
        {"preview": True, "filter": {}, "token": "x"},
    ]
    for body in bodies:
        assert (await parties.acme.post("/v1/runs/redrive", body)).status == 422


async def test_a_filter_finds_what_runs_by_a_template_or_over_a_connection(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    acme, found = parties.acme, {}
    for name in ("erp", "other"):
        settings = {"base_url": "http://127.0.0.1:9", "allow_http": True}
        body = {
            "name": name,
            "connector": "erp-simulator",
            "settings": settings,
            "secrets": {"token": "simulator-token"},
        }
        made = await acme.post("/v1/connections", body)
        assert made.status == 201, made.body
        found[name] = made.json["id"]
    template = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": found["erp"]}}
    assert (await acme.post("/v1/deployments", template)).status == 201
    await begun_and_faulted(TenantId(ids.read("ten", parties.ids["acme:live"])), app_database, worker_database, 2)
    for only in ({"template": "order-release"}, {"connection": found["erp"]}):
        assert (await preview(acme, **only))["count"] == 2
        assert (await preview(acme, error="communication", **only))["count"] == 1
    assert (await preview(acme, connection=found["other"]))["count"] == 0


async def test_S_01_a_token_is_of_its_tenant_and_of_its_runs(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    await faulted(parties, app_database, worker_database, 2)
    token = (await preview(parties.acme))["token"]
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    assert (await reader.post("/v1/runs/redrive", {"token": token})).status == 403
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.post("/v1/runs/redrive", {"token": token})).problem == "bad-cursor"
        assert (await preview(stranger))["count"] == 0
    assert (await parties.south.post("/v1/clients/acme/live/runs/redrive", {"token": token})).status == 404
    for forged in (token[:-4], "x", "x.y", token.partition(".")[0] + ".AAAA"):
        assert (await parties.acme.post("/v1/runs/redrive", {"token": forged})).problem == "bad-cursor"
    assert {run["state"] for run in (await parties.acme.get("/v1/runs")).json["items"]} == {"faulted"}
