"""Customers' accounts in a real Tryton: found, opened once, given terms and places."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.connectors.builtin.tryton.opening import code_of
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from services.engine.functions import Done, Failed
from tests.counterparts.tryton.conftest import BOTH, TENANT, Erp

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
THERE = {"street": "4 Dock Road", "city": "Springfield", "postal_code": "62703", "country": "US"}


async def done(erp: Erp, operation: str, values: Any, key: str = "") -> Any:
    answer = await erp.call(operation, values, key)
    assert isinstance(answer, Done), answer
    return answer.output


def asked(reference: str) -> dict[str, Any]:
    customer = {
        "id": reference,
        "name": f"North Dock Supply {reference}",
        "status": "active",
        "currency": "USD",
        "tax_numbers": [{"scheme": "EIN", "number": f"TAX-{reference}"}],
        "address": THERE,
        "contacts": [{"email": f"{reference}@northdock.example", "telephone": "+1 555 0104"}],
        "ship_to": [{"id": "MAIN", "address": THERE}],
    }
    return {"reference": reference, "customer": customer}


@pytest.fixture
def reference() -> str:
    return f"A-{uuid4().hex[:8]}"


async def parties(erp: Erp, reference: str) -> int:
    rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())
    found: int = await rpc.model("party.party.search_count", [["name", "=", asked(reference)["customer"]["name"]]])
    return found


async def test_an_account_is_opened_once_whoever_asks_and_however_often(erp: Erp, reference: str) -> None:
    values, key = asked(reference), uuid4().hex
    others = [erp.call("erp.customers.create", values, uuid4().hex, erp.worker()) for _ in range(2)]
    answers = await asyncio.gather(erp.call("erp.customers.create", values, key, erp.worker()), *others)
    assert {one.output["number"] for one in answers if isinstance(one, Done)} == {code_of(reference)}
    assert await done(erp, "erp.customers.create", values, key) == {
        "number": code_of(reference),
        "reference": reference,
    }
    assert await parties(erp, reference) == 1


async def test_who_was_opened_is_read_and_found_by_number_name_and_contact(erp: Erp, reference: str) -> None:
    number = (await done(erp, "erp.customers.create", asked(reference)))["number"]
    read = (await done(erp, "erp.customers.get", {"customer": number}))["customer"]
    assert (read["id"], read["status"], read["currency"]) == (number, "active", "USD")
    assert read["tax_numbers"] == [{"scheme": "TIN", "number": f"TAX-{reference}"}]
    assert read["address"]["street"] == "4 Dock Road"
    assert [one["id"] for one in read["ship_to"]] == ["MAIN"]
    assert await done(erp, "erp.customers.get", {"customer": "NOBODY"}) == {"found": False, "customer": None}
    same = {"id": "X", "name": "Somebody 100% else", "status": "requested"}
    numbers = {"tax_numbers": [{"scheme": "EIN", "number": f"TAX-{reference}"}]}
    for known in (numbers, {"name": asked(reference)["customer"]["name"]}):
        found = (await done(erp, "erp.customers.match", {"customer": same | known}))["candidates"]
        assert (found[0]["number"], found[0]["score"]) == (number, 1.0)
    assert (await done(erp, "erp.customers.match", {"customer": same}))["candidates"] == []


async def test_terms_and_places_are_what_they_are_to_be(erp: Erp, reference: str) -> None:
    number = (await done(erp, "erp.customers.create", asked(reference)))["number"]
    limit = {"amount": 400000, "currency": "USD"}
    terms = {"customer": number, "payment_terms": "Direct", "limit": limit}
    place = {"customer": number, "ship_to": {"id": "NORTH", "address": {**THERE, "street": "9 Sample Road"}}}
    for _ in range(2):
        assert await done(erp, "erp.customers.set-terms", terms) == terms
        assert await done(erp, "erp.customers.add-ship-to", place) == {"customer": number, "ship_to": "NORTH"}
    read = (await done(erp, "erp.customers.get", {"customer": number}))["customer"]
    assert (read["payment_terms"], read["credit"]["limit"]) == ("Direct", limit)
    assert sorted(one["id"] for one in read["ship_to"]) == ["MAIN", "NORTH"]
    for wrong in ({"payment_terms": "NONE"}, {"limit": {"amount": 1, "currency": "EUR"}}, {"customer": "NOBODY"}):
        answer = await erp.call("erp.customers.set-terms", terms | wrong)
        assert isinstance(answer, Failed)
        assert answer.error.status == 422
