"""Story 1: orders of three channels go to four warehouses, and people decide what is to be decided.

Six orders by day, one of them sent twice; 57 by night, three of them sent twice. The worker is killed while the ERP
answers, the API restarts while orders are held, the worker before the goods leave.

The warehouses are chosen, and what has left is charged, by the client's own documents beside this file.

An order that is held stands in queues of tasks and holds, by role. Of orders that nobody can sell the desk's groups
are asked: by warehouse, channel, type and class of customer.

Not asserted, as it comes later: that a shipment is posted in the ERP (shipment confirmation is a template of its own).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, Final

import msgspec
import pytest

from tests.marks import night
from tests.portal.site import Site
from tests.stories.town import Town, place

pytestmark = [pytest.mark.faults]
ROLES: Final = ("pricing-desk", "credit-manager", "order-manager")
MATRIX: Final = (
    {"name": "prices", "decision": "price.release", "approver_role": "pricing-desk"},
    {"name": "credit", "decision": "credit.release", "approver_role": "credit-manager"},
)
CHANNELS: Final = ("inside-sales", "portal", "shop")
AT: Final = "2026-03-02T09:00:00Z"
BEARING, CLAMP, GASKET = ("SKU-1", 1_299), ("SKU-2", 2_450), ("SKU-3", 420)
WAREHOUSES: Final = {"first": 5, "second": 5, "legacy": 5, "threepl": 8}
"""And the hours after which what they were given has left."""
IN_ERP: Final = {"items": [{"code": GASKET[0], "stock": "1000"}]}
IN_SHOP: Final = {"order": [{"id": "5001", "status": "cancelled"}, {"id": "5003", "status": "cancelled"}]}
MISTAKES: Final = (
    ("BAD-1", "inside-sales", "north", "rush", "A"),
    ("BAD-2", "portal", "south", "standard", "A"),
    ("BAD-3", "portal", "south", "rush", "B"),
)
"""Orders of nothing: number, channel, warehouse, type, class of customer."""
IN_SECOND: Final = {"item": [{"id": GASKET[0], "onHand": 1000}]}


_NUMBERS: Final = count(1)


class Wish(msgspec.Struct, frozen=True):
    """An order of one line; `why` says what is particular: credit, price, short, or nothing."""

    number: str
    channel: str
    why: str
    item: str
    price: int
    customer: str
    quantity: int

    @property
    def goes(self) -> str:
        if self.item == CLAMP[0]:
            return "legacy"
        if self.channel == "shop" and self.item == BEARING[0]:
            return "threepl"
        return "second" if self.item == GASKET[0] else "first"


def wishes(credit: int, price: int, short: int, plain: int) -> list[Wish]:
    """As many of each; whoever is over the credit or under a contract does not buy in the shop."""
    found = []
    for place_, why in enumerate(["credit"] * credit + ["price"] * price + ["short"] * short + ["plain"] * plain):
        channel = CHANNELS[place_ % 2] if why in {"credit", "price"} else CHANNELS[place_ % 3]
        item, cents = GASKET if why == "short" else CLAMP if why == "plain" and place_ % 4 == 3 else BEARING
        customer, quantity = ("TIGHT-001", 10) if why == "credit" else ("OPEN-001", 2)
        found.append(Wish(f"SO-{place_ + 1}", channel, why, item, cents, customer, quantity))
    return found


@pytest.fixture
async def town(site: Site) -> AsyncIterator[Town]:
    town = await Town.founded(site, f"sample-traders-{next(_NUMBERS)}", ROLES, MATRIX)
    await town.connect("erp", books=IN_ERP)
    await town.connect("shop", books=IN_SHOP, watch=["orders"])
    await town.connect("first", "warehouse", watch=["shipments"])
    await town.connect("second", "warehouse", books=IN_SECOND, watch=["shipments"])
    await town.connect("legacy", "file-warehouse", watch=["shipments"])
    await town.connect("threepl", watch=["shipments"])
    await town.map("orders")
    await town.deploy("order-release", "erp")
    await town.publish("allocate", *WAREHOUSES)
    await town.publish("charge", "erp")
    yield town
    town.stop()


SIZES: Final = ((1, 1, 1, 3, 1), night((5, 5, 10, 37, 3)))
"""Over the credit, at another price, short in the first warehouse, plain; and how many are sent twice."""


@pytest.mark.parametrize("size", SIZES)
async def test_story_1_each_order_is_sold_shipped_and_charged_once(town: Town, size: tuple[int, ...]) -> None:
    *kinds, twice = size
    orders = wishes(*kinds)
    before = {name: (await town.state(name)).get("order", 0) for name in WAREHOUSES}
    town.start_doomed(f"call.answered~{place('order-release', 'create-sale')}%{1 + len(orders) // 8}")
    again = [one for one in orders if one.why == "plain" and one.channel != "shop"][:twice]
    assert len(again) == twice
    await asyncio.gather(*(capture(town, one) for one in orders), *(capture(town, one, "/again") for one in again))
    await town.dies_at("call.answered")
    await queues(town, orders)
    await town.restart_api()
    await people_decide(town, orders)
    await sold_once(town, orders)
    await each_warehouse_has_its_own(town, orders, before)
    await town.restart_worker()
    await what_left_is_charged(town, orders)
    await decisions_only(town, orders)
    await mistakes_are_grouped(town)


async def capture(town: Town, wish: Wish, mark: str = "") -> None:
    if wish.channel == "shop":
        basket = {"customer": wish.customer, "lines": [{"sku": wish.item, "quantity": wish.quantity}]}
        token = {"x-shop-token": town.site.erp_token}
        bought = await town.site.request("POST", f"{town.systems['shop']}/store/orders", basket, headers=token)
        assert bought.status == 201, bought.body
        return
    contract = {"contract": wish.price * 2} if wish.why == "price" else {}
    line = {"item": wish.item, "quantity": str(wish.quantity), "price": wish.price, **contract}
    told = {"number": wish.number, "at": AT, "channel": wish.channel, "customer": wish.customer, "currency": "USD"}
    kind = "portal.order" if wish.channel == "portal" else "sales.order"
    assert await town.send(kind, wish.number + mark, {**told, "lines": [line]}) == 202


async def queues(town: Town, orders: list[Wish]) -> None:
    """Each that may not go stands in the queue of its role, and no other does."""
    wanted = Counter(one.why for one in orders)
    pricing, manager = town.people["pricing-desk"], town.people["credit-manager"]

    async def full() -> bool:
        tasks = (await pricing.get("/v1/tasks?kind=price-mismatch&limit=100"))["items"]
        holds = (await manager.get("/v1/holds?type=credit&limit=100"))["items"]
        return (len(tasks), len(holds)) == (wanted["price"], wanted["credit"])

    await town.until(full, "the queues are to fill")
    summary = (await manager.get("/v1/holds/summary"))["items"]
    assert {(one["type"], one["role"], one["count"]) for one in summary} == {
        ("credit", "credit-manager", wanted["credit"]),
        ("price", "pricing-desk", wanted["price"]),
    }
    assert (await manager.get("/v1/tasks"))["items"] == []


async def people_decide(town: Town, orders: list[Wish]) -> None:
    """Prices one by one, credit all at once: with a preview, and by the authority of each."""
    pricing, manager = town.people["pricing-desk"], town.people["credit-manager"]
    for one in (await pricing.get("/v1/tasks?kind=price-mismatch&limit=100"))["items"]:
        await pricing.decide("price-mismatch", one["run"], "order-price", {"reason": "agreed"})
    terms = {"terms": "NET15", "credit_limit": 100_000_000}
    raised = await town.site.request("PUT", f"{town.systems['erp']}/accounts/TIGHT-001/terms", terms)
    assert raised.status == 200, raised.body
    wish = {"preview": True, "filter": {"type": "credit"}, "why": "The limit was raised."}
    preview = await manager.ask("POST", "/v1/holds/act", wish)
    assert preview.status == 200, preview.json
    done = await manager.ask("POST", "/v1/holds/act", {"token": preview.json["token"]})
    assert done.status == 200, done.json
    assert [one["outcome"] for one in done.json["done"]] == ["cleared"] * sum(one.why == "credit" for one in orders)


async def sold_once(town: Town, orders: list[Wish]) -> None:
    async def sold() -> bool:
        return bool((await town.state("erp"))["orders"] >= len(orders))

    await town.until(sold, "every order is to be sold")
    state = await town.state("erp")
    assert (state["orders"], state["total"]) == (len(orders), sum(one.price * one.quantity for one in orders))
    references = Counter(one["reference"] for one in state["keys"].values())
    assert {*references.values()} == {1}
    assert {one.number for one in orders if one.channel != "shop"} <= {*references}


async def each_warehouse_has_its_own(town: Town, orders: list[Wish], before: dict[str, int]) -> None:
    await all_did(town, "allocate", len(orders))
    # The legacy warehouse looks into its folder at the next full hour.
    await town.passes("legacy", hours=1)
    found = {name: (await town.state(name)).get("order", 0) - before[name] for name in WAREHOUSES}
    assert found == Counter(one.goes for one in orders)


async def all_did(town: Town, workflow: str, runs: int) -> None:
    """So many runs of the workflow are completed, and there is no other one of it."""
    statement = (
        "SELECT r.state, count(*)::int AS n FROM app.run r JOIN app.deployment d USING (tenant_id, deployment_id) "
        "WHERE r.tenant_id = $1 AND d.name = $2 GROUP BY r.state"
    )

    async def done() -> bool:
        states = {row["state"]: row["n"] for row in await town.rows(statement, workflow)}
        assert not {*states} & {"faulted", "cancelled"}, (workflow, await town.faults())
        return states == {"completed": runs}

    await town.until(done, f"{runs} runs of {workflow} are to complete")


async def what_left_is_charged(town: Town, orders: list[Wish]) -> None:
    for name, hours in WAREHOUSES.items():
        await town.passes(name, hours=hours)

    await all_did(town, "charge", len(orders))
    state = await town.state("erp")
    assert (state["invoices"], state["invoiced"]) == (len(orders), sum(one.price * one.quantity for one in orders))
    await all_did(town, "order-release", len(orders))


async def decisions_only(town: Town, orders: list[Wish]) -> None:
    """What people did was to decide, once for each exception, and nobody typed anything twice."""
    touches: list[dict[str, Any]] = (await town.get("/v1/touches?limit=100"))["items"]
    assert len(touches) == sum(one.why in {"credit", "price"} for one in orders), touches
    assert (await town.get("/v1/touches/re-entry"))["items"] == []


async def mistakes_are_grouped(town: Town) -> None:
    """What nobody can sell stands on the desk, with what it is grouped and filtered by there."""
    for number, channel, warehouse, kind, klass in MISTAKES:
        told = {"number": number, "at": AT, "channel": channel, "customer": "OPEN-001", "currency": "USD"}
        told |= {"warehouse": warehouse, "kind": kind, "class": klass}
        line = {"item": BEARING[0], "quantity": "0", "price": BEARING[1]}
        assert await town.send("portal.order", number, {**told, "lines": [line]}) == 202

    async def failed() -> bool:
        return len((await town.get("/v1/exceptions?limit=100"))["items"]) == len(MISTAKES)

    await town.until(failed, "each is to stand on the desk")
    for place_, by in enumerate(("channel", "warehouse", "order_type", "segment"), 1):
        wanted = Counter(one[place_] for one in MISTAKES)
        groups = (await town.get(f"/v1/exceptions/groups?by={by}"))["items"]
        assert {one["group"]: one["count"] for one in groups} == wanted, by
        for value, how_many in wanted.items():
            found = (await town.get(f"/v1/exceptions?{by}={value}&limit=100"))["items"]
            assert len(found) == how_many, (by, value)
