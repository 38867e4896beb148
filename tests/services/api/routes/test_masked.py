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
from tests.world import deploy, progress, start_runs, write

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
