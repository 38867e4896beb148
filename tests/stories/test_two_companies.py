"""A client with two ERPs of different shapes after an acquisition: each order goes to its own company's, and no other.

`order-release` is the released one, unchanged. Behind its one name `erp` stands a connection group (ADR 0083): what a
company more takes is a connection and a rule, and the run that found none goes on with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from tests.portal.site import Site
from tests.stories.town import Town

pytestmark = [pytest.mark.faults]
TEMPLATE: Final = "order-release"
PRICE: Final = 1_299
ERPS: Final = {"west": "erp", "east": "rpc"}
"""Connections, with the simulators behind them: REST with keys, and JSON-RPC without."""


class Owners:
    """The client, and the group that chooses by company, and where none is said by who has the customer."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.group = ""
        self.rules: list[dict[str, Any]] = []

    def rule(self, connection: str, **when: list[str]) -> dict[str, Any]:
        return {"connection": self.town.connections[connection], "when": when}

    async def begin(self) -> None:
        self.rules = [
            self.rule("west", company=["US01"]),
            self.rule("east", company=["EU01", "EU02"]),
            self.rule("east", owner=["east"]),
        ]
        self.group = (await self.town.post("/v1/connection-groups", {"name": "erps", "rules": self.rules}))["id"]
        body = {"name": TEMPLATE, "template": {"name": TEMPLATE}, "bindings": {"erp": self.group}}
        self.deployment = (await self.town.post("/v1/deployments", body))["id"]

    async def add(self, rule: dict[str, Any]) -> None:
        self.rules.append(rule)
        await self.town.ask("PATCH", f"/v1/connection-groups/{self.group}", {"rules": self.rules})

    async def order(self, number: str, quantity: int, **more: Any) -> str:
        """Its run."""
        line = {"item": "SKU-1", "quantity": quantity, "unit_price": {"amount": PRICE, "currency": "USD"}}
        data = {"number": number, "customer": "ACME-001", "currency": "USD", "lines": [line], **more}
        assert await self.town.send("order.captured", number, data) == 202
        return await self.town.run(TEMPLATE, number)

    async def sold(self, *connections: str) -> dict[str, tuple[int, int]]:
        """Orders and their money in each ERP."""
        states = {name: await self.town.state(name) for name in connections}
        return {name: (state["orders"], state["total"]) for name, state in states.items()}


@pytest.fixture
async def owners(site: Site) -> AsyncIterator[Owners]:
    town = await Town.founded(site, "sample-holding", ("order-manager",), ())
    for name, system in ERPS.items():
        await town.connect(name, system)
    owners = Owners(town)
    await owners.begin()
    town.start_worker()
    yield owners
    town.stop()


async def test_each_order_is_sold_in_its_own_companys_erp_and_a_company_more_is_a_rule(owners: Owners) -> None:
    town = owners.town
    keys = [{"system": "east", "value": "OPEN-001"}, {"system": "shop", "value": "77"}]
    await town.post("/v1/entities", {"kind": "customer", "keys": keys})
    west = await owners.order("PO-west", 2, company="US01", channel="edi", warehouse="W1")
    east = await owners.order("PO-east", 3, company="EU02", channel="portal")
    known = await owners.order("PO-known", 4, customer="OPEN-001")
    outputs = [await town.ended(one) for one in (west, east, known)]
    assert [one["sale"]["total"]["amount"] for one in outputs] == [2 * PRICE, 3 * PRICE, 4 * PRICE]
    sold = {"west": (1, 2 * PRICE), "east": (2, 7 * PRICE)}
    assert await owners.sold(*ERPS) == sold
    for run, connection, said in (
        (west, "west", {"company": "US01", "channel": "edi", "site": "W1"}),
        (known, "east", {"record": {"kind": "customer", "id": "OPEN-001"}}),
    ):
        (chosen,) = (await town.get(f"/v1/runs/{run}/choices"))["items"]
        assert chosen["connection"] == town.connections[connection], "one choice for all its calls"
        assert said.items() <= chosen["facts"].items()

    third = await owners.order("PO-third", 5, company="AP01")
    error = await failed(town, third)
    assert error["title"] == "The connection group `erps` has no rule for this call"
    assert "is for company `AP01`" in error["detail"]
    assert "Add a rule to the group and try the run again" in error["detail"]
    (told,) = (await town.get("/v1/exceptions?limit=100"))["items"]
    assert (told["category"], told["title"]) == ("failed", error["title"])
    assert await owners.sold(*ERPS) == sold, "nothing is written where nobody has said so"
    assert (await town.get(f"/v1/runs/{third}/choices"))["items"] == []

    await town.connect("pacific", "odata")
    await owners.add(owners.rule("pacific", company=["AP01"]))
    await town.post(f"/v1/runs/{third}/retry", {})
    assert (await town.ended(third))["sale"]["total"]["amount"] == 5 * PRICE
    assert await owners.sold(*ERPS, "pacific") == {**sold, "pacific": (1, 5 * PRICE)}
    assert (await town.get(f"/v1/deployments/{owners.deployment}"))["revision"] == 1, "no version, and no revision"


async def failed(town: Town, run: str) -> Any:
    async def over() -> Any:
        found = await town.get(f"/v1/runs/{run}?wait=5")
        return found if found["state"] in {"faulted", "completed"} else None

    found = await town.until(over, f"{run} is to fail")
    assert found["state"] == "faulted"
    return found["error"]
