"""Files of runs: taken in, handed out, removed, and nobody else's (S-18, S-79, S-101)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra import ids
from infra.database import Database
from infra.objects.local import LocalStore
from infra.settings import Settings
from services.archives import erasing
from services.worker import documents as cleaning
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties
from tests.services.api.things import ORDER

PDF = b"%PDF-1.7\n" + b"proof of delivery " * 20_000
WHY = {"reason": "it is another order's"}
ERP = {"base_url": "http://127.0.0.1:9", "allow_http": True}


@pytest.fixture
async def run(parties: Parties) -> str:
    """A run of acme's."""
    erp = {"name": "erp", "connector": "erp-simulator", "settings": ERP, "secrets": {"token": "simulator-token"}}
    connection = (await parties.acme.post("/v1/connections", erp)).json["id"]
    bound = {"name": "orders", "template": {"name": "order-release"}, "bindings": {"erp": connection}}
    await parties.acme.post("/v1/deployments", bound)
    sent = await parties.acme.post("/v1/events", ORDER, headers={"content-type": "application/cloudevents+json"})
    found: str = sent.json["runs"][0]
    return found


async def add(caller: Caller, run: str, content: bytes = PDF, name: str = "pod.pdf", **more: Any) -> Answer:
    cut = [content[at : at + 60_000] for at in range(0, len(content), 60_000)] or [b""]
    kind = {"content-type": more.pop("kind", "application/octet-stream")}
    path = f"/v1/runs/{run}/documents?name={name}{more.pop('also', '')}"
    return await caller.send("POST", path, chunks=cut, headers=kind)


async def keyed(caller: Caller, run: str, content: bytes = PDF, name: str = "pod.pdf") -> Answer:
    cut = [content[at : at + 60_000] for at in range(0, len(content), 60_000)]
    headers = {"content-type": "application/octet-stream", "idempotency-key": "4711"}
    return await caller.send("POST", f"/v1/runs/{run}/documents?name={name}", chunks=cut, headers=headers)


async def content(caller: Caller, made: Answer, **headers: str) -> Answer:
    path = f"/v1/runs/{made.json['run']}/documents/{made.json['id']}/content"
    return await caller.get(path, headers={key.replace("_", "-"): value for key, value in headers.items()})


def files(settings: Settings) -> list[Path]:
    return [one for one in settings.objects_folder.rglob("*") if one.is_file()]


async def test_a_document_comes_back_as_it_was_sent(parties: Parties, run: str) -> None:
    made = await add(parties.acme, run, also="&document_class=proof")
    assert made.status == 201, made.body
    shown = made.json
    assert (shown["name"], shown["media_type"], shown["size"]) == ("pod.pdf", "application/pdf", len(PDF))
    assert (shown["sha256"], shown["document_class"], shown["state"]) == (
        hashlib.sha256(PDF).hexdigest(), "proof", "unscanned",
    )  # fmt: skip
    got = await content(parties.acme, made)
    assert (got.status, got.body) == (200, PDF)
    assert got.headers["content-length"] == str(len(PDF))
    listed = (await parties.acme.get(f"/v1/runs/{run}/documents")).json["items"]
    assert [one["id"] for one in listed] == [shown["id"]]
    one = await parties.acme.get(f"/v1/runs/{run}/documents/{shown['id']}")
    assert one.json == shown
    assert one.headers["etag"]


async def test_S_93_a_file_that_is_sent_again_under_its_key_is_one_document(
    parties: Parties, run: str, api_settings: Settings
) -> None:
    first = await keyed(parties.acme, run)
    again = await keyed(parties.acme, run)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(files(api_settings)) == 1, "what comes again is read, and kept nowhere"
    assert (await add(parties.acme, run)).json["id"] != first.json["id"], "without a key it is another"


async def test_S_92_another_file_name_or_run_under_the_key_is_none_of_it(
    parties: Parties, run: str, api_settings: Settings
) -> None:
    assert (await keyed(parties.acme, run)).status == 201
    for other in ({"content": PDF[:-1] + b"!"}, {"content": PDF + b"x" * 100_000}, {"name": "other.pdf"}):
        refused = await keyed(parties.acme, run, **other)
        assert (refused.status, refused.problem) == (422, "idempotency-key-reused"), other
    assert len(files(api_settings)) == 1


async def test_S_93_of_ten_files_at_once_under_one_key_one_is_there(
    parties: Parties, run: str, worker_database: Database, api_settings: Settings
) -> None:
    answers = await asyncio.gather(*(keyed(parties.acme, run) for _ in range(10)))
    assert {(one.status, one.body) for one in answers} == {(201, answers[0].body)}
    listed = (await parties.acme.get(f"/v1/runs/{run}/documents")).json["items"]
    assert [one["id"] for one in listed] == [answers[0].json["id"]]
    await cleaning.drop(worker_database, LocalStore(api_settings.objects_folder))
    assert [ids.show("doc", UUID(one.name)) for one in files(api_settings)] == [listed[0]["id"]]


