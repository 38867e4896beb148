"""Evidence over the API: opened, looked at, told apart, packed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from infra import ids
from infra.embedded.stack import Endpoints, Stack
from services.evidence import cases
from tests.patience import PATIENCE
from tests.services.api.parties import Parties
from tests.superuser import connected

AT = "/v1/evidence-cases"
CASE: dict[str, Any] = {
    "case": "D-1",
    "about": {"kind": "invoice", "key": "INV-7"},
    "reason": "damage",
    "required": [{"name": "pod", "title": "Proof of delivery"}, {"name": "photo", "title": "A photo"}],
}


async def test_a_case_is_opened_by_a_person_counted_and_packed(parties: Parties) -> None:
    acme = parties.acme
    opened = await acme.post(AT, CASE)
    assert (opened.status, opened.json["ready"], opened.json["missing"]) == (200, False, ["pod", "photo"])
    again = await acme.post(AT, CASE)
    assert again.json["id"] == opened.json["id"]
    one = f"{AT}/{opened.json['id']}"
    keys = [{"system": "erp", "value": "INV-7"}]
    entity = (await acme.post("/v1/entities", {"kind": "invoice", "keys": keys})).json["id"]
    filed = await acme.send("POST", f"/v1/entities/{entity}/documents?name=scan.txt", raw=b"signed")
    counted = await acme.post(f"{one}/documents", {"document": filed.json["id"], "to": "pod"})
    assert (counted.json["held"], counted.json["documents"][0]["paper"]) == (["pod"], "pod")
    asked = await acme.post(f"{one}/packs", {"key": "first"})
    assert (asked.status, asked.json["state"]) == (202, "asked")
    (pack,) = (await acme.get(one)).json["packs"]
    async with asyncio.timeout(PATIENCE):
        while pack["state"] == "asked":
            await asyncio.sleep(0.05)
            (pack,) = (await acme.get(one)).json["packs"]
    assert (pack["state"], pack["parts"], pack["missing"]) == ("made", 1, ["photo"])
    assert (await acme.post(f"{one}/packs", {"key": "first"})).json["document"] == pack["document"]
    listed = (await acme.get(f"{AT}?about=invoice:INV-7")).json["items"]
    assert [each["id"] for each in listed] == [opened.json["id"]]
    assert (await acme.get(f"{AT}?about=invoice:INV-8")).json["items"] == []
    masked = await parties.north.get(one.replace("/v1", "/v1/clients/acme/live"))
    assert (masked.json["documents"][0]["name"], masked.json["documents"][0]["paper"]) == (None, "pod")


async def test_what_does_not_fit_is_refused(parties: Parties) -> None:
    acme = parties.acme
    one = f"{AT}/{(await acme.post(AT, CASE)).json['id']}"
    other = await acme.post(AT, {**CASE, "reason": "price"})
    assert (other.status, other.problem) == (409, "evidence-case-is-other")
    twice = await acme.post(AT, {**CASE, "case": "D-2", "required": [CASE["required"][0]] * 2})
    assert (twice.status, twice.json["errors"][0]["pointer"]) == (422, "/required")
    for body in ({"document": "doc_x", "to": "pod"}, {"document": "doc_01h455vb4pex5vsknk084sn02q", "to": "pod"}):
        wrong = await acme.post(f"{one}/documents", body)
        assert (wrong.status, wrong.problem) == (409, "no-such-paper")
    assert (await acme.get(f"{AT}?about=x")).problem == "bad-parameter"
    longest = "k" * 196
    assert (await acme.post(f"{one}/packs", {"key": longest})).status == 202
    assert (await acme.post(f"{one}/packs", {"key": f"{longest}k"})).status == 422, "as it is kept it has its place"
    assert (await parties.sibling.get(one)).status == 404


async def test_what_a_case_grows_by_is_in_the_audit_and_nothing_of_too_much_is_dropped_silently(
    parties: Parties,
) -> None:
    acme = parties.acme
    # As long as anything in them may be.
    words = [f"w{number}-{'x' * 56}-{number:02}"[:63] for number in range(10)]
    papers = [{"name": f"p{number}", "title": "\x01" * 200, "names": words} for number in range(51)]
    opened = await acme.post(AT, {**CASE, "required": papers[:1]})
    grown = await acme.post(AT, {**CASE, "required": papers[1:50]})
    assert (grown.status, len(grown.json["required"])) == (200, 50), grown.body
    (row,) = (await acme.get("/v1/audit?limit=1")).json["items"]
    assert (row["action"], row["target"]) == ("evidence.grown", opened.json["id"])
    assert len(row["after"]["required"]) == 49
    refused = await acme.post(AT, {**CASE, "required": papers[50:]})
    assert (refused.status, refused.problem) == (409, "too-many-papers")
    assert len((await acme.get(f"{AT}/{opened.json['id']}")).json["required"]) == 50


async def test_what_came_from_outside_or_was_told_to_be_none_counts_by_no_name(
    parties: Parties, stack: Stack, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = parties.acme
    one = f"{AT}/{(await acme.post(AT, CASE)).json['id']}"
    made = await acme.post("/v1/entities", {"kind": "invoice", "keys": [{"system": "erp", "value": "INV-7"}]})
    at = f"/v1/entities/{made.json['id']}/documents"
    mine, theirs = [
        (await acme.send("POST", f"{at}?name={name}.txt", raw=b"x")).json["id"] for name in ("POD", "photo")
    ]
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute(
            "UPDATE app.document SET made_by = 'outside:lnk_x' WHERE document_id = $1", ids.read("doc", theirs)
        )
    seen = (await acme.get(one)).json
    assert [(each["by"], each["paper"]) for each in seen["documents"]][1:] == [("outside:lnk_x", None)]
    assert seen["held"] == ["pod"]
    counted = await acme.post(f"{one}/documents", {"document": theirs, "to": "photo"})
    assert counted.json["held"] == ["pod", "photo"], "somebody of the client's says so"
    none = await acme.post(f"{one}/documents", {"document": mine, "to": None})
    assert (none.status, none.json["held"]) == (200, ["photo"]), none.body
    assert (await acme.get(one)).json["held"] == ["photo"]
    # Of more than are looked at, those that somebody told apart and the newest are.
    monkeypatch.setattr(cases, "MOST", 3)
    newest = (await acme.send("POST", f"{at}?name=pod-2.txt", raw=b"x")).json["id"]
    last = (await acme.send("POST", f"{at}?name=pod-3.txt", raw=b"x")).json["id"]
    shown = [each["document"] for each in (await acme.get(one)).json["documents"]]
    assert shown == [mine, theirs, last]
    assert newest not in shown
