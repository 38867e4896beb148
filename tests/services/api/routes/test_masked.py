"""A reader with `payloads:masked` sees what happened and not to whom (S-05, S-72)."""

from __future__ import annotations

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.api.masking import MASK
from services.engine.claims import Claims
from services.engine.journal import Checkpoint, Entry
from services.engine.starter import start
from services.events.cloud_event import read
from services.events.received import Received
from services.events.store import keep
from tests.asgi import Caller
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.test_mappings import AT, WRITTEN, put, record, release, send
from tests.services.engine.running import at_work
from tests.world import World, deploy, progress, start_runs, write

CANARY = "canary-7213"
DATA = {"number": "PO-1", "notes": CANARY, "ship_to": {"name": CANARY}, "lines": [{"item": "SKU-1", "email": CANARY}]}
SEEN = {"number": "PO-1", "notes": MASK, "ship_to": {"name": MASK}, "lines": [{"item": "SKU-1", "email": MASK}]}
ERROR = {"type": "https://x.example/errors/validation", "status": 400, "title": "It breaks", "detail": CANARY}
GROUPS = (
    ["runs:read", "events:read", "payloads:masked"],
    ["runs:read", "events:read", "payloads:read"],
    ["runs:read"],
    ["runs:read", "events:read"],
)


@pytest.fixture
async def run(parties: Parties, app_database: Database, worker_database: Database) -> tuple[str, str]:
    """Public ids of a run of acme's that ended, and of the event that started it."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    sent = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.captured", "subject": "o-1"}
    text = msgspec.json.encode({**sent, "datacontenttype": "application/json", "data": DATA})
    received = Received(ids.new(), read({"content-type": "application/cloudevents+json"}, text), "tests")
    async with app_database.tenant(tenant) as connection:
        await keep(connection, tenant, [received])
        ((started,),) = (await start(connection, tenant, [received])).values()
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    checkpoint = Checkpoint(
        tenant_id=tenant,
        run_id=started,
        fence=claim.fence,
        seq=claim.seq,
        state="faulted",
        attempt=1,
        error=msgspec.json.encode(ERROR).decode(),
        entries=[
            Entry("task.completed", "/do/0/a", "a", msgspec.json.encode({"output": DATA}).decode()),
            Entry("task.faulted", "/do/1/b", "b", msgspec.json.encode({"error": ERROR}).decode()),
        ],
    )
    assert await write(worker_database, checkpoint) == ["committed"]
    return ids.show("run", started), ids.show("evt", received.event_id)


async def everything(caller: Caller, run: str, event: str) -> str:
    """All that the API tells this caller about the run, as text."""
    paths = ("/v1/runs", f"/v1/runs/{run}", f"/v1/runs/{run}/journal", "/v1/events", f"/v1/events/{event}")
    return "".join([(await caller.get(path)).body.decode() for path in paths])


async def test_S_05_masked_payloads_keep_their_shape_and_lose_what_is_personal(
    parties: Parties, run: tuple[str, str]
) -> None:
    keys = [parties.nobody.having(await make_key(parties.acme, permissions=group)) for group in GROUPS]
    masked, whole, hidden, reading = keys
    assert CANARY in await everything(whole, *run)
    for caller in (masked, hidden, reading, parties.north):
        assert CANARY not in await everything(caller, *run)
    seen = (await masked.get(f"/v1/runs/{run[0]}")).json
    (event,) = seen["input"]
    assert (event["data"], event["subject"], event["type"]) == (SEEN, "o-1", "order.captured")
    assert seen["error"] == {"type": "about:blank", "status": 400, "title": MASK, "detail": MASK}
    completed, faulted = (await masked.get(f"/v1/runs/{run[0]}/journal")).json["items"]
    assert completed["data"] == {"output": SEEN}
    assert faulted["data"] == {"error": {"type": "about:blank", "status": 400, "title": MASK, "detail": MASK}}
    content = (await masked.get(f"/v1/events/{run[1]}")).json["content"]
    assert (content["data"], content["subject"], content["type"]) == (SEEN, "o-1", "order.captured")
    told = (await hidden.get(f"/v1/runs/{run[0]}")).json
    assert told["input"] is None
    # A `raise` may compute its type and title from the payload too.
    assert told["error"] == {"type": "about:blank", "status": 400}
    assert (await hidden.get(f"/v1/events/{run[1]}")).status == 403


async def test_what_a_document_itself_says_of_an_error_is_shown_and_what_it_computes_is_not(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    """Who reads that an order failed may read why, as far as its workflow says so in words of its own."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    own = {"type": "https://acme.example/errors/limit", "title": "Above the limit", "detail": "Ask the credit desk."}
    tasks = [
        {"a": {"raise": {"error": {**own, "status": 409}}}},
        {"b": {"raise": {"error": {**own, "status": 409, "title": "${ .note }", "detail": "${ .note }"}}}},
    ]
    head = {"dsl": "1.0.3", "namespace": "tests", "name": "limits", "version": "1.0.0"}
    document = msgspec.json.encode({"document": head, "do": tasks}).decode()
    await deploy(app_database, tenant, document, event_type="order.captured")
    masked = parties.nobody.having(await make_key(parties.acme, permissions=GROUPS[0]))
    hidden = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    written, computed = {**own, "status": 409}, {**own, "status": 409, "title": CANARY, "detail": CANARY}
    foreign = {**written, "type": f"https://x.example/{CANARY}"}
    await start_runs(app_database, tenant, 3)
    claims = await Claims(worker_database, "w", 30).take(3)
    for claim, error in zip(claims, (written, computed, foreign), strict=True):
        line = Entry("task.faulted", "/do/0/a", "a", msgspec.json.encode({"error": error}).decode())
        faulted = msgspec.structs.replace(
            progress(claim, "faulted"), error=msgspec.json.encode(error).decode(), entries=[line]
        )
        assert await write(worker_database, faulted) == ["committed"]
    seen = {
        claims[0].run_id: written,
        claims[1].run_id: {**computed, "title": MASK, "detail": MASK},
        claims[2].run_id: {**written, "type": "about:blank"},
    }
    for run, wanted in seen.items():
        path = f"/v1/runs/{ids.show('run', run)}"
        assert (await masked.get(path)).json["error"] == wanted
        (line,) = (await masked.get(f"{path}/journal")).json["items"]
        assert line["data"] == {"error": wanted}
        assert (await hidden.get(path)).json["error"] == {"type": "about:blank", "status": 409}


