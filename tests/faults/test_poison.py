"""F-18: a run that kills its worker dies alone."""

from __future__ import annotations

import asyncio

import pytest

from infra.database import Database
from infra.ids import TenantId
from tests.faults.plant import Plant
from tests.world import deploy

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

POISON = """
document: {dsl: '1.0.3', namespace: tests, name: poison, version: 1.0.0}
do:
  - poison:
      call: http
      with: {method: get, endpoint: http://127.0.0.1:9/}
"""


async def test_F_18_a_poison_run_is_quarantined_and_its_neighbours_finish(plant: Plant) -> None:
    (row,) = await plant.query("SELECT DISTINCT tenant_id FROM app.deployment")
    database = await Database(plant.stack.endpoints.database_url).open()
    await deploy(database, TenantId(row["tenant_id"]), POISON, event_type="poison")
    await database.close()

    async def supervise() -> None:
        """Start the worker again whenever it dies, as `waybill up` does. Every process has the same poison in it."""
        while True:
            worker = plant.start_worker("call.before~/do/0/poison")
            await asyncio.to_thread(worker.wait)
            deaths.append(worker.returncode)

    deaths: list[int] = []
    poison = {"specversion": "1.0", "id": "poison", "source": "/tests", "type": "poison", "data": {}}
    answer = await plant.request("POST", "/v1/events", poison, headers={"content-type": "application/cloudevents+json"})
    assert answer.status == 202
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(40)))
    supervising = asyncio.create_task(supervise())
    await plant.all_ended(40, 90)
    while (await plant.states()).get("suspended", 0) < 1:
        await asyncio.sleep(0.1)
    supervising.cancel()
    assert await plant.states() == {"completed": 40, "suspended": 1}
    # A worker dies once, with the batch; from then on only the children that ran the suspect alone.
    assert len(deaths) == 1
    (run,) = await plant.query("SELECT waiting_for, solo_claims FROM app.run WHERE state = 'suspended'")
    assert '"quarantine"' in run["waiting_for"]
    assert run["solo_claims"] == 3
    assert (await plant.erp_state())["confirmed"] == 40
