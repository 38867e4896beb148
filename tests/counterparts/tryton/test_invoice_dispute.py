"""`invoice-dispute` on a real Tryton: marked, credited once and unmarked there; what it refuses, a person does."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from services.engine.functions import Done, Failed
from template_library.scenarios import Reply
from tests.counterparts.disputed import PRICE, decided, dispute
from tests.counterparts.rehearsed import rehearse
from tests.counterparts.tryton.conftest import BOTH, TENANT, Erp
from tests.counterparts.tryton.test_proof_of_delivery import sold

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]


async def charged(erp: Erp) -> str:
    """An invoice over sixty bearings in the books; its number."""
    order = await sold(erp)
    asked = {"order": order, "shipment": f"SH-{order}", "lines": [{"item": "SKU-1", "quantity": "60"}]}
    answer = await erp.call("erp.invoices.trigger", asked)
    assert isinstance(answer, Done), answer
    return str(answer.output["invoice"])


async def notes(erp: Erp, case: str) -> list[dict[str, Any]]:
    """What is in the ERP under the case, past the connector."""
    rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())
    fields = ["number", "state", "total_amount"]
    found: list[dict[str, Any]] = await rpc.model(
        "account.invoice.search_read", [["description", "like", f"Case {case},%"]], 0, None, None, fields
    )
    return found


async def test_a_dispute_is_credited_once_while_workers_die_behind_every_call(erp: Erp) -> None:
    invoice, case = await charged(erp), f"CL-{uuid4().hex[:8]}"
    people = {"dispute-decision": (decided("credit"),)}
    scenario = dispute(case, invoice, "OPEN-001", people, "desk", "carrier", restarts=True)
    ran = await rehearse("invoice-dispute", scenario, erp.client, {"erp": erp.connection(erp._port)})
    assert ran.output["total"] == {"amount": 2 * PRICE, "currency": "USD"}
    (note,) = await notes(erp, case)
    assert (note["number"], note["state"], note["total_amount"] * -100) == (ran.output["document"], "posted", 2 * PRICE)
    (asked,) = ran.found["tasks"]
    assert asked["shown"]["invoice"]["status"] == "posted"
    read = await erp.call("erp.invoices.get", {"invoice": invoice})
    assert isinstance(read, Done)
    assert read.output["invoice"]["status"] == "posted", "the mark is gone"
    assert ran.written["desk"]["ticket"] == 4


async def test_what_the_erp_refuses_a_person_does(erp: Erp) -> None:
    invoice, case = await charged(erp), f"CL-{uuid4().hex[:8]}"
    before = {"invoice": invoice, "case": f"{case}-before", "method": "credit", "reason": "price"}
    most = {"amount": 59 * PRICE, "currency": "USD"}
    assert isinstance(await erp.call("erp.credit-notes.create", {**before, "net": most}), Done)
    by_hand = Reply(outcome="by-hand", values={"document": "AR-77"})
    people = {"dispute-decision": (decided("credit"),), "posting-refused": (by_hand,)}
    scenario = dispute(case, invoice, "OPEN-001", people, "desk", "carrier")
    ran = await rehearse("invoice-dispute", scenario, erp.client, {"erp": erp.connection(erp._port)})
    assert (ran.output["method"], ran.output["document"]) == ("credit", "AR-77")
    assert "No more than was charged" in ran.found["tasks"][1]["shown"]["refused"]["detail"]
    assert await notes(erp, case) == []


async def test_what_was_deducted_is_claimed_by_the_invoice_that_is_open_for_it(erp: Erp) -> None:
    invoice = await charged(erp)
    asked = {
        "invoice": invoice,
        "case": "A",
        "method": "chargeback",
        "amount": {"amount": 60 * PRICE, "currency": "USD"},
    }
    claimed = await erp.call("erp.deductions.collect", asked)
    assert isinstance(claimed, Done), claimed
    assert claimed.output == {"document": invoice, "open": {"amount": 60 * PRICE, "currency": "USD"}}
    for one in ({"method": "reverse-reopen"}, {"amount": {"amount": 60 * PRICE + 1, "currency": "USD"}}):
        refused = await erp.call("erp.deductions.collect", {**asked, **one})
        assert isinstance(refused, Failed)
        assert "somebody of the accounting" in str(refused)


async def test_a_mark_stands_until_its_own_case_is_settled_and_no_more_is_given_back_than_was_charged(erp: Erp) -> None:
    invoice = await charged(erp)

    async def marked(case: str, amount: int | None) -> str:
        disputed = None if amount is None else {"amount": amount, "currency": "USD"}
        asked = {"invoice": invoice, "case": case, "disputed": disputed, "reason": "price", "pause_dunning": True}
        assert isinstance(await erp.call("erp.invoices.dispute", asked), Done)
        read = await erp.call("erp.invoices.get", {"invoice": invoice})
        assert isinstance(read, Done), read
        return str(read.output["invoice"]["status"])

    assert [await marked("A", 100), await marked("B", 200), await marked("A", None)] == ["disputed"] * 3
    assert await marked("B", None) == "posted"
    credit = {"invoice": invoice, "case": "A", "method": "credit", "reason": "price"}
    refused = await erp.call("erp.credit-notes.create", {**credit, "net": {"amount": 10**9, "currency": "USD"}})
    assert isinstance(refused, Failed)
    assert isinstance(await erp.call("erp.invoices.get", {"invoice": "NONE"}), Done)


async def test_what_several_cases_give_back_is_not_more_than_was_charged(erp: Erp) -> None:
    invoice, case = await charged(erp), uuid4().hex[:8]
    most = {"amount": 40 * PRICE, "currency": "USD"}
    credit = {"invoice": invoice, "method": "credit", "reason": "price", "net": most}
    first = await erp.call("erp.credit-notes.create", {**credit, "case": f"{case}-1"})
    assert isinstance(first, Done), first
    again = await erp.call("erp.credit-notes.create", {**credit, "case": f"{case}-1"}, uuid4().hex)
    assert isinstance(again, Done)
    assert again.output == first.output, "one of the case, whoever asks"
    second = await erp.call("erp.credit-notes.create", {**credit, "case": f"{case}-2"})
    assert isinstance(second, Failed), second
    assert await notes(erp, f"{case}-2") == [], "no draft is left of it"
    rest = {**credit, "case": f"{case}-3", "net": {"amount": 20 * PRICE, "currency": "USD"}}
    assert isinstance(await erp.call("erp.credit-notes.create", rest), Done)
