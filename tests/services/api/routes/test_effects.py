"""What a run did in other systems, and people who say what nobody else can tell (F-03, F-19)."""

from __future__ import annotations

from typing import Any

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import decisions, effects, state
from services.engine.claims import Claims
from services.engine.frames import Frame
from services.engine.functions import Call, Terms
from services.engine.journal import Checkpoint, Entry
from services.engine.state import RunDescriptor, Snapshot, Strand
from services.engine.waits import Calling, Effect
from tests.services.api.parties import Parties, make_key
from tests.world import deploy, start_runs, write

CREATE = "erp.sales-orders.create"
DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: effects, version: 1.0.0}
do:
  - look: {call: 'connector:1.0.0@default', with: {connection: erp, operation: erp.customers.credit}}
  - sell: {call: 'connector:1.0.0@default', with: {connection: erp, operation: erp.sales-orders.create}}
"""
SOLD = {
    "number": "SO-1",
    "state": "confirmed",
    "reference": "PO-1",
    "total": {"amount": 1, "currency": "USD"},
    "duplicates_cancelled": 0,
}


async def asking(parties: Parties, app: Database, worker: Database) -> tuple[str, str]:
    """A run of acme's that waits for a person, and the key of its effect."""
    settings = {"base_url": "http://127.0.0.1:9", "orders": "once-or-ask"}
    body: dict[str, Any] = {
        "name": "erp",
        "connector": "erp-simulator",
        "settings": settings,
        "secrets": {"token": "t" * 20},
    }
    body["owner"] = "maria@acme.example"
    connection = ids.read("con", (await parties.acme.post("/v1/connections", body)).json["id"])
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app, tenant, DOCUMENT, event_type="order.captured", bindings={"erp": connection})
    (run,) = await start_runs(app, tenant, 1)
    (claim,) = await Claims(worker, "w", 30).take(1)
    effect = Effect(
        function="connector:1.0.0@default",
        arguments={"input": {"street": "Elm"}},
        reference="/do/1/sell",
        iteration=1,
        name="sell",
    )
    call: Call = decisions.call_of(effect, tenant=tenant, run=run)
    terms = Terms(mode="once-or-ask", operation=CREATE, connection=connection)
    strand = Strand(0, [Frame("", "")], wait=Calling(effect, sent=True, asked=1))
    fact = effects.unknown(call, terms, decisions.outcome_unknown(CREATE))
    entries = [
        Entry("task.started", "/do/0/look", "look"),
        Entry("task.completed", "/do/0/look", "look", '{"output":1}'),
        Entry("task.started", "/do/1/sell", "sell"),
        Entry(effects.SENT, "/do/1/sell", "sell", effects.sent(call, terms).text()),
        Entry(effects.UNKNOWN, "/do/1/sell", "sell", fact.text()),
    ]
    waits = Checkpoint(
        tenant_id=tenant,
        run_id=run,
        fence=claim.fence,
        seq=claim.seq,
        state="waiting",
        attempt=1,
        entries=entries,
        snapshot=state.encode(Snapshot(run=RunDescriptor(id="run", tenant="ten"), strands=[strand])),
        waiting_for='{"kind": "uncertain", "ref": "/do/1/sell", "since": "2026-01-01T00:00:00Z", "reason": "lost"}',
    )
    assert await write(worker, waits) == ["committed"]
    return ids.show("run", run), call.key


