"""The same way while all is late, in the other order and twice: nothing differs in the end (F-03, F-13).

Each kind of call to each system is answered when its caller's patience is over, or arrives only then; some requests are
lost before, and one arrives when all is done. The dispute comes before what it objects to, the invoice before the
shipment. What polls answered they answer again, what left the outbox is delivered twice, and rings come three times.
"""

from __future__ import annotations

import asyncio
from itertools import cycle
from random import Random
from typing import Any, Final

import pytest
from redis.asyncio import Redis

from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.tryton.people import People
from tests.counterparts.way.conftest import HURRIED
from tests.counterparts.way.course import LINES, Course
from tests.counterparts.way.landscape import Way
from tests.counterparts.way.shops import Order, Shop
from tests.faults.test_rings import again

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800), HURRIED]

ERP_READS: Final = (
    r"party\.party\.search_read",
    r"product\.product\.search_read",
    r"stock\.shipment\.out\.search_read",
    r"stock\.move\.search_read",
    r"ir\.model\.log\.search_read",
    r"sale\.sale\.search_read",
    r"account\.invoice\.search_read",
)
DESK_READS: Final = (r"^GET /REST/2\.0/tickets",)
DESK_WRITES: Final = (r"^POST /REST/2\.0/ticket ",)


class Late(Course):
    """Nobody dies; everything comes late, and twice."""

    def __init__(self, way: Way, shop: Shop, erp: People, desk: Caller, proxies: dict[str, Proxy]) -> None:
        super().__init__(way, shop, erp, desk)
        self.proxies = proxies
        # Over both shops each kind of write meets both.
        kinds: list[Fault] = ["late", "answer-late"]
        turn = cycle(kinds if shop.ships else reversed(kinds))
        self.left: dict[str, dict[str, list[Fault]]] = {
            "erp": {
                **{read: [next(turn)] for read in ERP_READS},
                r"sale\.sale\.create": ["held"],
                r"sale\.sale\.quote": [next(turn)],
                r"sale\.sale\.confirm": ["abandoned"],
            },
            "shop": {
                **{read: [next(turn)] for read in shop.reads},
                **{write: ["lost", next(turn)] for write in shop.writes},
            },
            "desk": {
                **{read: [next(turn)] for read in DESK_READS},
                **{write: ["lost", next(turn)] for write in DESK_WRITES},
            },
        }
        for name, faults in self.left.items():
            proxies[name].each(faults)

    def lines(self) -> list[str]:
        """As they came; only that something has left is told of the moment when it did."""
        left, *told = LINES["shipment"]
        return [*LINES["order"], left, *LINES["dispute"], *LINES["invoice"], *told]

    async def disturbed(self, what: str) -> None:
        if what == "order":
            await self.way.twice()
        await super().disturbed(what)

    async def over(self, what: str) -> None:
        """What was on its way arrives, and what is watched is told anew."""
        for proxy in self.proxies.values():
            await proxy.settle()
            await proxy.release()
        if what == "order":
            await self.way.asked_again("orders")
            await self.way.settled()

    async def delivered(self, order: Order) -> tuple[str, str]:
        for trigger in ("shipments", "invoices"):
            await self.way.put_off(trigger)
        shipment, invoice = await self.erp.ship(order.number), await self.erp.charge(order.number)
        self.objected = await super().disputed(order)
        await self.way.asked_again("invoices")
        await self.told_of_invoice(order)
        assert await self.shop.shipments(order) == []
        await self.way.asked_again("shipments")
        await self.told_of_shipment(order)
        await self.way.asked_again("orders", "shipments", "invoices")
        await self.way.settled()
        return shipment, invoice

    async def disputed(self, _order: Order) -> dict[str, Any]:
        """It was, before."""
        return self.objected


@pytest.fixture
def late(way: Way, shop: tuple[Shop, int], erp: People, desk: Caller, proxies: dict[str, Proxy]) -> Late:
    return Late(way, shop[0], erp, desk, proxies)


async def test_F_03_F_13_late_in_the_other_order_and_twice_the_end_is_the_same(late: Late) -> None:
    redis = Redis.from_url(late.way.plant.stack.endpoints.redis_url)
    noise = asyncio.create_task(again(redis, Random(13)))  # noqa: S311 (dice of a test)
    await late.run()
    assert not noise.done()
    while not noise.done():  # what is cancelled while the client publishes may go on publishing
        noise.cancel()
        await asyncio.wait([noise], timeout=0.5)
    await redis.aclose()
    unmet = [text for faults in late.left.values() for text, left in faults.items() if left]
    assert unmet == [], "calls that were to be late"
    assert await late.way.delivered_twice() > len(LINES)