async def test_S_68_a_key_above_the_client_never_holds_the_permission(parties: Parties) -> None:
    for maker in (parties.operator, parties.north):
        refused = await maker.post("/v1/keys", {"name": "no", "permissions": ["payloads:masked"]})
        assert refused.status in {403, 422}, refused.body


DOCUMENTS = (
    """
document: {dsl: '1.0.3', namespace: tests, name: held-to-a-schema, version: 1.0.0}
input:
  schema:
    format: json
    document: {items: {properties: {data: {properties: {note: {pattern: '^[0-9]+$'}}}}}}
do:
  - a: {set: {x: 1}}
""",
    """
document: {dsl: '1.0.3', namespace: tests, name: computes-its-words, version: 1.0.0}
do:
  - a:
      raise:
        error:
          type: ${ "https://x.example/" + .[0].data.note }
          status: 400
          title: ${ .[0].data.note }
          detail: ${ .[0].data.note }
""",
)


async def test_S_05_nothing_beside_a_run_tells_what_its_fault_quotes(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    """The audit, its exports, exceptions, the timeline and previews, for whom the run itself hides or masks it."""
    acme, tenant = parties.acme, TenantId(ids.read("ten", parties.ids["acme:live"]))
    await put(acme, AT, mapping=WRITTEN)
    await release(acme, AT, 1)
    for document in DOCUMENTS:
        await deploy(app_database, tenant, document, event_type="shop.order")
    await send(acme, 1, note=CANARY)
    await record(parties, worker_database)
    async with at_work(app_database, worker_database) as engine:
        runs = await engine.ended(World(tenant, tenant, tenant), 2)
    assert [CANARY in run["error"] for run in runs] == [True, True]
    found = (await acme.get("/v1/entities?kind=sales-order")).json["items"][0]["id"]
    kept = [one["after"] for one in (await acme.get("/v1/audit")).json["items"] if one["action"] == "run.faulted"]
    assert [set(one["error"]) for one in kept] == [{"type", "status", "instance"}] * 2
    reading = ["audit:read", "runs:read", "runs:write", "records:read", "events:read"]
    masked = parties.nobody.having(await make_key(acme, permissions=[*reading, "payloads:masked"]))
    hidden = parties.nobody.having(await make_key(acme, permissions=reading))
    closed = (await acme.get("/v1/exceptions")).json["items"][0]
    body = {"action": "discard", "words": "seen", "seen": closed["changes"]}
    assert (await acme.post(f"/v1/exceptions/{closed['id']}/act", body)).status == 200
    for caller, at in ((parties.north, "/v1/clients/acme/live"), (masked, "/v1"), (hidden, "/v1")):
        places = ["/audit", "/audit/export", "/audit/export?format=csv", f"/entities/{found}/timeline"]
        places += ["/exceptions", "/exceptions?state=discarded", "/notices", "/runs"]
        told = [await caller.get(f"{at}{place}") for place in places]
        preview = {"preview": True, "filter": {}}
        told.append(await caller.post(f"{at}/runs/redrive", preview))
        told.append(await caller.post(f"{at}/exceptions/act", {**preview, "action": "retry"}))
        assert [one.status for one in told] == [200] * len(told)
        assert [
            place for place, one in zip((*places, "redrive", "act"), told, strict=True) if CANARY in str(one.body)
        ] == []
        lines = told[3].json["items"]
        assert [line["what"] for line in lines].count("stood") == 2
    whole = await acme.get(f"/v1/entities/{found}/timeline")
    assert CANARY in whole.body.decode()
