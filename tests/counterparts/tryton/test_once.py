"""F-03 without idempotency keys: never a second confirmed sale, whatever is repeated, lost, late or concurrent."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from services.connectors.builtin.tryton import draft
from services.connectors.builtin.tryton.session import Rpc, Sessions
from services.connectors.sdk.context import Context
from services.engine.functions import Done, Failed, Later
from tests.counterparts.proxy import Fault, Proxy
from tests.counterparts.tryton.conftest import TENANT, Erp
from tests.marks import night

# Where the first of them installs it, that takes minutes.
pytestmark = [pytest.mark.tryton]
CREATE = "erp.sales-orders.create"


async def test_a_repeated_call_answers_with_the_same_sale(erp: Erp, order: Any, key: str) -> None:
    first, second = await erp.create(order, key), await erp.create(order, key)
    assert first == second
    assert await erp.assert_one_sale(order, key, second) == ["processing"]


async def test_equal_orders_under_two_keys_are_two_sales(erp: Erp, order: Any, key: str) -> None:
    first, second = await erp.create(order, key), await erp.create(order, key + "2")
    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert first.output["number"] != second.output["number"]


@pytest.mark.parametrize("callers", [2, night(4)])
async def test_concurrent_callers_of_one_key_confirm_one_sale(erp: Erp, order: Any, key: str, callers: int) -> None:
    answers = await asyncio.gather(*(erp.create(order, key) for _ in range(callers)))
    states = await erp.assert_one_sale(order, key, answers[0])
    assert {answer.output["number"] for answer in answers if isinstance(answer, Done)} == {
        answers[0].output["number"] if isinstance(answers[0], Done) else None
    }
    assert set(states) <= {"processing", "cancelled"}


@pytest.mark.parametrize("fault", ["answer-lost", *map(night, ["lost", "abandoned", "lock-503"])])
@pytest.mark.parametrize("step", ["create", "quote", "confirm", "search_read"])
async def test_F_03_an_answer_lost_at_any_step_leaves_one_sale(
    erp: Erp, proxy: Proxy, order: Any, key: str, step: str, fault: Fault
) -> None:
    proxy.once(f"model.sale.sale.{step}", fault)
    first = await erp.call(CREATE, order, key)
    assert isinstance(first, Later), "the worker dies here: the next call knows nothing of this one"
    answer = await erp.create(order, key)
    await proxy.settle()
    assert proxy.met == 1
    states = await erp.assert_one_sale(order, key, answer)
    # A creation that was under way beside the next attempt may leave a late draft, never a second confirmed sale.
    assert set(states) <= {"processing", "cancelled"} | ({"draft"} if fault == "abandoned" else set())
    assert await erp.assert_one_sale(order, key, await erp.create(order, key))


@pytest.mark.parametrize("step", [night("create"), night("quote"), "confirm"])
async def test_F_03_a_request_that_arrives_after_the_next_attempt_confirms_nothing_more(
    erp: Erp, proxy: Proxy, order: Any, key: str, step: str
) -> None:
    proxy.once(f"model.sale.sale.{step}", "held")
    assert isinstance(await erp.call(CREATE, order, key), Later)
    answer = await erp.create(order, key)
    assert await proxy.release() == 1
    await erp.assert_one_sale(order, key, answer)
    assert await erp.create(order, key) == answer or step == "create"
    assert set(await erp.assert_one_sale(order, key, answer)) <= {"processing", "cancelled"}


async def test_two_drafts_of_dead_workers_end_as_one_sale_with_the_lowest_number(
    erp: Erp, proxy: Proxy, order: Any, key: str
) -> None:
    proxy.once("model.sale.sale.create", "held")
    assert isinstance(await erp.call(CREATE, order, key), Later)
    proxy.once("model.sale.sale.quote", "lost")
    assert isinstance(await erp.call(CREATE, order, key), Later)
    await proxy.release()
    before = await erp.sales(order, key)
    assert [sale["state"] for sale in before] == ["draft", "draft"]
    answer = await erp.create(order, key)
    assert await erp.assert_one_sale(order, key, answer) == ["processing", "cancelled"]
    assert isinstance(answer, Done)
    assert answer.output["duplicates_cancelled"] == 1


async def test_a_sale_that_a_person_cancelled_is_made_anew_by_a_new_call_only(
    erp: Erp, proxy: Proxy, order: Any, key: str
) -> None:
    proxy.once("model.sale.sale.quote", "lost")
    assert isinstance(await erp.call(CREATE, order, key), Later)
    (sale,) = await erp.sales(order, key)
    rpc = Rpc(Context(erp.client, TENANT, erp.connection(erp._port), "k"), Sessions())
    await rpc.model("sale.sale.cancel", [sale["id"]])
    assert await erp.assert_one_sale(order, key, await erp.create(order, key)) == ["cancelled", "processing"]


async def test_F_03_a_worker_that_lost_its_lease_sells_nothing_for_a_run_that_ended_by_a_refusal(
    erp: Erp, order: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, refused = asyncio.Event(), asyncio.Event()
    create = draft.create

    async def first_waits(*arguments: Any) -> int:
        if not paused.is_set():
            paused.set()
            await refused.wait()
        return await create(*arguments)

    monkeypatch.setattr(draft, "create", first_waits)
    zombie = asyncio.create_task(erp.call(CREATE, order, key))
    await paused.wait()
    answer = await erp.call(CREATE, order | {"customer": "TIGHT-001"}, key)
    assert isinstance(answer, Failed)
    assert "credit limit" in answer.error.detail
    refused.set()
    late, later = await zombie, await erp.call(CREATE, order, key)
    assert isinstance(late, Failed)
    assert isinstance(later, Failed)
    assert "an earlier attempt" in later.error.detail
    assert [sale["state"] for sale in await erp.sales(order, key)] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("fault", [night("lost"), "answer-lost", night("held")])
async def test_F_03_a_refusal_whose_mark_is_lost_is_a_refusal_still(
    erp: Erp, proxy: Proxy, order: Any, key: str, fault: Fault
) -> None:
    tight = order | {"customer": "TIGHT-001"}
    proxy.once("model.sale.sale.write", fault)
    assert isinstance(await erp.call(CREATE, tight, key), Later)
    answer = await erp.create(tight, key)
    await proxy.release()
    assert isinstance(answer, Failed)
    assert answer.error.status == 409
    assert [sale["state"] for sale in await erp.sales(order, key)] == ["cancelled"]


@pytest.mark.faults
@pytest.mark.parametrize("seed", [1, night(2)])
async def test_F_03_orders_under_random_faults_and_two_workers_each_are_confirmed_once(
    erp: Erp, proxy: Proxy, order: Any, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 (a test's dice)
    faults: list[Fault] = ["lost", "answer-lost", "abandoned", "held", "lock-503"]
    proxy.decide = lambda _request: dice.choice(faults) if dice.random() < 0.12 else None
    keys = [uuid4().hex for _ in range(4)]
    answers = await asyncio.gather(*(erp.create(order, key) for key in keys for _ in range(2)))
    met = proxy.met
    proxy.decide = lambda _request: None
    await proxy.release()
    await proxy.settle()
    assert met > 10
    for number, key in enumerate(keys):
        await erp.assert_one_sale(order, key, answers[2 * number])
        await erp.assert_one_sale(order, key, answers[2 * number + 1])
        await erp.create(order, key)
        assert set(await erp.assert_one_sale(order, key, answers[2 * number])) <= {"processing", "cancelled"}
