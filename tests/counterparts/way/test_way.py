"""An order of a real shop is a sale in the real Tryton; its shipment and invoice come back, its dispute is a ticket.

The second test does the same while workers are killed, answers lost and webhooks doubled and delayed: nothing differs
in the end (F-01, F-02, F-03).
"""

from __future__ import annotations

import asyncio
import subprocess
from typing import Final

import pytest

from tests.counterparts.calling import Caller
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.tryton.people import People
from tests.counterparts.way.course import Course
from tests.counterparts.way.landscape import Way
from tests.counterparts.way.shops import Shop
from tests.faults.deaths import crashes
from tests.faults.plant import end

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]

DEATHS: Final = {
    "order": "poll.answered poll.committed call.answered records.before records.committed "
    "call.before~/do/7/create-sale call.answered~/do/7/create-sale checkpoint.before end.before",
    "shipment": "poll.answered poll.committed records.before claim.committed call.before~/do/3/tell-shop "
    "call.answered~/do/3/tell-shop checkpoint.committed",
    "invoice": "poll.answered poll.committed records.committed call.before~/do/2/tell-shop "
    "call.answered~/do/2/tell-shop end.committed",
    "dispute": "records.before call.before call.answered end.before",
}
"""Where workers die while each of these is on its way.

A run goes on beside what makes records of its event: behind a second death of that it may be through already.
"""


class Hard(Course):
    """Workers die at every point of the way, answers of the systems are lost."""

    def __init__(self, way: Way, shop: Shop, erp: People, desk: Caller, proxies: dict[str, Proxy]) -> None:
        super().__init__(way, shop, erp, desk)
        self.proxies = proxies
        self.lost: dict[str, tuple[str, str, Fault]] = {
            "order": ("erp", "model.sale.sale.confirm", "answer-lost"),
            "shipment": ("shop", shop.tells_shipment, "answer-lost"),
            "invoice": ("shop", shop.tells_invoice, "answer-lost"),
            "dispute": ("desk", "POST /REST/2.0/ticket ", "answer-lost"),
        }

    async def disturbed(self, what: str) -> None:
        for worker in self.way.plant.workers:
            end(worker)
        system, text, fault = self.lost[what]
        self.proxies[system].once(text, fault)
        for point in DEATHS[what].split():
            changes = {"WAYBILL_SOLO_DEATHS": "99", "WAYBILL_WORKER_SLOTS": "2"}
            await self.way.hurry(all_dead=True)
            worker = self.way.plant.start_worker(point, changes=changes)
            await self._dead(worker, point.partition("~")[0])
        self.way.plant.start_worker()

    async def _dead(self, worker: subprocess.Popen[bytes], point: str) -> None:
        """A run that met some deaths is taken by a child alone, which dies in the worker's place: then both go."""
        try:
            async with asyncio.timeout(240):
                while not crashes(self.way.plant, worker)[point]:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{point} was not met: {await self.way.plant.states()}") from None
        end(worker)


@pytest.fixture
def hard(way: Way, shop: tuple[Shop, int], erp: People, desk: Caller, proxies: dict[str, Proxy]) -> Hard:
    return Hard(way, shop[0], erp, desk, proxies)


async def test_an_order_of_a_shop_is_sold_shipped_charged_and_disputed_and_the_timeline_tells_it(
    course: Course,
) -> None:
    await course.run()


async def test_F_01_killed_doubled_delayed_and_with_answers_lost_the_end_is_the_same(hard: Hard) -> None:
    await hard.run()
    assert all(proxy.met for proxy in hard.proxies.values()), "an answer was to be lost of each system"
