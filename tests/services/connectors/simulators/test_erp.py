"""The simulated ERP as a process: its books, its failures and its end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from infra.egress import Client, Failed
from tests.patience import PATIENCE
from tests.services.connectors.conftest import Simulator

ORDER = {
    "reference": "PO-1",
    "customer": "ACME-001",
    "currency": "USD",
    "lines": [{"item": "SKU-1", "quantity": "10", "unit_price": 1299}],
}
POST = {"Content-Type": "application/json"}


async def create(simulator: Simulator, key: str = "k", **change: Any) -> Any:
    return await simulator.send("POST", "/orders", ORDER | change, **POST, **{"Idempotency-Key": key})


async def test_an_order_takes_stock_and_credit_once_per_key(simulator: Simulator) -> None:
    first = await create(simulator)
    again = await create(simulator)
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    state = await simulator.state()
    assert (state["orders"], state["duplicates_refused"]) == (1, 1)
    assert state["keys"] == {"k": {"orders": 1, "calls": 2, "reference": "PO-1"}}
    assert (state["stock"]["SKU-1"], state["exposure"]["ACME-001"]) == ("4990", 12990)


@pytest.mark.parametrize(
    ("change", "status", "name"),
    [
        ({"customer": "NOBODY"}, 422, "unknown-customer"),
        ({"lines": [{"item": "NONE", "quantity": "1", "unit_price": 1}]}, 422, "unknown-item"),
        ({"lines": [{"item": "SKU-3", "quantity": "1", "unit_price": 1}]}, 409, "insufficient-stock"),
        ({"customer": "TIGHT-001"}, 409, "credit-limit"),
        ({"currency": "EUR"}, 422, "other-currency"),
        ({"lines": [{"item": "SKU-1", "quantity": "-1", "unit_price": 1}]}, 422, "bad-quantity"),
        ({"surplus": 1}, 400, "bad-order"),
    ],
)
async def test_a_refused_order_changes_nothing(
    simulator: Simulator, change: dict[str, Any], status: int, name: str
) -> None:
    before = await simulator.state()
    answer = await create(simulator, **change)
    assert (answer[0], answer[1]["title"]) == (status, name)
    after = await simulator.state()
    assert after | {"requests": 0} == before | {"requests": 0}


async def test_a_key_with_another_order_is_refused(simulator: Simulator) -> None:
    await create(simulator)
    assert (await create(simulator, reference="PO-2"))[1]["title"] == "key-reused"
    assert (await simulator.send("POST", "/orders", ORDER, **POST))[1]["title"] == "key-missing"


async def test_a_shipment_is_charged_once_whatever_its_lines_are_written_as(simulator: Simulator) -> None:
    await create(simulator)

    async def charge(key: str, *lines: tuple[str, str], shipment: str = "SH-1") -> Any:
        body = {"order": "PO-1", "shipment": shipment, "lines": [{"item": one, "quantity": of} for one, of in lines]}
        return await simulator.send("POST", "/invoices", body, **POST, **{"Idempotency-Key": key})

    first = await charge("a", ("SKU-1", "4"))
    assert first[0] == 201
    for key, lines in (("b", [("SKU-1", "4.0")]), ("c", [("SKU-1", "1"), ("SKU-1", "3")])):
        assert (await charge(key, *lines))[1]["number"] == first[1]["number"]
    refused = await charge("d", ("SKU-1", "5"))
    assert (refused[0], refused[1]["title"]) == (409, "charged-already")
    assert (await charge("e", ("SKU-1", "6"), shipment="SH-2"))[1]["number"] != first[1]["number"]
    assert (await simulator.state())["invoices"] == 2


async def test_fifty_equal_orders_at_once_are_one(simulator: Simulator) -> None:
    answers = await asyncio.gather(*(create(simulator) for _ in range(50)))
    assert sorted(status for status, _ in answers) == [200] * 49 + [201]
    assert (await simulator.state())["orders"] == 1


async def test_its_books_survive_a_restart(client: Client, tmp_path: Path) -> None:
    simulator = Simulator(client, tmp_path)
    async with simulator.running():
        first = await create(simulator)
    async with simulator.running():
        assert await create(simulator) == (200, first[1])


async def test_a_wrong_token_is_refused(simulator: Simulator) -> None:
    status, _ = await simulator.send("GET", "/customers/ACME-001", Authorization="Bearer wrong")
    assert status == 401


async def test_it_refuses_connections_for_a_while_and_comes_back(simulator: Simulator) -> None:
    await simulator.faults(refuse_seconds=2)
    refused = 0
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await simulator.send("GET", "/customers/ACME-001")
            except Failed:
                refused += 1
            else:
                if refused:
                    break
    assert refused


async def test_unknown_faults_and_paths_are_named(simulator: Simulator) -> None:
    assert (await simulator.send("PUT", "/_control/faults", {"unknown": 1}))[0] == 400
    assert (await simulator.send("GET", "/nothing"))[0] == 404
    assert (await simulator.send("GET", "/_control/nothing"))[0] == 404
