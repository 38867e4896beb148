"""`proof-of-delivery` on a real Tryton: what was accepted is charged there, whoever dies and whoever decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import pytest

from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from services.engine.functions import Done, Failed
from template_library.scenarios import Coming, Reply, Scenario
from tests.counterparts.rehearsed import rehearse, simulated
from tests.counterparts.tryton.conftest import BOTH, TENANT, Erp

pytestmark = [pytest.mark.tryton, pytest.mark.certifies("tryton"), BOTH]
AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
PHOTO: Final = {"document": "doc_01kf5x8yjwf6q8m0a1b2c3d4e5"}
PRICE: Final = 1299


async def sold(erp: Erp, quantity: int = 60) -> str:
    """An order of so many bearings, confirmed in the ERP; its number."""
    number = f"PO-{uuid4().hex[:8]}"
    lines = [{"item": "SKU-1", "quantity": quantity, "unit_price": {"amount": PRICE, "currency": "USD"}}]
    order = {"reference": number, "customer": "OPEN-001", "currency": "USD", "lines": lines}
    assert isinstance(await erp.create(order, uuid4().hex), Done)
    return number


async def charged(erp: Erp, order: str) -> list[tuple[str, float]]:
    """State and quantity of the order's invoices, past the connector."""
    rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())
    (sale,) = await rpc.model(
        "sale.sale.search_read", [["reference", "like", f"{order}%"]], 0, None, None, ["invoices"]
    )
    lines = await rpc.model(
        "account.invoice.line.search_read",
        [["invoice", "in", sale["invoices"]]],
        0,
        None,
        [["id", "ASC"]],
        ["quantity", "invoice.state"],
    )
    return sorted((one["invoice."]["state"], one["quantity"]) for one in lines)


def scenario(order: str, proof: dict[str, Any], **more: Any) -> Scenario:
    whole = {
        "number": "POD-1",
        "shipment": {"number": f"SH-{order}"},
        "outcome": "accepted",
        "delivered_at": "2026-03-04T16:05:00Z",
        "signed_by": "J. Example",
        "signature": PHOTO,
        "pieces": 60,
        "pieces_expected": 60,
        "pro_number": "123456789",
        "driver_signed": True,
        "photos": [PHOTO],
    }
    shipment = {"number": f"SH-{order}", "order": order, "customer": "OPEN-001", "carrier": "CAR-1", "pieces": 60}
    shipment["lines"] = [{"line": "1", "item": "SKU-1", "quantity": "60"}]
    return Scenario(
        name="on Tryton",
        expect=None,  # type: ignore[arg-type]  # what comes of it is asserted here
        data=shipment,
        connections=simulated("carrier"),
        events=(Coming(type="proof.received", after="PT56H", data={**whole, **proof}),),
        at=AT,
        **more,
    )


async def test_what_was_accepted_whole_is_charged_whole(erp: Erp) -> None:
    order = await sold(erp)
    ran = await rehearse("proof-of-delivery", scenario(order, {}), erp.client, {"erp": erp.connection(erp._port)})
    assert ran.output["invoice"]["total"] == {"amount": 60 * PRICE, "currency": "USD"}
    assert (ran.found["emitted"], ran.found["tasks"]) == ([], [])
    assert await charged(erp, order) == [("posted", 60.0)]


async def test_58_of_60_are_charged_once_while_workers_die_behind_every_call(erp: Erp) -> None:
    order = await sold(erp)
    short = {"outcome": "partial", "pieces": 58, "note": "Two cartons are missing."}
    ran = await rehearse(
        "proof-of-delivery", scenario(order, short, restarts=True), erp.client, {"erp": erp.connection(erp._port)}
    )
    assert ran.output["invoice"]["total"] == {"amount": 58 * PRICE, "currency": "USD"}
    assert [(one["type"], one["data"]["kind"]) for one in ran.found["emitted"]] == [("claim.opened", "shortage")]
    # What is left Tryton's own rules put into a draft, for a person.
    assert await charged(erp, order) == [("draft", 2.0), ("posted", 58.0)]


async def test_a_refused_delivery_is_not_charged(erp: Erp) -> None:
    order = await sold(erp)
    people = {"refused-delivery": (Reply(outcome="restock", values={"reason": "Ordered twice."}),)}
    refused = {"outcome": "refused", "pieces": 0, "note": "Closed."}
    ran = await rehearse(
        "proof-of-delivery", scenario(order, refused, people=people), erp.client, {"erp": erp.connection(erp._port)}
    )
    assert ran.output["invoice"] is None
    assert await charged(erp, order) == [("draft", 60.0)]


async def test_a_shipment_is_charged_once_and_no_more_than_was_ordered(erp: Erp) -> None:
    order = await sold(erp)
    asked = {"order": order, "shipment": f"SH-{order}", "lines": [{"item": "SKU-1", "quantity": "58"}]}
    first, second = [await erp.call("erp.invoices.trigger", asked) for _ in range(2)]
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert first.output == second.output
    more = await erp.call("erp.invoices.trigger", {**asked, "shipment": "SH-2"})
    assert isinstance(more, Failed)
    assert "is not left to charge" in more.error.detail
    unknown = await erp.call("erp.invoices.trigger", {**asked, "order": "PO-NONE"})
    assert isinstance(unknown, Failed)
