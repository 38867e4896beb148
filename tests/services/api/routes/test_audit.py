"""The audit over the API: searched, exported, verified, kept (A17, S-83 to S-87)."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database, Scope
from infra.encryption.signing_key import SigningKey
from infra.ids import TenantId
from services.archives import erasing
from tenants.audit import sealer, service, verifier
from tenants.audit.exporting import safe
from tests.asgi import Answer, Caller
from tests.services.api.parties import Parties, id_of
from tests.services.api.things import ORDER
from tests.tenants.audit.chains import exported, verified

AT = "/v1/clients/acme/live"
PERSON = ids.show("acc", ids.new())
RUN = ids.show("run", ids.new())


@pytest.fixture
def key(nobody: Caller) -> SigningKey:
    """As a worker beside this API has made it."""
    file: Path = nobody.app.app.state.resources.settings.audit_key_file
    return SigningKey(file)


def tenant_of(parties: Parties, whose: str = "acme:live") -> TenantId:
    return TenantId(ids.read("ten", parties.ids[whose]))


async def deed(database: Database, tenant: TenantId, **more: Any) -> None:
    entry: dict[str, Any] = {"actor": f"account:{PERSON}", "action": "thing.made", "target": "t", "after": None}
    async with database.session(Scope.tenant(tenant)) as session:
        await service.record(session, **(entry | more))
        await session.commit()


def lines_of(answer: Answer) -> list[dict[str, Any]]:
    assert (answer.status, answer.headers["content-type"]) == (200, "application/jsonl"), answer.body
    return [msgspec.json.decode(line) for line in answer.body.splitlines()]


def cells_of(answer: Answer) -> list[dict[str, str]]:
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8"), answer.body
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


async def test_A17_records_are_found_by_action_actor_target_trail_and_time(
    parties: Parties, app_database: Database
) -> None:
    tenant = tenant_of(parties)
    await deed(app_database, tenant, target=RUN, action="run.cancelled")
    await deed(app_database, tenant, actor="engine", target=RUN, action="run.started")
    await deed(app_database, tenant, actor=f"acting:{PERSON}", target="con_1")
    await deed(app_database, tenant, actor="key:other", target=PERSON)

    async def found(query: str) -> list[str]:
        answer = await parties.acme.get(f"/v1/audit?{query}")
        assert answer.status == 200, answer.body
        return [f"{one['actor'].split(':')[0]} {one['action']}" for one in answer.json["items"]]

    assert await found(f"target={RUN}") == ["engine run.started", "account run.cancelled"]
    assert await found(f"actor=account:{PERSON}") == ["account run.cancelled"]
    assert await found("actor=engine&action=run.started") == ["engine run.started"]
    assert await found(f"about={RUN}") == ["engine run.started", "account run.cancelled"]
    assert await found(f"about={PERSON}") == ["key thing.made", "acting thing.made", "account run.cancelled"]
    middle = (await parties.acme.get(f"/v1/audit?actor=acting:{PERSON}")).json["items"][0]["at"]
    assert await found(f"about={PERSON}&since={middle}") == ["key thing.made", "acting thing.made"]
    assert await found(f"about={PERSON}&until={middle}") == ["account run.cancelled"]
    assert (await parties.acme.get("/v1/audit?since=yesterday")).status == 400


async def test_S_87_who_acts_as_a_client_is_named_with_the_client(parties: Parties, app_database: Database) -> None:
    await deed(app_database, tenant_of(parties), actor=f"acting:{PERSON}")
    await deed(app_database, tenant_of(parties))
    own, acted = (await parties.acme.get("/v1/audit?action=thing.made")).json["items"]
    assert (acted["actor"], acted["on_behalf_of"]) == (f"acting:{PERSON}", parties.ids["acme"])
    assert own["on_behalf_of"] is None


async def test_A17_a_record_tells_its_batch_once_it_is_sealed(
    parties: Parties, worker_database: Database, key: SigningKey
) -> None:
    before = (await parties.acme.get("/v1/audit")).json["items"]
    assert {one["batch"] for one in before} == {None}
    await sealer.seal(worker_database, key)
    assert {one["batch"] for one in (await parties.acme.get("/v1/audit")).json["items"]} == {1}


async def test_S_84_an_export_is_verified_with_the_public_key_alone_and_holds_nothing_of_others(
    parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    await deed(app_database, tenant_of(parties), after={"word": "of-acme"})
    await deed(app_database, tenant_of(parties, "sibling:live"), after={"word": "of-sibling"})
    await sealer.seal(worker_database, key, 3)
    assert (await parties.nobody.get("/v1/audit-key")).json["public_key"]
    for caller, own, others in (
        (parties.acme, b"of-acme", b"of-sibling"),
        (parties.sibling, b"of-sibling", b"of-acme"),
    ):
        answer = await caller.get("/v1/audit/export")
        lines_of(answer)
        assert own in answer.body
        assert others not in answer.body
        assert verifier.verify(answer.body.splitlines(), [key.public]).rows > 0


@pytest.mark.parametrize("query", [f"about={PERSON}", f"actor=account:{PERSON}"])
async def test_S_84_an_export_holds_nothing_of_others(
    query: str, parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    await deed(app_database, tenant_of(parties))
    await sealer.seal(worker_database, key)
    own = lines_of(await parties.acme.get(f"/v1/audit/export?{query}"))
    theirs = lines_of(await parties.foreign.get(f"/v1/audit/export?{query}"))
    assert ["row" in [line["kind"] for line in lines] for lines in (own, theirs)] == [True, False]


async def test_S_84_rows_that_a_filter_chose_have_their_own_proofs(
    parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    for number in range(7):
        await deed(app_database, tenant_of(parties), target=f"t{number % 2}")
    await sealer.seal(worker_database, key, 3)
    answer = await parties.acme.get("/v1/audit/export?target=t1")
    rows = [line for line in lines_of(answer) if line["kind"] == "row"]
    assert [row["target"] for row in rows] == ["t1"] * 3
    assert verifier.verify(answer.body.splitlines(), [key.public]).rows == 3
    for was, new in ((b'"t1"', b'"t2"'), (b'"position": 0', b'"position": 1'), (b'"position": 1', b'"position": 0')):
        changed = answer.body.replace(was, new)
        if changed != answer.body:
            with pytest.raises(verifier.Broken):
                verifier.verify(changed.splitlines(), [key.public])


async def test_A17_the_log_above_clients_is_listed_exported_and_verified_too(
    parties: Parties, worker_database: Database, key: SigningKey
) -> None:
    await sealer.seal(worker_database, key)
    for caller, other in ((parties.north, "south"), (parties.operator, "")):
        found = (await caller.get("/v1/organization/audit")).json["items"]
        assert found
        answer = await caller.get("/v1/organization/audit/export")
        assert verifier.verify(answer.body.splitlines(), [key.public]).rows == len(found)
        assert not other or parties.ids[other].encode() not in answer.body
        verified = (await caller.get("/v1/organization/audit/verification")).json
        assert (verified["state"], verified["rows"]) == ("whole", len(found))


async def test_A17_verification_goes_through_the_chain_call_by_call(
    parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    for number in range(25):
        await deed(app_database, tenant_of(parties), target=f"t{number}")
    await sealer.seal(worker_database, key, 1)
    first = (await parties.acme.get("/v1/audit/verification")).json
    assert (first["state"], first["up_to"], first["next"], first["rows"]) == ("whole", 20, 20, 20)
    second = (await parties.acme.get("/v1/audit/verification?behind=20")).json
    assert (second["state"], second["next"], second["up_to"]) == ("whole", None, second["last"])
    assert first["rows"] + second["rows"] == second["last"]
    # More than a database counts to is no batch (S-95).
    assert (await parties.acme.get(f"/v1/audit/verification?behind={2**31}")).status == 400
    assert (await parties.acme.get(f"/v1/audit/verification?behind={2**31 - 1}")).status == 200


async def test_A17_without_the_public_key_nothing_is_said_to_be_verified(parties: Parties) -> None:
    answer = (await parties.acme.get("/v1/audit/verification")).json
    assert (answer["state"], answer["rows"], answer["next"]) == ("unknown", 0, None)
    assert (await parties.nobody.get("/v1/audit-key")).json == {"public_key": None}


HOSTILE = '=cmd|\' /C calc\'!A0 \u202e\x1b[31m\r\n{"actor": "root"}'


async def test_S_83_no_name_gets_out_of_its_cell_line_or_field(parties: Parties, app_database: Database) -> None:
    await deed(app_database, tenant_of(parties), actor=HOSTILE, target=HOSTILE, after={"agent": HOSTILE})
    (record,) = (await parties.acme.get("/v1/audit?action=thing.made")).json["items"]
    assert (record["actor"], record["after"]) == (HOSTILE, {"agent": HOSTILE})
    answer = await parties.acme.get("/v1/audit/export?action=thing.made")
    (row,) = [line for line in lines_of(answer) if line["kind"] == "row"]
    assert row["target"] == HOSTILE
    table = await parties.acme.get("/v1/audit/export?action=thing.made&format=csv")
    (cells,) = cells_of(table)
    assert cells["target"].startswith("'=cmd|")
    for body in (answer.body, table.body.replace(b"\r\n", b"\n")):
        text = body.decode()
        assert not [sign for sign in text if sign != "\n" and (ord(sign) < 32 or sign == "\u202e")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1"])
def test_S_83_a_cell_that_a_spreadsheet_would_compute_is_a_text(text: str) -> None:
    assert safe(text).startswith("'")
    assert safe("plain") == "plain"


async def test_S_87_a_request_cannot_name_its_actor(parties: Parties) -> None:
    forged = {"x-actor": "root", "x-on-behalf-of": "root", "user-agent": "x" * 4000}
    await parties.acme.post("/v1/signals", {"key": {"a": "b"}}, headers=forged)
    await parties.acme.get("/v1/audit/export", headers=forged)
    own = f"key:{await id_of(parties.acme)}"
    (record,) = (await parties.acme.get("/v1/audit?action=audit.exported")).json["items"]
    assert (record["actor"], record["on_behalf_of"]) == (own, None)
    assert "root" not in (await parties.acme.get("/v1/audit")).body.decode()


async def test_S_85_a_partner_erases_somebody_and_a_hold_refuses_it_with_its_reason(
    parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    await deed(app_database, tenant_of(parties), after={"name": "Ann Abel"})
    await sealer.seal(worker_database, key)
    held = await parties.north.post(f"{AT}/audit/hold", {"reason": "case 7"})
    assert (held.status, held.json["hold"]["reason"]) == (200, "case 7")
    refused = await parties.north.post(f"{AT}/audit/forget", {"subject": PERSON})
    assert (refused.status, refused.problem, refused.json["detail"]) == (409, "audit-held", "It is held: case 7")
    assert (await parties.north.post("/v1/clients/acme/suspend", {"reason": "leaves"})).status == 200
    token = (await parties.north.post("/v1/clients/acme/delete", {"preview": True})).json["token"]
    deletion = await parties.north.post("/v1/clients/acme/delete", {"token": token, "reason": "leaves"})
    assert (deletion.status, deletion.problem) == (409, "audit-held")
    assert (await parties.north.post("/v1/clients/acme/resume", {"reason": "stays"})).status == 200
    assert (await parties.north.post(f"{AT}/audit/release", {})).json["hold"] is None
    assert (await parties.north.post(f"{AT}/audit/release", {})).problem == "audit-not-held"
    forgotten = (await parties.north.post(f"{AT}/audit/forget", {"subject": PERSON})).json
    assert forgotten["records"] == 1
    (record,) = (await parties.acme.get("/v1/audit?action=thing.made")).json["items"]
    assert (record["actor"], record["after"], record["is_veiled"]) == (forgotten["pseudonym"], None, True)
    assert (await parties.acme.get("/v1/audit/verification")).json["state"] == "whole"
    assert (await parties.north.post(f"{AT}/audit/forget", {"subject": "account:x"})).status == 422


async def test_S_86_how_long_it_is_kept_is_set_by_the_partner_alone(parties: Parties) -> None:
    assert (await parties.acme.get("/v1/audit/keeping")).json == {"days": None, "hold": None}
    assert (await parties.acme.post("/v1/audit/period", {"days": 30})).status == 403
    assert (await parties.north.post(f"{AT}/audit/period", {"days": 29})).status == 422
    assert (await parties.north.post(f"{AT}/audit/period", {"days": 30})).json["days"] == 30
    assert (await parties.north.post(f"{AT}/audit/period", {"days": None})).json["days"] is None


async def test_A17_a_deleted_clients_seals_hold(
    parties: Parties, app_database: Database, worker_database: Database, key: SigningKey
) -> None:
    cloud = {"content-type": "application/cloudevents+json"}
    assert (await parties.acme.post("/v1/events", ORDER, headers=cloud)).status == 202
    await deed(app_database, tenant_of(parties), after={"name": "Ann Abel"})
    await sealer.seal(worker_database, key)
    await parties.north.post("/v1/clients/acme/suspend", {"reason": "leaves"})
    token = (await parties.north.post("/v1/clients/acme/delete", {"preview": True})).json["token"]
    assert (await parties.north.post("/v1/clients/acme/delete", {"token": token, "reason": "leaves"})).status == 200
    await erasing.erase(worker_database, None, 35)
    await sealer.seal(worker_database, key)
    lines = await exported(app_database, tenant_of(parties))
    assert b"Ann Abel" not in b"".join(lines)
    assert b"pseudonym:" in b"".join(lines)
    assert verified(lines, key).unsealed == 0
    above = await parties.north.get("/v1/organization/audit/export")
    assert verifier.verify(above.body.splitlines(), [key.public]).rows > 0