async def test_what_was_refused_as_no_document_leaves_its_key_free(parties: Parties, run: str) -> None:
    assert (await keyed(parties.acme, run, b"MZ\x90\x00")).status == 415
    assert (await keyed(parties.acme, run)).status == 201


async def test_whoever_has_the_file_is_answered_304(parties: Parties, run: str) -> None:
    made = await add(parties.acme, run)
    tag = f'"{hashlib.sha256(PDF).hexdigest()}"'
    assert (await content(parties.acme, made)).headers["etag"] == tag
    again = await content(parties.acme, made, if_none_match=f'"x", {tag}')
    assert (again.status, again.body) == (304, b"")


async def test_S_101_a_file_is_saved_and_never_shown_on_a_partners_host(parties: Parties, run: str) -> None:
    got = await content(parties.acme, await add(parties.acme, run, name="r%C3%A9sum%C3%A9.pdf"))
    names = "filename=\"resume.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf"
    assert got.headers["content-disposition"] == f"attachment; {names}"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "body", [b"<html><script>alert(1)</script>", b"<svg onload='x'/>", b"MZ\x90\x00", b"\x00\x01", b"PK\x03\x04zip"]
)
async def test_S_101_what_is_no_document_is_refused_whatever_it_is_called(
    parties: Parties, run: str, api_settings: Settings, body: bytes
) -> None:
    refused = await add(parties.acme, run, body, "invoice.pdf", kind="application/pdf")
    assert (refused.status, refused.problem) == (415, "document-refused")
    assert (await parties.acme.get(f"/v1/runs/{run}/documents")).json["items"] == []
    assert files(api_settings) == []


@pytest.mark.parametrize("name", ["%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cboot.ini", "CON", "%252e%252e%252f"])
async def test_S_18_a_name_is_no_path(parties: Parties, run: str, api_settings: Settings, name: str) -> None:
    made = await add(parties.acme, run, name=name)
    assert made.status == 201, made.body
    (stored,) = files(api_settings)
    assert stored.parent == api_settings.objects_folder / parties.ids["acme:live"]
    assert UUID(stored.name) == ids.read("doc", made.json["id"])


@pytest.mark.parametrize("name", ["", "a%00b", "a%0d%0ab", "x" * 300, "a%E2%80%AEb"])
async def test_S_18_a_name_that_could_lie_is_refused(parties: Parties, run: str, name: str) -> None:
    assert (await add(parties.acme, run, name=name)).status in {400, 422}


async def test_S_18_the_same_name_in_two_tenants_is_two_files(parties: Parties, run: str) -> None:
    first, second = await add(parties.acme, run), await add(parties.acme, run, b"%PDF-other")
    assert (await content(parties.acme, first)).body == PDF
    assert (await content(parties.acme, second)).body == b"%PDF-other"


