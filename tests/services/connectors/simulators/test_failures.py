"""Every failure of every simulator, before and after a write: what is written comes to one (F-03, F-20).

A call is made as the engine makes it: again with the same key, past a look where nobody knows what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from infra import egress
from services.connectors.simulators.faults import NAMES
from services.connectors.simulators.systems import KINDS
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Done, Failed
from tests import certifying
from tests.services.connectors.simulators.beside import beside


class Walk(msgspec.Struct):
    """A write of a simulator's connector.

    Attributes:
        made: its input, another one for each number.
        counted: what of the simulator's state is one more after it.
        looks: how many requests come before the one that writes.
        fetches: whether its credentials are fetched, and so fetched anew.
    """

    operation: str
    made: Callable[[int], dict[str, Any]]
    counted: str
    looks: int = 0
    fetches: bool = False


def order(number: int) -> dict[str, Any]:
    line = {"item": "SKU-1", "quantity": 1, "unit_price": {"amount": 1299, "currency": "USD"}}
    return {"reference": f"PO-{number}", "customer": "OPEN-001", "currency": "USD", "lines": [line]}


def record(number: int) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "10", "unit": "EA"}}
    head = {"number": f"SO-{2000 + number}", "state": "released", "ordered_at": "2026-03-01T10:00:00Z"}
    return {**head, "customer": {"id": "ACME-001"}, "currency": "USD", "lines": [line]}


def parcel(number: int) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "10", "unit": "EA"}}
    return {"service": "GROUND", "shipment": {"number": f"SH-{number}", "status": "packed", "lines": [line]}}


def invoice(number: int) -> dict[str, Any]:
    sale = {"customer": "WEB-1", "jurisdiction": "DE", "currency": "EUR", "lines": [{"line": "1", "amount": "9.99"}]}
    return {"invoice": f"INV-{number}", "sale": sale}


def fulfilment(number: int) -> dict[str, Any]:
    # Of the ten that were ordered, one at a time but for the last walks, which are of the other order.
    order, line = ("5001", "1") if number < 10 else ("5003", "2")
    return {"id": order, "shipment": f"SH-{number}", "lines": [{"line": line, "quantity": "1"}]}


def feed(number: int) -> dict[str, Any]:
    return {"id": "M-9001", "shipment": f"SH-{number}", "lines": [{"line": "1", "quantity": "1"}]}


WALKS: Final = {
    "bureau": Walk("credit.checks.run", lambda number: {"name": f"Business {number}"}, "charged"),
    "carrier": Walk("carrier.labels.create", parcel, "parcel", fetches=True),
    "crm": Walk("crm.activities.create", lambda number: {"id": "A-1", "subject": f"{number}", "text": "."}, "activity"),
    "desk": Walk("desk.tickets.create", lambda number: {"subject": f"{number}", "text": "."}, "ticket"),
    "erp": Walk("erp.sales-orders.create", order, "orders"),
    "marketplace": Walk("shop.orders.fulfil", feed, "taken", looks=1),
    "odata": Walk("erp.sales-orders.create", order, "orders", looks=2, fetches=True),
    "rpc": Walk("erp.sales-orders.create", order, "orders", looks=1),
    "shop": Walk("shop.orders.fulfil", fulfilment, "fulfilment", looks=1),
    "tax": Walk("tax.sales.record", invoice, "transaction", fetches=True),
    "threepl": Walk("wms.orders.create", lambda number: {"order": record(number)}, "accepted", looks=1),
    "tms": Walk("tms.shipments.plan", lambda number: {"shipment": parcel(number)["shipment"]}, "load"),
    "warehouse": Walk("wms.orders.create", lambda number: {"order": record(number)}, "order", looks=1),
}


def test_every_simulator_is_walked() -> None:
    assert WALKS.keys() == {name for name, kind in KINDS.items() if not kind.has_files}, "files: test_file_warehouse.py"


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.certifies(KINDS[one].connector, simulator=True)) for one in sorted(WALKS)],
)
async def test_F_03_F_20_what_is_written_through_every_failure_is_there_once(
    name: str, tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    walk = WALKS[name]
    certifying.saw(KINDS[name].connector, f"the {KINDS[name].title} simulator")
    async with beside(name, tmp_path, client, evaluator, timeout_seconds=1) as running:
        assert isinstance(await running.caller.through(walk.operation, walk.made(0), "key-0"), Done)
        for number, fault in enumerate(NAMES, start=1):
            before = (await running.state())[walk.counted]
            await running.faults(*["none"] * walk.looks, fault, retry_after=0, late_seconds=0.1)
            values, key = walk.made(number), f"key-{number}"
            answer = await running.caller.through(walk.operation, values, key)
            if fault == "drift" or (fault == "expired" and not walk.fetches):
                assert not isinstance(answer, Done), fault
                if fault == "expired":
                    assert isinstance(answer, Failed)
                    assert answer.error.type.endswith("/authentication")
                answer = await running.caller.through(walk.operation, values, key)
            assert isinstance(answer, Done), (fault, answer)
            assert (await running.state())[walk.counted] == before + 1, fault
