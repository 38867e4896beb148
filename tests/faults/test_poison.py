"""F-18: a run that kills its worker dies alone."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from infra.database import Database
from infra.ids import TenantId
from tests.faults.deaths import crashes, died_at
from tests.faults.plant import PATIENT, Plant
from tests.faults.world_check import check_world
from tests.world import deploy

pytestmark = [pytest.mark.faults]

BLAMED = PATIENT | {"WAYBILL_SOLO_DEATHS": "3"}
POISON = """
document: {dsl: '1.0.3', namespace: tests, name: poison, version: 1.0.0}
do:
  - poison:
      call: http
      with: {method: get, endpoint: http://127.0.0.1:9/}
"""


async def poison(plant: Plant) -> None:
    """One event whose run has a task that the crash point `~/do/0/poison` is aimed at."""
    (row,) = await plant.query(
        "SELECT t.tenant_id FROM app.tenant t JOIN app.client c USING (partner_id, client_id) "
        "JOIN app.deployment d USING (tenant_id) WHERE c.slug = 'acme-wholesale'"
    )
    database = await Database(plant.stack.endpoints.database_url).open()
    await deploy(database, TenantId(row["tenant_id"]), POISON, event_type="poison")
    await database.close()
    event = {"specversion": "1.0", "id": "poison", "source": "/tests", "type": "poison", "data": {}}
    answer = await plant.request("POST", "/v1/events", event, headers={"content-type": "application/cloudevents+json"})
    assert answer.status == 202


async def check_quarantined(plant: Plant) -> None:
    """The poison run alone is set aside, with its cause; its 40 neighbours are done."""
    await plant.until_state("suspended", 1)
    (run,) = await plant.query("SELECT waiting_for, solo_claims FROM app.run WHERE state = 'suspended'")
    assert '"quarantine"' in run["waiting_for"]
    assert run["solo_claims"] == 3
    assert (await plant.erp_state())["confirmed"] == 40


async def test_F_18_a_poison_run_is_quarantined_and_its_neighbours_finish(plant: Plant) -> None:
    workers: list[subprocess.Popen[bytes]] = []

    async def supervise() -> None:
        """Start the worker again whenever it dies, as `waybill up` does. Every process has the same poison in it."""
        while True:
            workers.append(plant.start_worker("call.before~/do/0/poison", changes=BLAMED))
            await asyncio.to_thread(workers[-1].wait)

    await poison(plant)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(40)))
    supervising = asyncio.create_task(supervise())
    await plant.all_ended(40, otherwise=1)
    await check_quarantined(plant)
    # A worker dies once, with the batch; from then on only the children that ran the suspect alone.
    first, second = workers
    await died_at(plant, first, "call.before")
    assert second.poll() is None
    assert (crashes(plant, first) + crashes(plant, second)) == {"call.before": 4}
    supervising.cancel()
    await check_world(plant, accepted=41, states={"completed": 40, "suspended": 1})


async def test_F_18_a_run_whose_code_raises_is_quarantined_and_takes_no_worker_along(plant: Plant) -> None:
    worker = plant.start_worker("!call.before~/do/0/poison", changes=BLAMED)
    await poison(plant)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(40)))
    await plant.all_ended(40, otherwise=1)
    await check_quarantined(plant)
    assert worker.poll() is None
    # Once among the others, then three times alone.
    assert crashes(plant, worker) == {"call.before": 4}
    await check_world(plant, accepted=41, states={"completed": 40, "suspended": 1})