async def test_a_file_that_is_too_large_is_refused_before_it_is_whole(
    parties: Parties, run: str, api_settings: Settings
) -> None:
    large = [b"%PDF-" + b"x" * (api_settings.document_max // 4)] * 5
    path = f"/v1/runs/{run}/documents?name=a.pdf"
    told = await parties.acme.send(
        "POST", path, raw=b"x", headers={"content-length": str(api_settings.document_max + 1)}
    )
    came = await parties.acme.send("POST", path, chunks=large)
    assert (told.status, came.status) == (413, 413)
    assert files(api_settings) == []
    # What is no document keeps the limit of every other body.
    other = await parties.acme.send("POST", "/v1/connections", chunks=[b"x" * (api_settings.api_max_body + 1)])
    assert other.status == 413


async def test_S_78_what_lies_in_the_store_tells_nothing(parties: Parties, run: str, api_settings: Settings) -> None:
    await add(parties.acme, run)
    (sealed,) = (one.read_bytes() for one in files(api_settings))
    assert b"proof of delivery" not in sealed
    assert b"%PDF" not in sealed


async def test_S_71_a_file_that_was_moved_or_altered_is_cut_off(
    parties: Parties, run: str, api_settings: Settings
) -> None:
    first, second = await add(parties.acme, run), await add(parties.acme, run, b"%PDF-other")
    places = {one.name: one for one in files(api_settings)}
    at = [places[str(ids.read("doc", one.json["id"]))] for one in (first, second)]
    at[1].write_bytes(at[0].read_bytes())
    assert (await content(parties.acme, second)).problem == "secret-unreadable"
    (told,) = (await parties.acme.get("/v1/audit?action=secret.unreadable")).json["items"]
    assert (told["actor"], told["target"]) == ("engine", second.json["id"])
    altered = bytearray(at[0].read_bytes())
    altered[200_000] ^= 1
    at[0].write_bytes(altered)
    with pytest.raises(Exception, match="after response started"):
        await content(parties.acme, first)
    at[0].unlink()
    assert (await content(parties.acme, first)).problem == "file-missing"


async def test_S_01_S_02_a_document_is_its_tenants_alone(parties: Parties, run: str) -> None:
    made = await add(parties.acme, run)
    path = f"/v1/runs/{run}/documents"
    for other in (parties.acme_test, parties.sibling, parties.foreign):
        for one in (f"{path}/{made.json['id']}", f"{path}/{made.json['id']}/content"):
            assert (await other.get(one)).status == 404
        assert (await other.get(path)).status == 404
        assert (await add(other, run)).status == 404
        assert (await other.post(f"{path}/{made.json['id']}/remove", WHY)).status == 404
    assert (await content(parties.acme, made)).status == 200
    # Nor is it found below another run of the same tenant.
    assert (await parties.acme.get(f"/v1/runs/{ids.show('run', ids.new())}/documents/{made.json['id']}")).status == 404


async def test_a_removed_document_is_gone_at_once_and_its_file_soon(
    parties: Parties, run: str, api_settings: Settings, worker_database: Database
) -> None:
    made = await add(parties.acme, run)
    path = f"/v1/runs/{run}/documents/{made.json['id']}"
    assert (await parties.acme.post(f"{path}/remove", WHY)).status == 204
    assert (await parties.acme.get(path)).status == 404
    assert (await parties.acme.post(f"{path}/remove", WHY)).status == 404
    assert await cleaning.drop(worker_database, LocalStore(api_settings.objects_folder)) == 1
    assert files(api_settings) == []
    actions = [one["action"] for one in (await parties.acme.get("/v1/audit")).json["items"]]
    assert actions.count("document.added") == actions.count("document.removed") == 1


async def test_a_document_goes_by_its_age_unless_its_run_is_kept(
    parties: Parties, run: str, api_settings: Settings, worker_database: Database, app_database: Database
) -> None:
    made = await add(parties.acme, run)
    store = LocalStore(api_settings.objects_folder)
    assert (await parties.acme.post(f"/v1/runs/{run}/keep", {"reason": "a dispute"})).status == 200
    path = f"/v1/runs/{run}/documents/{made.json['id']}"
    assert (await parties.acme.post(f"{path}/remove", WHY)).problem == "run-is-kept"
    tenant = ids.read("ten", parties.ids["acme:live"])
    async with app_database.tenant(tenant) as connection:
        await connection.execute("UPDATE app.document SET keep_until = clock_timestamp()")
    assert await cleaning.drop(worker_database, store) == 0
    await parties.acme.post(f"/v1/runs/{run}/let-go", {"reason": "it is settled"})
    assert await cleaning.drop(worker_database, store) == 1
    assert files(api_settings) == []
    actions = [one["action"] for one in (await parties.acme.get("/v1/audit")).json["items"]]
    assert "document.expired" in actions


async def test_the_export_has_the_files_opened(parties: Parties, run: str) -> None:
    made = await add(parties.acme, run)
    whole = await parties.acme.get("/v1/export")
    with zipfile.ZipFile(io.BytesIO(whole.body)) as export:
        assert export.read(f"documents/{made.json['id']}") == PDF
        rows = export.read("tables/document.jsonl")
    assert b"pod.pdf" in rows
    assert b"sealed_key" not in rows


async def test_S_79_a_deleted_clients_files_are_gone_from_the_store(
    parties: Parties, run: str, api_settings: Settings, worker_database: Database, app_database: Database
) -> None:
    await add(parties.acme, run)
    assert len(files(api_settings)) == 1
    tenant = ids.read("ten", parties.ids["acme:live"])
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "they leave"})
    looked = await parties.north.post("/v1/clients/acme/delete", {"preview": True})
    wanted = {"token": looked.json["token"], "reason": "they left"}
    asked = await parties.north.post("/v1/clients/acme/delete", wanted)
    assert asked.status in {200, 202}, asked.body
    async with app_database.tenant(tenant) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.document_key") == 0
    store = LocalStore(api_settings.objects_folder)
    await erasing.erase(worker_database, api_settings.archive_folder, 0, store)
    assert files(api_settings) == []
    async with app_database.tenant(tenant) as connection:
        assert await connection.fetchval("SELECT count(*) FROM app.document") == 0


async def test_who_may_not_see_payloads_gets_neither_file_nor_name(parties: Parties, run: str) -> None:
    made = await add(parties.acme, run)
    path = f"/v1/clients/acme/live/runs/{run}/documents/{made.json['id']}"
    assert (await parties.north.get(f"{path}/content")).status == 403
    shown = await parties.north.get(path)
    assert (shown.status, shown.json["name"]) == (200, None)


async def test_S_08_no_other_role_reads_documents(worker_database: Database, parties: Parties, run: str) -> None:
    await add(parties.acme, run)
    tenant = ids.read("ten", parties.ids["acme:live"])
    for table in ("document", "document_key"):
        with pytest.raises(Exception, match="permission denied"):
            async with worker_database.tenant(tenant) as connection:
                await connection.fetch(f"SELECT * FROM app.{table}")  # noqa: S608 (two words of this test)
