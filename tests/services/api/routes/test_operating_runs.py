"""People end a run, and have one tried again that was set aside."""

from __future__ import annotations

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine.claims import Claims
from services.engine.recovery import sweep
from tests.services.api.parties import Parties, id_of, make_key
from tests.world import deploy, progress, start_runs, write

ACME = "/v1/clients/acme/live/runs"


async def started(parties: Parties, database: Database) -> str:
    """A run of acme's."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(database, tenant, "document: {}", event_type="order.captured")
    (run,) = await start_runs(database, tenant, 1)
    return ids.show("run", run)


async def set_aside(worker: Database) -> None:
    """As by a run that took down each worker that had it, the last one alone."""
    dying = Claims(worker, "dying", 0)
    await dying.take(1)
    await sweep(worker, 1, 0)
    await dying.take(1, solo=True)
    assert (await sweep(worker, 1, 0)).quarantined == 1


async def test_a_run_is_cancelled_once_and_in_the_caller_s_name(parties: Parties, app_database: Database) -> None:
    run = await started(parties, app_database)
    cancelled = await parties.acme.post(f"/v1/runs/{run}/cancel")
    assert (cancelled.status, cancelled.json["state"]) == (200, "cancelled")
    assert cancelled.json["ended_at"] is not None
    assert cancelled.json == (await parties.acme.get(f"/v1/runs/{run}?wait=30")).json
    again = await parties.acme.post(f"/v1/runs/{run}/cancel")
    assert (again.status, again.problem) == (409, "run-has-ended")
    (record,) = (await parties.acme.get("/v1/audit?action=run.cancelled")).json["items"]
    assert (record["actor"], record["target"]) == (f"key:{await id_of(parties.acme)}", run)
    assert (await parties.nobody.get("/problems/run-has-ended")).status == 200


async def test_a_suspended_run_is_resumed_by_the_partner_who_sees_no_payload(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    run = await started(parties, app_database)
    early = await parties.north.post(f"{ACME}/{run}/resume")
    assert (early.status, early.problem) == (409, "run-not-suspended")
    await set_aside(worker_database)
    assert (await parties.north.get(f"{ACME}/{run}")).json["state"] == "suspended"
    resumed = await parties.north.post(f"{ACME}/{run}/resume")
    assert (resumed.status, resumed.json["state"], resumed.json["input"]) == (200, "running", None)
    assert (await parties.north.post(f"{ACME}/{run}/resume")).problem == "run-not-suspended"
    assert (await parties.north.post(f"{ACME}/{run}/cancel")).json["state"] == "cancelled"


async def test_a_run_is_suspended_and_goes_on(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    run = await started(parties, app_database)
    suspended = await parties.north.post(f"{ACME}/{run}/suspend")
    assert (suspended.status, suspended.json["state"]) == (200, "suspended")
    waiting = suspended.json["waiting_for"]
    assert (waiting["kind"], waiting["by"]) == ("suspension", f"key:{await id_of(parties.north)}")
    assert (await parties.north.post(f"{ACME}/{run}/suspend")).json["waiting_for"] == waiting
    assert (await parties.acme.post(f"/v1/runs/{run}/resume")).json["state"] == "pending"
    await Claims(worker_database, "w", 30).take(1)
    asked = (await parties.acme.post(f"/v1/runs/{run}/suspend")).json
    assert (asked["state"], asked["suspension_asked_at"] is None) == ("running", False)
    dropped = (await parties.acme.post(f"/v1/runs/{run}/resume")).json
    assert (dropped["state"], dropped["suspension_asked_at"]) == ("running", None)
    await parties.acme.post(f"/v1/runs/{run}/cancel")
    assert (await parties.acme.post(f"/v1/runs/{run}/suspend")).problem == "run-has-ended"


async def test_a_faulted_run_is_retried_once_and_whoever_sees_no_payload_sees_no_input_that_was_given(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    run = await started(parties, app_database)
    early = await parties.acme.post(f"/v1/runs/{run}/retry", {})
    assert (early.status, early.problem) == (409, "run-not-faulted")
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    assert await write(worker_database, progress(claim, "faulted")) == ["committed"]
    assert (await parties.acme.post(f"/v1/runs/{run}/retry", {"inputs": 1})).status == 422
    retried = await parties.acme.post(f"/v1/runs/{run}/retry", {"input": {"total": 7}})
    assert (retried.status, retried.json["state"], retried.json["ended_at"]) == (200, "running", None)
    assert retried.json["input"] == {"total": 7}
    assert (await parties.acme.post(f"/v1/runs/{run}/retry", {})).problem == "run-not-faulted"
    line = (await parties.acme.get(f"/v1/runs/{run}/journal")).json["items"][-1]
    assert (line["kind"], line["data"]["input"]) == ("run.retried", {"total": 7})
    hidden = (await parties.north.get(f"{ACME}/{run}/journal")).json["items"][-1]
    assert (hidden["kind"], hidden["data"]) == ("run.retried", None)


async def test_S_01_nobody_operates_anothers_run_or_without_the_permission(
    parties: Parties, app_database: Database
) -> None:
    run = await started(parties, app_database)
    reader = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    for action in ("cancel", "suspend", "resume"):
        for stranger, path in (
            (parties.sibling, "/v1/runs"),
            (parties.foreign, "/v1/runs"),
            (parties.acme_test, "/v1/runs"),
            (parties.south, ACME),
            (parties.north, "/v1/clients/acme/test/runs"),
        ):
            assert (await stranger.post(f"{path}/{run}/{action}")).status == 404
        assert (await parties.acme.post(f"/v1/runs/{ids.show('run', ids.new())}/{action}")).status == 404
        assert (await parties.acme.post(f"/v1/runs/no-id/{action}")).status == 404
        assert (await reader.post(f"/v1/runs/{run}/{action}")).status == 403
    for stranger, path in ((parties.sibling, "/v1/runs"), (parties.foreign, "/v1/runs"), (parties.south, ACME)):
        assert (await stranger.post(f"{path}/{run}/retry", {})).status == 404
    assert (await reader.post(f"/v1/runs/{run}/retry", {})).status == 403
    assert (await parties.acme.get(f"/v1/runs/{run}")).json["state"] == "pending"
