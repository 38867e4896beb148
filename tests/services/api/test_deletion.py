"""A client is deleted for good (S-79): what it had is nowhere, and its certificate says so truly."""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.ids import TenantId
from infra.telemetry.instruments import INSTRUMENTS
from infra.telemetry.prometheus import render
from services.api.certificates import Statement
from services.archives import erasing
from tests.asgi import Answer, Caller
from tests.services.api.leftovers import MARK, Ours, fill, holding, standing, tables
from tests.services.api.parties import Parties, first_key
from tests.services.api.test_hierarchy import forget
from tests.services.api.things import CANARY, Things, make_things
from tests.services.archives.olden import Olden

DAYS = 35
KEPT = {"account", "api_key", "audit", "tenant", "usage"}
"""Tables of a tenant that keep rows of one that was deleted, as its certificate says; none of them with a name."""


@pytest.fixture(name="things")
async def made_things(parties: Parties, app_database: Database, worker_database: Database, olden: Olden) -> Things:
    return await make_things(parties, app_database, worker_database, olden)


async def delete(caller: Caller, client: str) -> Answer:
    seen = await caller.post(f"/v1/clients/{client}/delete", {"preview": True})
    assert seen.status == 200, seen.body
    return await caller.post(f"/v1/clients/{client}/delete", {"token": seen.json["token"], "reason": "They left"})


async def ours_of(parties: Parties, things: Things, database: Database) -> Ours:
    """Acme in `live`, with a person who is called after the mark, and with others who are invited under that name."""
    tenant, partner = ids.read("ten", parties.ids["acme:live"]), ids.read("ptr", parties.ids["north"])
    person = ids.new()
    async with database.session(Scope.tenant(tenant)) as session:
        await session.execute(
            text(
                "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions) "
                "VALUES (:partner, :person, :tenant, :email, :name, '{}')"
            ),
            {"partner": partner, "person": person, "tenant": tenant, "email": f"{MARK}@acme.example", "name": MARK},
        )
        await session.execute(text("UPDATE app.invitation SET name = :name"), {"name": MARK})
        await session.commit()
    return Ours(
        tenant_id=tenant,
        client_id=ids.read("cli", parties.ids["acme"]),
        partner_id=partner,
        account_id=person,
        provider_id=ids.read("idp", things.values["provider"]),
        role_id=ids.read("rol", things.values["role"]),
    )


async def test_S_79_every_table_of_a_client_is_emptied_and_nothing_it_said_is_anywhere(
    parties: Parties, things: Things, app_database: Database, worker_database: Database, olden: Olden
) -> None:
    ours = await ours_of(parties, things, app_database)
    await parties.north.send("PATCH", "/v1/clients/acme/parameters", {"values": {"cutoff": MARK}})
    rules = [{"name": "prices", "domains": ["price"], "reason": MARK}]
    assert (await parties.north.send("PUT", "/v1/clients/acme/policy", {"rules": rules})).status == 200
    assert "policy_version" in holding(olden, MARK)
    fill(olden, ours)
    olden.sql("UPDATE app.audit_keeping SET hold_reason = NULL")  # of what is held nothing would be removed
    empty = {name for name, rows in standing(olden, ours).items() if not rows}
    assert not empty, "each must have a row, or else nothing is proven of it"
    assert {"invitation", "passkey", "totp", "interface_traffic", "sign_in_flow", "event"} <= set(
        holding(olden, MARK)
    ) | {"event"}
    await parties.north.post("/v1/clients/acme/suspend", {"reason": MARK})
    assert (await delete(parties.north, "acme")).status == 200
    people = {"invitation", "passkey", "totp", "recovery_code", "identity_provider", "account_role", "portal_session"}
    at_once = standing(olden, ours)
    assert {name: at_once[name] for name in people} == dict.fromkeys(people, 0)
    assert "account" not in holding(olden, MARK)
    await erasing.erase(worker_database, olden.folder, DAYS)
    left = {name for name, rows in standing(olden, ours).items() if rows}
    assert left == KEPT
    assert holding(olden, MARK) == []
    assert holding(olden, CANARY) == []
    found = (await parties.north.get(f"/v1/clients/{parties.ids['acme']}/certificate")).json
    assert found["state"] == "done"
    counted = set(found["statement"]["removed"])
    under_way = {
        "sign_in_flow",
        "provider_logout",
        "passkey_challenge",
        "portal_session",
        "known_device",
        "connection_link",
        "link",
        "connection_secret",
        "tenant_key",
    }
    assert tables(olden) - KEPT - {"client", "deletion"} - under_way <= counted


