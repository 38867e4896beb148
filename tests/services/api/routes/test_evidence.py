"""Evidence over the API: opened, looked at, told apart, packed."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.patience import PATIENCE
from tests.services.api.parties import Parties

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
    assert (await parties.sibling.get(one)).status == 404
