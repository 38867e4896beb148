"""A run's lifecycle events, read in pages and followed (DSL reference, Lifecycle Events; S-01, S-05, S-06)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints
from infra.ids import TenantId
from services.api.masking import MASK
from services.engine.claims import Claim, Claims
from services.engine.functions import STANDARD_ERRORS
from services.engine.journal import Checkpoint, Entry
from tests.asgi import Caller
from tests.served import served
from tests.services.api.parties import Parties, make_key
from tests.services.api.streams import Reader, following
from tests.world import deploy, start_runs, write

BATCH = "application/cloudevents-batch+json"
CANARY = "canary-7299"
ERROR = {"type": f"{STANDARD_ERRORS}communication", "status": 503, "title": "Away", "detail": CANARY}
BEFORE = [
    Entry("workflow.started", "", ""),
    Entry("task.started", "/do/0/a", "a"),
    Entry("task.completed", "/do/0/a", "a", msgspec.json.encode({"output": {"notes": CANARY, "n": 1}}).decode()),
    Entry("task.skipped", "/do/1/b", "b"),
    Entry("task.started", "/do/2/c", "c"),
]
AFTER = [
    Entry("task.faulted", "/do/2/c", "c", msgspec.json.encode({"error": ERROR}).decode()),
    Entry("workflow.faulted", "", "", msgspec.json.encode({"error": ERROR}).decode()),
]


@pytest.fixture
async def claim(parties: Parties, app_database: Database, worker_database: Database) -> Claim:
    """A run of acme's in a worker's hands."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    await start_runs(app_database, tenant, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    return claim


def step(claim: Claim, seq: int, state: str, entries: list[Entry]) -> Checkpoint:
    return Checkpoint(
        tenant_id=claim.tenant_id,
        run_id=claim.run_id,
        fence=claim.fence,
        seq=seq,
        state=state,
        attempt=1,
        entries=entries,
        snapshot=b"{}" if state == "running" else None,
        error=msgspec.json.encode(ERROR).decode() if state == "faulted" else None,
    )


def path_of(claim: Claim) -> str:
    return f"/v1/runs/{ids.show('run', claim.run_id)}/lifecycle"


def short(event: dict[str, Any]) -> tuple[str, str]:
    kind = event["type"].removeprefix("io.serverlessworkflow.").removesuffix(".v1")
    return kind, event["data"].get("task", "")


TOLD = [
    ("workflow.started", ""),
    ("task.created", "/do/0/a"),
    ("task.started", "/do/0/a"),
    ("task.completed", "/do/0/a"),
    ("task.created", "/do/2/c"),
    ("task.started", "/do/2/c"),
    ("task.faulted", "/do/2/c"),
    ("workflow.faulted", ""),
]


