"""An order whose sale is undone may be sold anew; what one client sold is nothing to another."""

from __future__ import annotations

import pytest

from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from services.engine.claims import Claim
from services.engine.functions import Later
from tests.services.holds.test_selling import CONTENT, OTHER, Shop, answered, earlier
from tests.superuser import connected
from tests.world import World, make_tenant, progress, write


@pytest.fixture
def shop(app_database: Database, worker_database: Database, world: World) -> Shop:
    return Shop(app_database, worker_database, world)


class Undoing:
    """One run undoes what another one did, as they stand in the rows of a compensation (ADR 0138)."""

    def __init__(self, shop: Shop, stack: Stack, endpoints: Endpoints) -> None:
        self.shop, self.stack, self.name = shop, stack, endpoints.database_url.rpartition("/")[2]

    async def end(self, run: Claim, state: str) -> None:
        assert await write(self.shop.worker, progress(run, state)) == ["committed"]

    async def begin(self, of: Claim, by: Claim) -> None:
        """The first one has failed, and somebody compensates."""
        await self.end(of, "faulted")
        async with connected(self.stack, self.name) as admin:
            await admin.execute("UPDATE app.run SET compensates = $2 WHERE run_id = $1", by.run_id, of.run_id)


@pytest.fixture
def undoing(shop: Shop, stack: Stack, endpoints: Endpoints) -> Undoing:
    return Undoing(shop, stack, endpoints)


@pytest.mark.parametrize("then", ["noted", "faulted"])
async def test_an_order_is_free_once_what_its_run_did_is_undone_and_waited_for_until_then(
    shop: Shop, undoing: Undoing, then: str
) -> None:
    first, undoer, second, third = await shop.runs(4)
    await shop.claim(first)
    if then == "noted":
        await shop.sold(first)
    await undoing.begin(first, undoer)
    kept = await shop.claim(second)
    assert isinstance(kept, Later), "the sale is being taken back: it is neither there nor gone"
    assert (kept.parked, "takes back" in kept.reason) == (True, True)
    assert answered(await shop.call(second, "check", content=CONTENT))["sold"]["status"] == "under-way"
    await undoing.end(undoer, "completed")
    assert answered(await shop.call(second, "check", content=CONTENT))["sold"] is None
    assert answered(await shop.claim(second, OTHER))["claimed"]
    assert isinstance(await shop.claim(third), Later), "it is the second one's now"
    await shop.sold(second, "S-2")
    assert earlier(await shop.claim(third, OTHER)) == ("sold", "S-2", True)


async def test_an_order_whose_sale_could_not_be_undone_is_a_persons_question(shop: Shop, undoing: Undoing) -> None:
    first, undoer, second = await shop.runs(3)
    await shop.claim(first)
    await shop.sold(first)
    await undoing.begin(first, undoer)
    await undoing.end(undoer, "faulted")
    assert earlier(await shop.claim(second)) == ("unfinished", "S-1", True), "it is not dropped as sold either"


async def test_who_undoes_a_sale_may_sell_the_order_itself(shop: Shop, undoing: Undoing) -> None:
    first, undoer, second = await shop.runs(3)
    await shop.claim(first)
    await shop.sold(first)
    await undoing.begin(first, undoer)
    assert answered(await shop.claim(undoer, OTHER))["claimed"], "who waited for itself would wait for ever"
    await shop.sold(undoer, "S-2")
    assert earlier(await shop.claim(second, OTHER)) == ("sold", "S-2", True)


async def test_a_run_that_claims_again_with_another_content_is_known_by_that(shop: Shop) -> None:
    first, second = await shop.runs(2)
    await shop.claim(first)
    assert answered(await shop.claim(first, OTHER))["claimed"], "its system refused the first content"
    await shop.sold(first)
    assert earlier(await shop.claim(second, OTHER)) == ("sold", "S-1", True)


async def test_what_one_client_sold_is_nothing_to_another(shop: Shop) -> None:
    (first,) = await shop.runs(1)
    await shop.claim(first)
    await shop.sold(first)
    beside = Shop(shop.app, shop.worker, await make_tenant(shop.app, "beside"))
    (theirs,) = await beside.runs(1)
    assert answered(await beside.call(theirs, "check"))["sold"] is None
    assert answered(await beside.claim(theirs))["claimed"]
    await beside.sold(theirs, "S-7")
    assert [row["sale"] for row in await beside.desk.rows("SELECT sale FROM app.order_sale WHERE tenant_id = $1")] == [
        "S-7"
    ]
    assert [row["sale"] for row in await shop.desk.rows("SELECT sale FROM app.order_sale WHERE tenant_id = $1")] == [
        "S-1"
    ]