async def test_F_03_F_19_a_person_decides_what_nobody_else_can_tell_once(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    run, key = await asking(parties, app_database, worker_database)
    path = f"/v1/runs/{run}/effects"
    looked, sold = (await parties.acme.get(path)).json["items"]
    assert (looked["reference"], looked["status"], looked["version"]) == ("/do/0/look", "confirmed", None)
    assert (looked["operation"], len(looked["key"])) == ("erp.customers.credit", 64)
    assert (sold["key"], sold["status"], sold["mode"], sold["operation"]) == (key, "unknown", "once-or-ask", CREATE)
    assert sold["sent"] == {"input": {"street": "Elm"}}
    assert sold["error"]["title"] == "The outcome is unknown"
    hidden = (await parties.north.get(f"/v1/clients/acme/live/runs/{run}/effects")).json["items"][1]
    assert (hidden["sent"], hidden["status"]) == (None, "unknown")
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(path)).status == 404
        refused = await stranger.post(f"{path}/{key}/decide", {"decision": "fail", "version": sold["version"]})
        assert refused.status == 404
    decision: dict[str, Any] = {"decision": "happened", "version": sold["version"]}
    assert (await parties.acme.post(f"{path}/{key}/decide", decision)).status == 422
    assert (await parties.acme.post(f"{path}/{key}/decide", decision | {"output": {"number": 1}})).status == 422
    assert (await parties.acme.post(f"{path}/{'0' * 64}/decide", decision | {"output": SOLD})).status == 404
    for choice in ("did-not-happen", "fail"):
        mistaken = await parties.acme.post(f"{path}/{key}/decide", decision | {"decision": choice, "output": SOLD})
        assert (mistaken.status, mistaken.json["errors"][0]["pointer"]) == (422, "/output")
    for version in (0, 3_000_000_000):
        wrong = await parties.acme.post(f"{path}/{key}/decide", decision | {"output": SOLD, "version": version})
        assert (wrong.status, wrong.json["errors"][0]["pointer"]) == (422, "/version")
    stale = await parties.acme.post(f"{path}/{key}/decide", decision | {"output": SOLD, "version": 1})
    assert (stale.status, stale.problem) == (409, "effect-changed")
    decided = await parties.acme.post(f"{path}/{key}/decide", decision | {"output": SOLD, "why": "seen in the ERP"})
    assert (decided.status, decided.json["state"], decided.json["waiting_for"]) == (200, "running", None)
    again = await parties.acme.post(f"{path}/{key}/decide", decision | {"output": SOLD})
    assert (again.status, again.json["state"]) == (200, "running"), "the same of the same person"
    for other in ({"output": SOLD | {"number": "SO-2"}}, {"decision": "fail"}, {"decision": "did-not-happen"}):
        differs = await parties.acme.post(f"{path}/{key}/decide", decision | other)
        assert (differs.status, differs.problem) == (409, "effect-changed")
    colleague = parties.acme.having(await make_key(parties.acme))
    late = await colleague.post(f"{path}/{key}/decide", decision | {"output": SOLD})
    assert (late.status, late.problem) == (409, "effect-changed")
    (_, sold) = (await parties.acme.get(path)).json["items"]
    assert (sold["status"], sold["answer"]["number"], sold["settled_by"][:4]) == ("confirmed", "SO-1", "key:")
    (record,) = (await parties.acme.get("/v1/audit?action=effect.decided")).json["items"]
    assert record["target"] == run
    lines = (await parties.acme.get(f"/v1/runs/{run}/journal")).json["items"]
    assert lines[-1]["kind"] == "effect.decided"


async def test_F_03_that_nobody_else_can_tell_is_a_notice_and_names_the_connection(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    """In the transaction that asks: the row, and the message under the same id."""
    run, key = await asking(parties, app_database, worker_database)
    (told,) = (await parties.acme.get(f"/v1/notices?run={run}")).json["items"]
    assert (told["kind"], told["run"], told["owner"]) == ("effect.uncertain", run, "maria@acme.example")
    assert (told["data"]["effect"], told["data"]["operation"], told["data"]["task"]) == (key, CREATE, "/do/1/sell")
    assert "Elm" not in str(told)
    for query in ("", f"?connection={told['connection']}"):
        assert (await parties.acme.get(f"/v1/notices{query}")).json["items"] == [told]
    assert (await parties.acme.get(f"/v1/notices?run={ids.show('run', ids.new())}")).json["items"] == []
    for stranger in (parties.sibling, parties.foreign, parties.acme_test):
        assert (await stranger.get(f"/v1/notices?run={run}")).json["items"] == []
    (found,) = (await parties.acme.get(f"/v1/exceptions?connection={told['connection']}")).json["items"]
    assert (found["category"], found["connection"]) == ("uncertain", told["connection"])


async def test_F_19_what_waits_for_a_decision_is_an_exception_until_somebody_decides(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    run, key = await asking(parties, app_database, worker_database)
    (found,) = (await parties.acme.get(f"/v1/exceptions?run={run}")).json["items"]
    assert (found["category"], found["reference"], found["title"]) == ("uncertain", "/do/1/sell", "lost")
    unfit = await parties.acme.post(f"/v1/exceptions/{found['id']}/act", {"action": "retry"})
    assert (unfit.problem, "decide" in unfit.json["detail"]) == ("exception-takes-another-action", True)
    effect = (await parties.acme.get(f"/v1/runs/{run}/effects")).json["items"][1]
    body = {"decision": "happened", "version": effect["version"], "output": SOLD}
    decided = await parties.acme.post(f"/v1/runs/{run}/effects/{key}/decide", body)
    assert decided.status == 200, decided.json
    closed = (await parties.acme.get(f"/v1/exceptions/{found['id']}")).json
    assert (closed["state"], closed["outcome"]) == ("resolved", "went-on")
    assert closed["closed_by"].startswith("key:")