async def test_S_79_logs_and_metrics_have_nothing_of_a_client_to_be_deleted(
    parties: Parties,
    things: Things,
    app_database: Database,
    worker_database: Database,
    olden: Olden,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither can be emptied of one client: its words are never in them, at their most talkative either."""
    logging.getLogger("api.access").setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        made = (await parties.north.post("/v1/clients", {"slug": MARK, "name": f"{MARK} Ltd"})).json["id"]
        await ours_of(parties, things, app_database)
        await parties.north.send("PATCH", "/v1/clients/acme/parameters", {"values": {"cutoff": MARK}})
        for path in (f"/v1/clients/{MARK}", f"/v1/runs?key={MARK}", f"/v1/audit?target={MARK}", f"/v1/{MARK}"):
            await parties.north.get(path)
            await parties.acme.get(path)
        for client in (made, "acme"):
            assert (await parties.north.post(f"/v1/clients/{client}/suspend", {"reason": MARK})).status == 200
            assert (await delete(parties.north, client)).status == 200
        await erasing.erase(worker_database, olden.folder, DAYS)
    logging.getLogger("api.access").setLevel(logging.NOTSET)
    logged = "\n".join(str(vars(one)) for one in caplog.records)
    measured = render(INSTRUMENTS, {})
    assert "/v1/clients/{client}/delete" in logged
    assert "/v1/clients/{client}/delete" in measured
    for words in (logged, measured):
        assert MARK not in words
        assert CANARY not in words


@pytest.mark.usefixtures("things")
async def test_S_79_a_deleted_client_leaves_a_certificate_that_anybody_may_check(
    parties: Parties, worker_database: Database, olden: Olden
) -> None:
    tenant, client = parties.ids["acme:live"], parties.ids["acme"]
    assert (await parties.north.post("/v1/clients/acme/delete", {"preview": True})).problem == "client-state"
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "They leave"})
    assert (await parties.south.post("/v1/clients/acme/delete", {"preview": True})).status == 404
    other = await parties.north.post("/v1/clients/sibling/suspend", {"reason": "x"})
    assert other.status == 200
    foreign = (await parties.north.post("/v1/clients/sibling/delete", {"preview": True})).json["token"]
    mixed = await parties.north.post("/v1/clients/acme/delete", {"token": foreign, "reason": "x"})
    assert mixed.problem == "bad-cursor"
    assert (await parties.north.post("/v1/clients/acme/quotas", {"open_runs": 600})).status == 200
    begun = (await delete(parties.north, "acme")).json["certificate"]
    assert (begun["state"], begun["signature"]) == ("erasing", None)
    forget(parties)
    assert (await parties.acme.get("/v1/me")).status == 401
    assert (await parties.north.get("/v1/clients/acme")).status == 404
    assert await erasing.erase(worker_database, None, DAYS) > 0
    assert (await parties.north.get(f"/v1/clients/{client}/certificate")).json["state"] == "erasing"
    await erasing.erase(worker_database, olden.folder, DAYS)
    assert not (olden.folder / tenant).exists()
    found = (await parties.north.get(f"/v1/clients/{client}/certificate")).json
    assert found["state"] == "done"
    assert [one["tenant"] for one in found["statement"]["keys"]] == [tenant]
    assert found["statement"]["removed"]["run"] > 0
    assert found["statement"]["removed"]["quota"] == 1
    assert (await parties.south.get(f"/v1/clients/{client}/certificate")).status == 404
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(found["public_key"]))
    statement = msgspec.convert(found["statement"], Statement)
    key.verify(base64.b64decode(found["signature"]), msgspec.json.encode(statement))
    published = await parties.nobody.get("/v1/certificate-key")
    assert (published.status, published.json) == (200, {"public_key": found["public_key"]}), "one forged brings its own"
    changed = msgspec.json.encode(msgspec.structs.replace(statement, reason="another"))
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(found["signature"]), changed)
    assert await erasing.erase(worker_database, olden.folder, DAYS) == 0
    assert (await parties.north.post("/v1/clients", {"slug": "acme", "name": "Acme"})).status == 201


async def test_S_79_the_audit_is_left_with_pseudonyms(
    parties: Parties, things: Things, app_database: Database, worker_database: Database, olden: Olden
) -> None:
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "They leave"})
    await delete(parties.north, "acme")
    await erasing.erase(worker_database, olden.folder, DAYS)
    async with app_database.session(Scope.tenant(ids.read("ten", parties.ids["acme:live"]))) as session:
        audit = (await session.execute(text("SELECT actor, after FROM app.audit"))).all()
    assert not [row for row in audit if row.after is not None or row.actor.startswith(("key:", "account:"))]
    assert any(row.actor.startswith("pseudonym:") for row in audit)
    made_by = olden.sql(
        "SELECT count(*) FILTER (WHERE made_by IS NOT NULL) FROM app.api_key WHERE tenant_id = :'tenant'"
    )
    assert made_by.strip() == "0"
    assert holding(olden, things.values["key"]) == ["audit"], "as an id, and nothing beside it"


async def test_S_79_what_the_installations_key_sealed_is_gone_at_once_and_told_by_its_hash(
    parties: Parties, olden: Olden
) -> None:
    """A tenant's key opens connections' secrets only: those of providers are sealed by what is not destroyed."""
    wanted = ["people:read", "people:write", "roles:write", "providers:write"]
    maker = parties.nobody.having(await first_key(parties.nobody, "north/acme/live", wanted))
    body = {"name": "A", "issuer": "https://login.acme.example", "client_id": "p", "client_secret": "of-the-provider"}
    made = (await maker.post("/v1/identity-providers", body)).json["id"]
    provider: dict[str, Any] = {"provider": str(ids.read("idp", made))}
    shown = olden.sql(
        "SELECT encode(sha256(secret), 'hex'), encode(secret, 'hex') FROM app.identity_provider", **provider
    )
    digest, _, stored = shown.strip().partition("|")
    # What opens an invitation, in a mail that is not sent yet; and the environment's key for documents.
    tenant, mail = ids.read("ten", parties.ids["acme:live"]), ids.new()
    olden.tenant = TenantId(tenant)
    olden.sql(
        "INSERT INTO app.mail (partner_id, mail_id, tenant_id, kind, recipient, recipient_name, facts, sealed) "
        "SELECT t.partner_id, :'mail', t.tenant_id, 'people.invited', 'x@acme.example', 'X', '{}', 'letter' "
        "FROM app.tenant t WHERE t.tenant_id = :'tenant'",
        "INSERT INTO app.document_key (tenant_id, version, wrapped) VALUES (:'tenant', 1, 'documents')",
        mail=mail,
    )
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "They leave"})
    statement = (await delete(parties.north, "acme")).json["certificate"]["statement"]
    assert {one["of"]: one["sha256"] for one in statement["sealed"]} == {
        made: digest,
        ids.show("mail", mail): hashlib.sha256(b"letter").hexdigest(),
        parties.ids["acme:live"]: hashlib.sha256(b"documents").hexdigest(),
    }
    assert stored not in olden.sql("SELECT to_jsonb(p)::text FROM app.identity_provider p")
    assert stored not in olden.sql("SELECT to_jsonb(d)::text FROM app.deletion d")
    left = "SELECT (SELECT count(*) FROM app.document_key) + (SELECT count(*) FROM app.mail WHERE sealed IS NOT NULL)"
    assert olden.sql(left).strip() == "0"


async def test_S_79_of_a_client_that_moved_no_partner_keeps_a_name(
    parties: Parties, worker_database: Database, olden: Olden
) -> None:
    made = (await parties.north.post("/v1/clients", {"slug": MARK, "name": f"{MARK} Ltd"})).json["id"]
    await parties.operator.post(f"/v1/clients/{made}/move", {"partner": "south"})
    assert "organization_audit" in holding(olden, MARK)
    await parties.south.post(f"/v1/clients/{made}/suspend", {"reason": "They leave"})
    await delete(parties.south, made)
    assert holding(olden, MARK) == [], "neither south nor north"
    await erasing.erase(worker_database, olden.folder, DAYS)
    assert (await parties.south.get(f"/v1/clients/{made}/certificate")).json["state"] == "done"


async def test_S_79_a_setting_that_is_changed_later_does_not_change_what_was_signed(
    parties: Parties, worker_database: Database, olden: Olden
) -> None:
    client = parties.ids["acme"]
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "They leave"})
    await delete(parties.north, "acme")
    await erasing.erase(worker_database, olden.folder, 90)
    found = (await parties.north.get(f"/v1/clients/{client}/certificate")).json
    statement = msgspec.convert(found["statement"], Statement)
    assert statement.done_at is not None
    assert (statement.backups.until - statement.done_at).days == 90, "of the worker, and not the 35 of this process"
    again = (await parties.north.get(f"/v1/clients/{client}/certificate")).json
    assert again == found
