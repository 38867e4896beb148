"""F-03, F-13, F-20: an ERP that fails in every way, and senders that repeat themselves."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tenants.audit.heads import FOLDER
from tests.faults.plant import PATIENT, PATIENT_SECONDS, Plant
from tests.faults.world_check import check_world

UNSEALED = (
    "SELECT 1 FROM app.audit a WHERE a.at < $1 AND NOT EXISTS (SELECT 1 FROM app.audit_leaves l "
    "WHERE l.log_id = a.tenant_id AND a.audit_id = ANY (l.ids)) LIMIT 1"
)

pytestmark = [pytest.mark.faults]


async def test_F_03_the_line_is_cut_after_the_order_was_taken(plant: Plant) -> None:
    plant.start_worker()
    await plant.faults(cut_after_accept=0.3, cut_body=0.2, seed=1)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(60)))
    await plant.all_ended(60)
    erp = await check_world(plant, accepted=60)
    assert erp["duplicates_refused"] > 0


async def test_F_20_the_erp_answers_503_half_of_the_time(plant: Plant) -> None:
    plant.start_worker()
    await plant.faults(unavailable=0.5, seed=2)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(20)))
    await plant.all_ended(20)
    await check_world(plant, accepted=20)


async def test_F_20_the_erp_is_slow(plant: Plant) -> None:
    """Slower than a lease: the worker renews it and nobody takes the run over."""
    plant.start_worker(changes=PATIENT)
    plant.start_worker(changes=PATIENT)
    await plant.faults(latency=1.5 * PATIENT_SECONDS)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(10)))
    await plant.all_ended(10)
    erp = await check_world(plant, accepted=10)
    assert erp["duplicates_refused"] == 0


@pytest.mark.night
async def test_F_20_A17_the_erp_is_down_for_a_minute_runs_wait_with_a_reason_and_the_audit_is_sealed(
    plant: Plant,
) -> None:
    """Waiting runs hold no worker and say what they wait for; they end by themselves when the ERP is back.

    A minute is what a row of the audit may wait for its seal.
    """
    (clock,) = await plant.query("SELECT clock_timestamp() AS now")
    assert await plant.query(UNSEALED, clock["now"])
    plant.start_worker()
    await plant.faults(refuse_seconds=60)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(20)))
    await plant.until_state("waiting", 20)
    answer = await plant.request("GET", "/v1/runs?state=waiting")
    first = msgspec.json.decode(answer.body)["items"][0]
    assert first["waiting_for"]["kind"] == "connection"
    assert first["waiting_for"]["ref"].startswith("con_")
    await plant.all_ended(20)
    assert not await plant.query(UNSEALED, clock["now"])
    assert list((plant.home / FOLDER).rglob("*.jsonl")), "heads are out of the database's reach"
    await check_world(plant, accepted=20)


async def test_F_20_F_21_an_outage_parks_the_runs_and_they_are_drained_when_it_is_over(plant: Plant) -> None:
    """The connection says why, the ERP is left alone, nobody is forgotten, and the audit tells both ends."""
    plant.start_worker()
    await plant.faults(unavailable=1.0)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(60)))
    while not await plant.query("SELECT 1 FROM app.outage WHERE ended_at IS NULL"):
        await asyncio.sleep(0.05)
    await plant.until_state("waiting", 60)
    plant.start_worker()
    await plant.faults()
    await plant.all_ended(60)
    await check_world(plant, accepted=60)
    rows = await plant.query("SELECT action FROM app.audit WHERE action LIKE 'connection.%' ORDER BY audit_id")
    told = [row["action"] for row in rows if row["action"] in {"connection.away", "connection.back"}]
    assert told[::2] == ["connection.away"] * (len(told) // 2)
    assert told[1::2] == ["connection.back"] * (len(told) // 2)


async def test_F_13_the_same_event_a_hundred_times_at_once_is_one_run_and_one_sale(plant: Plant) -> None:
    plant.start_worker()
    answers = await asyncio.gather(*(plant.send("same") for _ in range(100)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body for answer in answers}) == 1
    await plant.all_ended(1)
    await check_world(plant, accepted=1)


async def test_S_44_the_same_id_with_another_body_is_409(plant: Plant) -> None:
    plant.start_worker()
    assert (await plant.send("same")).status == 202
    answer = await plant.send("same", customer="ACME-001")
    assert answer.status == 409
    assert msgspec.json.decode(answer.body)["type"] == "/problems/event-id-reused"
    await plant.all_ended(1)
    await check_world(plant, accepted=1)


async def test_two_workers_share_the_work_and_do_nothing_twice(plant: Plant) -> None:
    plant.start_worker(changes=PATIENT)
    plant.start_worker(changes=PATIENT)
    await asyncio.gather(*(plant.send_until_taken(n) for n in range(200)))
    await plant.all_ended(200)
    erp = await check_world(plant, accepted=200)
    assert erp["duplicates_refused"] == 0
