"""Story 4, its fallback: while the carrier's API is away its work becomes files, which the carrier takes in later.

The simulated ERP stands for the carrier, since it finds what a key made, which `carrier-simulator` cannot be asked. Its
import of files is played here: each file's order is booked under the file's key, some of them twice.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from tenants.connections.opening import FRESH_SECONDS
from tests.faults.deaths import kill_together
from tests.faults.plant import Plant
from tests.faults.world_check import check_world
from tests.nightly.carrier import nobody_retyped
from tests.nightly.outcome import Outcome
from tests.nightly.parcels import OWNER, asked

PART = "the carrier takes files while its API is down"
PROVES = "F-20"
ORDERS: Final = 100
_CREATE: Final = "erp.sales-orders.create"
_MONEY: Final = {"amount": 1299, "currency": "USD"}
_ANSWER: Final = {
    "number": "BY-FILE",
    "state": "confirmed",
    "reference": "by file",
    "total": _MONEY,
    "duplicates_cancelled": 0,
}


async def one_round(folder: Path, random: Random, outcome: Outcome, *, orders: int = ORDERS) -> None:
    """Raises AssertionError naming what did not come true."""
    async with Plant(folder) as plant:
        carrier = await _with_playbook(plant)
        workers = [plant.start_worker(), plant.start_worker()]
        await plant.faults(latency=0.2)
        await _sent(plant, range(orders // 2))
        outcome.runs = orders
        await plant.until_held(4)
        await plant.faults(unavailable=1.0)
        await _move(plant, carrier, "enter")
        await kill_together(plant, workers[0])
        plant.start_worker()
        # None of these is called at the carrier any more, whatever became of those before: every worker knows by then.
        await asyncio.sleep(2 * FRESH_SECONDS)
        await _sent(plant, range(orders // 2, orders))
        await _all_by_file(plant, carrier, orders)
        await plant.faults()
        files = _files(plant)
        for content in random.sample(files, len(files)):
            await _taken_in(plant, content, times=random.randint(1, 2))
        await _move(plant, carrier, "reconcile")
        await _reconciled(plant, carrier)
        await _move(plant, carrier, "leave")
        await plant.all_ended(orders, 300)
        await nobody_retyped(plant)
        await check_world(plant, accepted=orders)
        outcome.faults = 2
        outcome.note = f"{len(files)} of {orders} orders went by file, each was sold once"


async def _with_playbook(plant: Plant) -> str:
    """The demo's connection, whose sales go by file, and another system to read from meanwhile; its id."""
    spare = {
        "name": "spare",
        "connector": "erp-simulator",
        "settings": {"base_url": await plant.start_erp(), "allow_http": True},
        "secrets": {"token": plant.erp_token},
    }
    made = await asked(plant, "POST", "/v1/connections", spare)
    (erp,) = (await asked(plant, "GET", "/v1/connections?name=erp"))["items"]
    ways = {"operations": {_CREATE: {"way": "file", "answer": _ANSWER}}}
    changes = {"owner": OWNER, "fallback": made["id"], "playbook": ways}
    await asked(plant, "PATCH", f"/v1/connections/{erp['id']}", changes)
    carrier: str = erp["id"]
    return carrier


async def _sent(plant: Plant, numbers: range) -> None:
    sent = await asyncio.gather(*(plant.send(number) for number in numbers))
    assert {answer.status for answer in sent} == {202}


async def _move(plant: Plant, carrier: str, move: str) -> None:
    body = {"reason": "its API is down"} if move == "enter" else {}
    await asked(plant, "POST", f"/v1/connections/{carrier}/playbook/{move}", body)


async def _all_by_file(plant: Plant, carrier: str, orders: int) -> None:
    """Every run has ended, or waits for the carrier since it may have been heard there before."""
    async with asyncio.timeout(120):
        while True:
            waiting = (await asked(plant, "GET", f"/v1/connections/{carrier}/outage?limit=1"))["waiting"]
            states = await plant.states()
            if states.get("completed", 0) + waiting["runs"] >= orders and not await plant.held():
                break
            await asyncio.sleep(0.1)
    assert _files(plant), "nothing went by file"
    assert states.get("completed", 0) >= len(_files(plant)), "a run whose order went by file did not go on"


def _files(plant: Plant) -> list[Any]:
    """What the files hold, in the order of their keys."""
    return [msgspec.json.decode(file.read_bytes()) for file in sorted((plant.home / "drops").glob("ten_*/*/*.json"))]


async def _taken_in(plant: Plant, content: Any, *, times: int) -> None:
    """What the carrier's import does: the file's order, under the file's key."""
    wanted = content["input"]
    lines = [
        {"item": line["item"], "quantity": str(line["quantity"]), "unit_price": line["unit_price"]["amount"]}
        for line in wanted["lines"]
    ]
    order: dict[str, Any] = {name: wanted[name] for name in ("reference", "customer", "currency")}
    for _ in range(times):
        headers = {"idempotency-key": content["key"]}
        answer = await plant.request("POST", f"{plant.erp_url}/orders", {**order, "lines": lines}, headers=headers)
        assert answer.status in {200, 201}, answer.body


async def _reconciled(plant: Plant, carrier: str) -> None:
    """The system knows each file's order by its key, so that nobody has to look."""
    async with asyncio.timeout(120):
        while left := (await asked(plant, "GET", f"/v1/entries?connection={carrier}&open=true&limit=200"))["items"]:
            assert {one["found"] for one in left} <= {None, "same"}, left[0]
            await asyncio.sleep(0.2)
