"""A client leaves: with all that it has in one file (S-84), for another partner (S-06)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from infra.database import Database, Scope
from services.api import download
from services.archives import exporting
from services.archives.exporting import CLIENTS_ONLY, HIDDEN, LEFT_OUT, TABLES
from tests.asgi import Answer
from tests.services.api.parties import Parties, first_key, id_of, make_key
from tests.services.api.test_hierarchy import forget, send
from tests.services.api.things import CANARY, Things, make_things
from tests.services.archives.olden import Olden

TOKEN = "simulator-token"  # noqa: S105 (what the things of the matrix have)


@pytest.fixture(name="things")
async def made_things(parties: Parties, app_database: Database, worker_database: Database, olden: Olden) -> Things:
    return await make_things(parties, app_database, worker_database, olden)


def opened(answer: Answer) -> zipfile.ZipFile:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip"), answer.body[:300]
    return zipfile.ZipFile(io.BytesIO(answer.body))


def lines(archive: zipfile.ZipFile, table: str) -> list[Any]:
    return [msgspec.json.decode(line) for line in archive.read(f"tables/{table}.jsonl").splitlines()]


@pytest.mark.usefixtures("things")
async def test_an_export_holds_all_that_the_environment_has_and_no_secret(parties: Parties) -> None:
    archive = opened(await parties.acme.get("/v1/export"))
    assert archive.testzip() is None
    manifest = msgspec.json.decode(archive.read("manifest.json"))
    assert manifest["tenant"] == parties.ids["acme:live"]
    assert set(manifest["members"]) | {"manifest.json"} == set(archive.namelist())
    for name, digest in manifest["members"].items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest, name
    assert {table: len(lines(archive, table)) for table in TABLES} == manifest["tables"]
    assert CANARY in str(lines(archive, "event"))
    for table in (
        "run",
        "connection",
        "deployment_revision",
        "site",
        "audit",
        "usage",
        "exception",
        "entry",
    ):
        assert manifest["tables"][table] > 0, table
    assert [name for name in archive.namelist() if name.startswith("archives/")]
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert TOKEN.encode() not in whole
    assert b"secret_hash" not in whole
    assert lines(archive, "connection_secret")[0]["field"] == "token"


async def test_S_84_an_export_holds_nothing_of_others(parties: Parties, things: Things) -> None:
    for caller in (parties.sibling, parties.acme_test, parties.foreign):
        archive = opened(await caller.get("/v1/export"))
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
        assert CANARY not in whole
        assert not [one for one in things.values.values() if "_" in one and one in whole]
    refused = await parties.north.get("/v1/clients/acme/live/export")
    assert (refused.status, refused.problem) == (403, "client-grant-needed")


async def test_every_table_of_a_tenant_is_exported_or_left_out_with_a_reason(app_database: Database) -> None:
    async with app_database.doors() as connection:
        found = await connection.fetch(
            "SELECT c.relname::text AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE a.attname = 'tenant_id' AND c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') "
            "AND NOT c.relispartition"
        )
    assert {row["name"] for row in found} == {*TABLES, *LEFT_OUT} - CLIENTS_ONLY


async def test_S_06_a_client_that_moves_takes_all_along_and_the_former_partner_sees_it_no_more(
    parties: Parties, things: Things, app_database: Database
) -> None:
    client = parties.ids["acme"]
    await parties.north.send("PATCH", "/v1/clients/acme/parameters", {"values": {"cutoff": "12:00"}})
    await parties.north.send("PATCH", "/v1/partners/north/parameters", {"values": {"currency": "EUR"}})
    await parties.north.post("/v1/clients/acme/live/quotas", {"open_runs": 500})
    await parties.north.post("/v1/clients/acme/quotas", {"open_runs": 600})
    assert (await parties.north.post(f"/v1/clients/{client}/move", {"partner": "south"})).status == 403
    await parties.south.post("/v1/clients", {"slug": "acme", "name": "Other"})
    taken = await parties.operator.post(f"/v1/clients/{client}/move", {"partner": "south"})
    assert taken.problem == "slug-taken"
    await parties.operator.post("/v1/partners", {"slug": "west", "name": "West"})
    west = parties.nobody.having(await make_key(parties.operator, partner="west"))
    moved = await parties.operator.post(f"/v1/clients/{client}/move", {"partner": "west"})
    assert moved.status == 200, moved.body
    again = await parties.operator.post(f"/v1/clients/{client}/move", {"partner": "west"})
    assert again.json == moved.json
    forget(parties)
    assert (await parties.north.get("/v1/clients/acme")).status == 404
    assert (await parties.north.get("/v1/clients/acme/live/runs")).status == 404
    assert (await parties.north.get(f"/v1/keys/{things.values['key']}")).status == 404
    assert (await west.get("/v1/clients/acme/live/runs")).json["items"]
    assert (await west.get("/v1/clients/acme/live/quotas")).json["items"][1]["limit"] == 500
    assert (await west.get("/v1/clients/acme/quotas")).json["items"][1]["limit"] == 600
    acme = parties.nobody.having(await first_key(west, "west/acme/live"))
    assert [one["name"] for one in (await acme.get("/v1/parameters")).json["items"]] == ["cutoff"]
    assert (await acme.get("/v1/me")).json["partner"]["slug"] == "west"
    assert (await send(acme, 7)).status == 202
    async with app_database.session(Scope.operator()) as session:
        told = await session.execute(
            text("SELECT action FROM app.organization_audit WHERE target = :client AND action LIKE 'client.moved%'"),
            {"client": client},
        )
        assert sorted(told.scalars()) == ["client.moved-away", "client.moved-here"]


async def test_S_06_keys_that_the_former_partner_saw_end_with_the_move(parties: Parties) -> None:
    """It may have made them, or been told them: whatever it wrote down opens nothing."""
    made = parties.nobody.having(await make_key(parties.acme))
    client = parties.ids["acme"]
    moved = await parties.operator.post(f"/v1/clients/{client}/move", {"partner": "south"})
    assert moved.status == 200, moved.body
    forget(parties)
    for caller in (parties.acme, parties.acme_test, made):
        assert (await caller.get("/v1/me")).status == 401
    listed = (await parties.south.get("/v1/keys?client=acme")).json["items"]
    assert {one["status"] for one in listed} == {"expired"}
    assert (await parties.sibling.get("/v1/me")).status == 200


async def test_S_06_an_operator_may_let_keys_overlap_for_a_day_and_no_longer(parties: Parties) -> None:
    client = parties.ids["acme"]
    for wrong in (-1, 24 * 3600 + 1):
        body = {"partner": "south", "overlap_seconds": wrong}
        assert (await parties.operator.post(f"/v1/clients/{client}/move", body)).status == 422
    body = {"partner": "south", "overlap_seconds": 3600}
    assert (await parties.operator.post(f"/v1/clients/{client}/move", body)).status == 200
    forget(parties)
    assert (await parties.acme.get("/v1/me")).json["partner"]["slug"] == "south"
    listed = (await parties.south.get("/v1/keys?client=acme")).json["items"]
    assert all(one["expires_at"] is not None for one in listed)


async def test_S_06_every_reference_beside_a_partner_goes_along_or_is_emptied_before(app_database: Database) -> None:
    """A new table that names a client's thing beside its partner would stop every move."""
    async with app_database.doors() as connection:
        found = await connection.fetch(
            "SELECT k.conrelid::regclass::text AS held, k.confrelid::regclass::text AS target FROM pg_constraint k "
            "JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey) "
            "WHERE a.attname = 'partner_id' AND k.contype = 'f' AND k.confupdtype <> 'c' "
            "AND k.connamespace = 'app'::regnamespace AND k.confrelid::regclass::text = ANY ($1)",
            ["app.client", "app.tenant", "app.account", "app.identity_provider", "app.role"],
        )
    emptied = {"app.portal_session", "app.known_device"}
    assert {row["held"] for row in found} <= emptied, found


