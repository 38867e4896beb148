"""A case knows what it needs and what is there; a pack of that is made once, where documents are opened."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec
import pytest

from infra import ids
from infra.database import Database
from infra.ids import TenantId
from services.documents.documents import Documents
from services.engine.claims import Claim, Claims
from services.engine.functions import Call, Done, Failed, Later
from services.evidence.function import NAME, EvidenceFunction
from tests.patience import PATIENCE
from tests.services.api.parties import Parties
from tests.services.evidence.test_pdf import attached
from tests.world import deploy, start_runs

ABOUT = {"kind": "invoice", "key": "INV-7"}
OPEN: dict[str, Any] = {
    "do": "open",
    "case": "D-1",
    "about": ABOUT,
    "reason": "damage",
    "required": {"pod": "Proof of delivery", "photo": None},
}


class Desk:
    """One client's evidence: files by the API, calls as a run makes them."""

    def __init__(self, parties: Parties, worker: Database, tenant: TenantId, claim: Claim) -> None:
        self.parties, self.tenant, self.claim = parties, tenant, claim
        self.function = EvidenceFunction(worker)

    async def entity(self) -> str:
        keys = [{"system": "erp", "value": "INV-7"}]
        made = await self.parties.acme.post("/v1/entities", {"kind": "invoice", "keys": keys})
        found: str = made.json["id"]
        return found

    async def file(self, entity: str, name: str, content: bytes) -> str:
        made = await self.parties.acme.send("POST", f"/v1/entities/{entity}/documents?name={name}", raw=content)
        assert made.status == 201, made.body
        found: str = made.json["id"]
        return found

    async def call(self, key: str = "k", **arguments: Any) -> Any:
        one = self.claim
        told: dict[str, Any] = {"key": key, "tenant": self.tenant, "run": one.run_id, "fence": one.fence}
        return await self.function(Call(function=NAME, arguments=arguments, reference="/do/0/x", **told))

    async def packed(self, key: str) -> Any:
        """What the call answers once the API has made the pack, or refused to."""
        async with asyncio.timeout(PATIENCE):
            while isinstance(answer := await self.call(key, do="pack", case="D-1"), Later):
                await asyncio.sleep(0.05)
        return answer

    async def said(self, **arguments: Any) -> Any:
        answer = await self.call(**arguments)
        assert isinstance(answer, Done), answer
        return answer.output


@pytest.fixture
async def desk(parties: Parties, app_database: Database, worker_database: Database) -> Desk:
    """Its run is in hand."""
    tenant = TenantId(ids.read("ten", parties.ids["acme:live"]))
    await deploy(app_database, tenant, "document: {}", event_type="order.captured")
    await start_runs(app_database, tenant, 1)
    (claim,) = await Claims(worker_database, "w", 3_600).take(1)
    return Desk(parties, worker_database, tenant, claim)


async def test_a_case_is_ready_when_the_documents_of_its_record_are_there_and_packed_once(desk: Desk) -> None:
    assert (await desk.said(**OPEN))["missing"] == ["pod", "photo"]
    entity = await desk.entity()
    first = await desk.file(entity, "POD-10482.txt", b"signed by Kim")
    second = await desk.file(entity, "scan.txt", b"a picture in words")
    told = await desk.said(do="check", case="D-1")
    assert (told["ready"], told["held"], told["missing"]) == (False, ["pod"], ["photo"])
    assert told["asked"] == {"photo": "Photo"}
    told = await desk.said(do="add", case="D-1", document=second, to="photo")
    assert (told["ready"], told["held"]) == (True, ["pod", "photo"])
    assert isinstance(await desk.call("p", do="pack", case="D-1"), Later), "the worker opens no document"
    packed = await desk.packed("p")
    assert isinstance(packed, Done)
    assert await desk.packed("p") == packed
    output = packed.output
    assert (output["parts"], output["missing"], output["held"]) == (2, [], ["pod", "photo"])
    content = await desk.parties.acme.get(f"/v1/entities/{entity}/documents/{output['document']}/content")
    assert hashlib.sha256(content.body).hexdigest() == output["sha256"]
    assert b"signed by Kim" in attached(content.body).values()
    again = await desk.said(do="check", case="D-1")
    assert again["held"] == ["pod", "photo"], "a pack is no paper of its own case"
    other = (await desk.packed("q")).output
    assert other["sha256"] == output["sha256"], "the same documents, the same bytes"
    assert len({first, second, output["document"], other["document"]}) == 4
    told_of = (await desk.parties.acme.get("/v1/audit?limit=50")).json["items"]
    actions = [one["action"] for one in told_of if one["action"].startswith("evidence.")]
    assert sorted(actions) == [
        *("evidence.added", "evidence.opened"),
        *("evidence.pack-asked", "evidence.pack-asked", "evidence.packed", "evidence.packed"),
    ]


async def test_what_cannot_be_done_is_told_with_words(desk: Desk) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"do": "check", "case": "D-9"}, "no such case"),
        ({"do": "look", "case": "D-1"}, "cannot be read"),
        ({"do": "open", "case": "D-1"}, "cannot be read"),
    )
    for arguments, words in wrong:
        answer = await desk.call(**arguments)
        assert isinstance(answer, Failed), arguments
        assert words in answer.error.title.lower()
    await desk.said(**OPEN)
    changed: dict[str, Any] = {**OPEN, "reason": "price"}
    other = await desk.call(**changed)
    assert isinstance(other, Failed)
    grown = await desk.said(**{**OPEN, "required": {"pod": "Changed", "bol": None}})
    assert grown["missing"] == ["pod", "photo", "bol"]
    assert grown["asked"]["pod"] == "Proof of delivery", "what was asked for stays as it was"
    stranger = await desk.call(do="add", case="D-1", document=ids.show("doc", ids.new()), to="pod")
    assert isinstance(stranger, Failed)
    homeless = await desk.packed("p")
    assert isinstance(homeless, Done), "where no record is known a pack is the run's"


async def test_F_02_who_has_lost_the_run_changes_no_case(desk: Desk) -> None:
    held, desk.claim = desk.claim, msgspec.structs.replace(desk.claim, fence=desk.claim.fence - 1)
    for arguments in (OPEN, {"do": "pack", "case": "D-1"}):
        answer = await desk.call(**arguments)
        assert isinstance(answer, Later), arguments
        assert not answer.parked
    assert (await desk.parties.acme.get("/v1/evidence-cases")).json["items"] == []
    desk.claim = held
    assert (await desk.said(**OPEN))["missing"] == ["pod", "photo"]


async def test_what_a_person_said_that_a_document_is_no_run_says_otherwise(desk: Desk) -> None:
    opened = await desk.said(**OPEN)
    one = await desk.file(await desk.entity(), "scan.txt", b"signed")
    of_run: dict[str, Any] = {"do": "add", "case": "D-1", "document": one}
    assert (await desk.said(**of_run, to="photo"))["held"] == ["photo"]
    at = f"/v1/evidence-cases/{opened['id']}/documents"
    assert (await desk.parties.acme.post(at, {"document": one, "to": "pod"})).json["held"] == ["pod"]
    assert (await desk.said(**of_run, to="photo"))["held"] == ["pod"]
    assert (await desk.said(do="check", case="D-1"))["held"] == ["pod"]


async def test_a_pack_that_no_document_could_be_is_refused_with_its_reason_before_it_is_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.said(**OPEN)
    await desk.file(await desk.entity(), "POD.txt", b"signed by Kim")
    monkeypatch.setattr(Documents, "most", 12)
    refused = await desk.packed("p")
    assert isinstance(refused, Failed)
    assert "than a document may have" in refused.error.detail
