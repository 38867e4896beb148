"""F-01, F-02, F-08 for events on their way: workers die around every commit, and each event is heard once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.faults.deaths import died_at
from tests.faults.plant import Plant
from tests.marks import night

pytestmark = [pytest.mark.faults]

RUNS = 30
EVENTS = 5
KILLS = 3
POINTS = (
    night("claim.committed"),
    night("activation.begun"),
    night("checkpoint.before"),
    "checkpoint.committed",
    night("end.before"),
    night("end.committed"),
    "emit.taken",
)
_FORM = {"content-type": "application/cloudevents+json"}
_HEAD = {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0"}
_OWN = {"type": "tick", "subject": "${ $workflow.input[0].data.name }"}
HEARING: dict[str, Any] = {
    "document": {**_HEAD, "name": "hearing"},
    "schedule": {"on": {"one": {"with": {"type": "begin"}}}},
    "do": [
        {"hear": {"listen": {"to": {"any": [{"with": _OWN}], "until": f"${{ length == {EVENTS} }}"}}}},
        {"tell": {"emit": {"event": {"with": {"source": "/hearing", "type": "heard", "data": "${ map(.n) }"}}}}},
    ],
}
TOLD: dict[str, Any] = {
    "document": {**_HEAD, "name": "told"},
    "schedule": {"on": {"one": {"with": {"type": "heard"}}}},
    "do": [{"keep": {"set": {"heard": "${ .[0].data }"}}}],
}


async def created(plant: Plant, path: str, body: dict[str, Any]) -> Any:
    answer = await plant.request("POST", path, body)
    assert answer.status in {200, 201}, answer.body
    return msgspec.json.decode(answer.body)


async def send(plant: Plant, kind: str, name: str, data: dict[str, Any]) -> None:
    event = {"specversion": "1.0", "id": f"{kind}-{name}-{data.get('n', 0)}", "source": "/tests", "type": kind}
    answer = await plant.request("POST", "/v1/events", {**event, "subject": name, "data": data}, headers=_FORM)
    assert answer.status == 202, answer.body


async def deploy(plant: Plant) -> None:
    for document in (HEARING, TOLD):
        made = await created(plant, "/v1/workflows", {"document": msgspec.json.encode(document).decode()})
        await created(plant, "/v1/deployments", {"name": document["document"]["name"], "workflow": made["id"]})


async def ticks(plant: Plant, name: str) -> None:
    for number in range(EVENTS):
        await send(plant, "tick", name, {"n": number})


@pytest.mark.parametrize("point", POINTS)
async def test_F_01_killed_around_a_commit_each_event_is_heard_once_and_told_once(point: str, plant: Plant) -> None:
    await deploy(plant)
    worker = plant.start_worker()
    await asyncio.gather(*(send(plant, "begin", f"r-{n}", {"name": f"r-{n}"}) for n in range(RUNS)))
    async with asyncio.timeout(60):
        await plant.until_state("waiting", RUNS)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 120) == 0
    sending = asyncio.gather(*(ticks(plant, f"r-{n}") for n in range(RUNS)))
    for kill in range(KILLS):
        # Few slots and a death early in each life; the children that run suspects die at the same point.
        nth = 1 + kill if point == "claim.committed" else 1 + 2 * kill
        changes = {"WAYBILL_WORKER_SLOTS": "4"}
        await died_at(plant, plant.start_worker(f"{point}%{nth}", changes=changes), point)
    await sending
    plant.start_worker()
    await plant.all_ended(2 * RUNS, 120)
    rows = await plant.query("SELECT state, depth, output::text AS output FROM app.run")
    heard = [msgspec.json.decode(row["output"])["heard"] for row in rows if row["depth"] == 1]
    assert {row["state"] for row in rows} == {"completed"}
    assert [sorted(one) for one in heard] == [list(range(EVENTS))] * RUNS
    assert await plant.query("SELECT 1 FROM app.subscription") == []
    # A search for what came meanwhile may post to a run that is just ending; that is swept when it is old, unread.
    await plant.query("UPDATE app.inbox SET posted_at = posted_at - interval '1 day'")
    await plant.query("SELECT app.purge_inbox(10, 1000)")
    assert await plant.query("SELECT 1 FROM app.inbox") == []