async def pages(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Every event, page after page."""
    events: list[dict[str, Any]] = []
    target: str | None = path
    while target is not None:
        answer = await caller.get(target)
        assert (answer.status, answer.headers["content-type"]) == (200, BATCH), answer.body
        events += answer.json
        link = answer.headers.get("link")
        assert link is None or link.endswith('>; rel="next"')
        target = None if link is None else link[1 : link.index(">")]
    return events


async def test_pages_of_any_length_tell_the_same_events(
    parties: Parties, claim: Claim, worker_database: Database
) -> None:
    assert await write(worker_database, step(claim, 0, "running", BEFORE)) == ["committed"]
    assert await write(worker_database, step(claim, len(BEFORE), "faulted", AFTER)) == ["committed"]
    whole = await pages(parties.acme, path_of(claim))
    assert [short(one) for one in whole] == TOLD
    assert len({one["id"] for one in whole}) == len(whole)
    assert await pages(parties.acme, f"{path_of(claim)}?limit=1") == whole
    lines = (await parties.acme.get(path_of(claim).replace("lifecycle", "journal"))).json["items"]
    assert [one["time"] for one in whole if not one["id"].endswith(".1")] == [
        line["at"] for line in lines if line["kind"] != "task.skipped"
    ]
    assert whole[3]["data"]["output"] == {"notes": CANARY, "n": 1}
    assert whole[-1]["data"]["error"] == ERROR
    assert whole[0]["source"] == f"urn:tenant:{parties.ids['acme:live']}"
    prefixed = path_of(claim).replace("/v1", "/v1/clients/acme/live")
    assert await pages(parties.acme, f"{prefixed}?limit=2") == whole


async def test_S_05_payloads_are_masked_as_in_the_journal(
    parties: Parties, claim: Claim, worker_database: Database
) -> None:
    await write(worker_database, step(claim, 0, "running", BEFORE))
    await write(worker_database, step(claim, len(BEFORE), "faulted", AFTER))
    masked = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read", "payloads:masked"]))
    hidden = parties.nobody.having(await make_key(parties.acme, permissions=["runs:read"]))
    seen = await pages(masked, path_of(claim))
    assert seen[3]["data"]["output"] == {"notes": MASK, "n": 1}
    assert seen[-1]["data"]["error"] == {**ERROR, "detail": MASK}
    prefixed = path_of(claim).replace("/v1", "/v1/clients/acme/live")
    for caller, path in ((hidden, path_of(claim)), (parties.north, prefixed)):
        seen = await pages(caller, path)
        assert [short(one) for one in seen] == TOLD
        assert "output" not in seen[3]["data"]
        assert seen[-1]["data"]["error"] == {"type": ERROR["type"], "status": 503}
        assert CANARY not in str(seen)


async def test_a_run_that_a_person_ends_tells_of_the_tasks_it_takes_with_it(
    parties: Parties, claim: Claim, worker_database: Database
) -> None:
    await write(worker_database, step(claim, 0, "running", BEFORE))
    assert (await parties.acme.post(path_of(claim).replace("lifecycle", "cancel"))).status == 200
    whole = await pages(parties.acme, path_of(claim))
    assert [short(one) for one in whole[-2:]] == [("task.cancelled", "/do/2/c"), ("workflow.cancelled", "")]
    assert await pages(parties.acme, f"{path_of(claim)}?limit=1") == whole


async def test_what_people_do_is_told_as_it_is_read(
    parties: Parties, app_database: Database, worker_database: Database
) -> None:
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    (run,) = await start_runs(app_database, tenant, 1)
    path = f"/v1/runs/{ids.show('run', run)}"
    for action in ("suspend", "resume", "suspend", "cancel"):
        assert (await parties.acme.post(f"{path}/{action}")).status == 200
    read = await pages(parties.acme, f"{path}/lifecycle")
    assert [short(one)[0].removeprefix("workflow.") for one in read] == [
        "suspended", "resumed", "suspended", "cancelled"
    ]  # fmt: skip
    async with worker_database.doors() as connection:
        rows = await connection.fetch("SELECT body FROM app.take_outbox(10, 0) ORDER BY outbox_id")
    assert [msgspec.json.decode(row["body"]) for row in rows] == read


async def test_S_01_another_s_run_is_none_and_a_cursor_leads_nowhere_else(
    parties: Parties, claim: Claim, worker_database: Database
) -> None:
    await write(worker_database, step(claim, 0, "running", BEFORE))
    for stranger in (parties.sibling, parties.acme_test, parties.foreign):
        for accept in ("*/*", "text/event-stream"):
            assert (await stranger.get(path_of(claim), headers={"accept": accept})).status == 404
    link = (await parties.acme.get(f"{path_of(claim)}?limit=1")).headers["link"]
    cursor = link.partition("cursor=")[2].partition(">")[0]
    journal = path_of(claim).replace("lifecycle", "journal")
    assert (await parties.acme.get(f"{journal}?cursor={cursor}")).problem == "bad-cursor"
    wrong = {"accept": "text/event-stream", "last-event-id": f"{ids.show('run', ids.new())}-1"}
    assert (await parties.acme.get(path_of(claim), headers=wrong)).problem == "bad-parameter"


async def told_by(reader: Reader, last: str) -> list[dict[str, Any]]:
    """Events up to the first of this type."""
    found: list[dict[str, Any]] = []
    while not found or short(found[-1])[0] != last:
        name, event = await asyncio.to_thread(reader.event)
        assert name == "lifecycle"
        found.append(event)
    return found


async def test_a_stream_tells_what_was_and_what_comes_and_ends_with_the_run(
    parties: Parties, claim: Claim, worker_database: Database, endpoints: Endpoints, tmp_path: Path
) -> None:
    await write(worker_database, step(claim, 0, "running", BEFORE))
    path, key = path_of(claim), parties.acme.key
    with served(tmp_path, endpoints) as (port, _):
        with following(port, key, path=path) as reader:
            assert reader.status == 200
            assert b"content-type: text/event-stream\r\n" in reader.head
            first = [(await asyncio.to_thread(reader.event))[1] for _ in range(6)]
            assert [short(one) for one in first] == TOLD[:6]
            await write(worker_database, step(claim, len(BEFORE), "faulted", AFTER))
            rest = await told_by(reader, "workflow.faulted")
            assert [short(one) for one in rest] == TOLD[6:]
            assert (await asyncio.to_thread(reader.rest)).endswith(b"0\r\n\r\n")
        assert first + rest == await pages(parties.acme, path)
        for number, event in enumerate(first):
            resumed = {"Last-Event-ID": event["id"]}
            with following(port, key, path=path, headers=resumed) as reader:
                assert await told_by(reader, "workflow.faulted") == [*first[number + 1 :], *rest]
        with following(port, key, path=path, headers={"Last-Event-ID": rest[-1]["id"]}) as reader:
            assert reader.status == 204
        for group in (["runs:read", "payloads:masked"], ["runs:read"]):
            caller = parties.nobody.having(await make_key(parties.acme, permissions=group))
            with following(port, caller.key, path=path) as reader:
                seen = await told_by(reader, "workflow.faulted")
            assert seen == await pages(caller, path)
            assert CANARY not in str(seen)
        # One line at a time, and from where a page ended.
        link = (await parties.acme.get(f"{path}?limit=2")).headers["link"]
        for query, skipped in (("?limit=1", 0), (link[link.index("?") : link.index(">")], 3)):
            with following(port, key, query, path=path) as reader:
                assert await told_by(reader, "workflow.faulted") == [*first, *rest][skipped:]
        with following(port, key, path=path, method="HEAD") as reader:
            assert (reader.status, reader.rest()) == (200, b"")
        with following(port, parties.sibling.key, path=path) as reader:
            assert reader.status == 404