@pytest.mark.usefixtures("things")
async def test_S_06_an_export_ends_with_the_key_that_began_it(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "ASK_SECONDS", 0.0)
    taken = exporting.Export.chunks

    async def revoking(export: exporting.Export) -> AsyncIterator[bytes]:
        yield b"first"
        revoked = await parties.north.post(f"/v1/keys/{await id_of(parties.acme)}/revoke")
        assert revoked.status == 200
        forget(parties)
        async for chunk in taken(export):
            yield chunk

    monkeypatch.setattr(exporting.Export, "chunks", revoking)
    cut = await parties.acme.get("/v1/export")
    assert cut.body == b"first"


async def test_S_84_no_bytes_are_exported_that_nobody_looked_at(app_database: Database) -> None:
    """A digest of a secret, or one that the installation's key sealed, would go out with the rows of a new table."""
    async with app_database.doors() as connection:
        found = await connection.fetch(
            "SELECT c.relname::text AS of_table, a.attname::text AS name FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'app'::regnamespace AND a.attnum > 0 "
            "AND a.atttypid = 'bytea'::regtype AND c.relname = ANY ($1)",
            list(TABLES),
        )
    looked_at = {("workflow_version", "digest"), ("archive", "digest"), ("payload", "hash"), ("payload", "body")}
    looked_at |= {
        ("passkey", "credential_id"),
        ("inbound_request", "body"),
        ("inbound_request", "digest"),
        ("document", "digest"),
        ("connection_choice", "digest"),
        ("human_task_decision", "shown_digest"),
        ("approval", "shown_digest"),
        ("customer_notice", "address_digest"),
        ("notice_opt_out", "address_digest"),
        ("evidence_pack", "digest"),
        ("order_sale", "digest"),
    }
    assert {(row["of_table"], row["name"]) for row in found if row["name"] not in HIDDEN} == looked_at
