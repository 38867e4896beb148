"""Documents of entities: found by the entity and by what it was merged into, kept with it, and told of (ADR 0085)."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from infra import ids
from infra.database import Database
from infra.objects.local import LocalStore
from infra.settings import Settings
from services.worker import documents as cleaning
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, make_key
from tests.services.api.routes.test_documents import PDF, WHY, files
from tests.services.api.routes.test_documents import run as run  # noqa: PLC0414 (a fixture)


async def order(caller: Caller, number: str) -> str:
    keys = [{"system": "shop", "value": number}]
    made = await caller.post("/v1/entities", {"kind": "sales-order", "keys": keys})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def add(caller: Caller, entity: str, content: bytes = PDF, query: str = "name=pod.pdf", **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send("POST", f"/v1/entities/{entity}/documents?{query}", raw=content, headers=given)


async def listed(caller: Caller, entity: str) -> list[str]:
    return [one["id"] for one in (await caller.get(f"/v1/entities/{entity}/documents")).json["items"]]


async def told(caller: Caller, entity: str, path: str = "/v1") -> list[dict[str, Any]]:
    lines = (await caller.get(f"{path}/entities/{entity}/timeline?limit=100")).json["items"]
    return [one for one in lines if one["what"] in {"filed", "removed"}]


async def merge(caller: Caller, entity: str, other: str) -> None:
    done = await caller.post(f"/v1/entities/{entity}/merge", {"entity": other, "reason": "one order"})
    assert done.status == 200, done.body


async def past(database: Database, parties: Parties) -> None:
    """The time of all documents is over."""
    async with database.tenant(ids.read("ten", parties.ids["acme:live"])) as connection:
        await connection.execute("UPDATE app.document SET keep_until = clock_timestamp()")


async def test_a_document_of_an_entity_and_a_run_is_one_file_that_is_found_by_both(
    parties: Parties, run: str, api_settings: Settings
) -> None:
    acme, entity = parties.acme, await order(parties.acme, "SO-1")
    alone = await add(acme, entity, idempotency_key="4711")
    again = await add(acme, entity, idempotency_key="4711")
    assert (alone.status, again.body, len(files(api_settings))) == (201, alone.body, 1)
    assert (alone.json["entity"], alone.json["run"]) == (entity, None)
    both = (await add(acme, entity, query=f"name=pod.pdf&document_class=proof&run={run}")).json
    assert (both["entity"], both["run"], both["document_class"]) == (entity, run, "proof")
    assert await listed(acme, entity) == [both["id"], alone.json["id"]]
    assert [one["id"] for one in (await acme.get(f"/v1/runs/{run}/documents")).json["items"]] == [both["id"]]
    places = [f"/v1/{place}/documents/{both['id']}" for place in (f"entities/{entity}", f"runs/{run}")]
    for place in places:
        assert ((await acme.get(place)).json, (await acme.get(f"{place}/content")).body) == (both, PDF)
    refused = await acme.send("POST", f"{places[0]}/remove", WHY, headers={"if-match": '"0123456789abcdef"'})
    assert refused.problem == "precondition-failed"
    seen = (await acme.get(places[1])).headers["etag"]
    assert (await acme.send("POST", f"{places[0]}/remove", WHY, headers={"if-match": seen})).status == 204
    assert [(await acme.get(place)).status for place in places] == [404, 404]
    (line,) = (await acme.get("/v1/audit?action=document.removed")).json["items"]
    assert (line["target"], line["after"]) == (both["id"], {"run": run, "entity": entity, **WHY})
    large = [b"%PDF-" + b"x" * (api_settings.document_max // 4)] * 5
    assert (await acme.send("POST", f"/v1/entities/{entity}/documents", chunks=large)).status == 413


async def test_documents_stay_with_what_was_merged_and_are_found_by_what_it_turned_out_to_be(parties: Parties) -> None:
    acme = parties.acme
    first, second, third = [await order(acme, f"SO-{number}") for number in (1, 2, 3)]
    mine, theirs = (await add(acme, first)).json["id"], (await add(acme, second)).json["id"]
    await merge(acme, first, second)
    await merge(acme, third, first)
    assert await listed(acme, third) == [theirs, mine]
    assert await listed(acme, second) == [theirs], "whoever has its id still reads its own"
    shown = await acme.get(f"/v1/entities/{third}/documents/{theirs}")
    assert shown.json["entity"] == second
    assert (await acme.get(f"/v1/entities/{third}/documents/{theirs}/content")).body == PDF
    refused = await add(acme, second)
    assert (refused.status, refused.problem, refused.json["entity"]) == (409, "entity-merged", third)
    assert {one["document"] for one in await told(acme, third)} == {mine, theirs}
    keys = [{"system": "shop", "value": f"SO-{number}"} for number in (1, 2)]
    apart = {"keys": keys, "reason": "two orders", "back_to": first}
    assert (await acme.post(f"/v1/entities/{third}/split", apart)).status == 201
    assert (await listed(acme, third), await listed(acme, first)) == ([], [theirs, mine])
    assert (await acme.get(f"/v1/entities/{third}/documents/{theirs}")).problem == "unknown-document"
    # Of one that is split in two they stay where they are: nobody says which of the two they are about.
    apart = {"keys": keys[1:], "reason": "two orders"}
    new = (await acme.post(f"/v1/entities/{first}/split", apart)).json["id"]
    assert (await listed(acme, new), await listed(acme, first)) == ([], [theirs, mine])


async def test_S_86_a_kept_entity_keeps_its_documents_and_those_of_what_was_merged_into_it(
    parties: Parties, api_settings: Settings, worker_database: Database, app_database: Database
) -> None:
    acme, store = parties.acme, LocalStore(api_settings.objects_folder)
    kept, merged, other = [await order(acme, f"SO-{number}") for number in (1, 2, 3)]
    one, two, gone = [(await add(acme, entity)).json["id"] for entity in (kept, merged, other)]
    await merge(acme, kept, merged)
    made = await acme.post(f"/v1/entities/{kept}/keep", {"reason": "a dispute"})
    assert (made.status, made.json["entity"], made.json["reason"]) == (200, kept, "a dispute")
    for place in (f"{kept}/documents/{one}", f"{kept}/documents/{two}", f"{merged}/documents/{two}"):
        assert (await acme.post(f"/v1/entities/{place}/remove", WHY)).problem == "entity-is-kept"
    await past(app_database, parties)
    assert await cleaning.drop(worker_database, store) == 1
    assert (await listed(acme, kept), await listed(acme, other)) == ([two, one], [])
    lines = await told(acme, other)
    assert [(line["what"], line["document"], line["outcome"]) for line in lines] == [
        ("filed", gone, None), ("removed", gone, "expired"),
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO((await acme.get("/v1/export")).body)) as export:
        assert export.read(f"documents/{two}") == PDF
        assert b"a dispute" in export.read("tables/kept_entity.jsonl")
        assert b'"entity_id"' in export.read("tables/document.jsonl")
    assert (await acme.post(f"/v1/entities/{merged}/let-go")).problem == "entity-not-kept"
    assert (await acme.post(f"/v1/entities/{kept}/let-go")).status == 204
    assert await cleaning.drop(worker_database, store) == 2
    assert files(api_settings) == []
    acts = {line["name"] for line in (await acme.get(f"/v1/entities/{kept}/timeline")).json["items"]}
    assert {"entity.kept", "entity.let-go"} <= acts


async def test_S_01_S_02_an_entitys_document_is_its_tenants_and_needs_what_it_touches(
    parties: Parties, run: str
) -> None:
    acme, entity = parties.acme, await order(parties.acme, "SO-1")
    made = (await add(acme, entity, query=f"name=pod.pdf&run={run}")).json
    path = f"/v1/entities/{entity}/documents"
    for other in (parties.acme_test, parties.sibling, parties.foreign):
        own = await order(other, "SO-1")
        for one in (path, f"{path}/{made['id']}", f"/v1/entities/{own}/documents/{made['id']}/content"):
            assert (await other.get(one)).status == 404
        for body in ((entity, "name=a.pdf"), (own, f"run={run}")):
            assert (await add(other, body[0], query=body[1])).status == 404
        assert (await other.post(f"{path}/{made['id']}/remove", WHY)).status == 404
        assert (await other.post(f"/v1/entities/{entity}/keep", {"reason": "x"})).status == 404
        assert await listed(other, own) == []
    writes = parties.nobody.having(await make_key(acme, permissions=["records:read", "records:write"]))
    assert (await add(writes, entity, query=f"run={run}")).json["permission"] == "runs:write"
    assert (await add(writes, entity)).status == 201
    assert (await writes.get(f"{path}/{made['id']}/content")).status == 403
    reads = parties.nobody.having(await make_key(acme, permissions=["records:read", "runs:write"]))
    assert (await add(reads, entity)).status == 403
    assert (await reads.post(f"/v1/entities/{entity}/keep", {"reason": "x"})).status == 403
    # Above the client: that there is one, and not what it is called.
    above = await parties.north.get(f"/v1/clients/acme/live/entities/{entity}/documents/{made['id']}")
    assert (above.status, above.json["name"]) == (200, None)
    assert (
        await parties.north.get(f"/v1/clients/acme/live{path.removeprefix('/v1')}/{made['id']}/content")
    ).status == 403
    assert [one["title"] for one in await told(parties.north, entity, "/v1/clients/acme/live")] == [None, None]


async def test_the_timeline_tells_of_documents_that_came_and_that_went(parties: Parties) -> None:
    acme, entity = parties.acme, await order(parties.acme, "SO-1")
    stays, goes = [(await add(acme, entity, query=f"name={name}.pdf")).json["id"] for name in ("pod", "wrong")]
    assert (await acme.post(f"/v1/entities/{entity}/documents/{goes}/remove", WHY)).status == 204
    lines = await told(acme, entity)
    assert [(one["what"], one["document"], one["title"], one["kind"], one["note"]) for one in lines] == [
        ("filed", stays, "pod.pdf", "application/pdf", None),
        ("filed", goes, None, None, None),
        ("removed", goes, None, None, WHY["reason"]),
    ]
    assert all(one["by"].startswith("key:") for one in lines)
    pages: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await acme.get(f"/v1/entities/{entity}/timeline?limit=1{cursor and f'&cursor={cursor}'}")).json
        pages += page["items"]
        cursor = page["next"]
    assert [one for one in pages if one["document"]] == lines
