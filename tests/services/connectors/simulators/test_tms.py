"""The simulated TMS: a carrier declines, another one is late, and a rate holds for a day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra import egress
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Failed
from tests.services.connectors.simulators.beside import Beside, beside
from tests.services.connectors.simulators.test_carrier import shipment

HOUR = 3600


async def planned(running: Beside, number: str, city: str) -> str:
    load: str = (await running.caller.done("tms.shipments.plan", {"shipment": shipment(number, city)["shipment"]}))[
        "load"
    ]
    return load


async def offered(running: Beside, load: str, carrier: str, key: str = "") -> Any:
    return await running.caller.done("tms.tenders.create", {"load": load, "rate": f"{load}-{carrier}"}, key)


async def test_a_load_that_is_declined_goes_to_another_carrier_and_is_late(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("tms", tmp_path, client, evaluator) as running:
        load = await planned(running, "SH-8", "Lateville")
        rates = (await running.caller.done("tms.rates.list", {"load": load}))["rates"]
        assert min(rates, key=lambda one: one["total"]["amount"])["carrier"]["name"] == "Busy Haulage"
        first = await offered(running, load, "BUSY")
        assert first["state"] == "sent"
        refused = await running.caller.call("tms.tenders.create", {"load": load, "rate": f"{load}-SMPL"})
        assert isinstance(refused, Failed)
        assert "tendered already" in refused.error.detail
        await running.control("POST", "pass", {"seconds": HOUR})
        answer = await running.caller.done("tms.tenders.get", {"tender": first["tender"]})
        assert (answer["state"], answer["reason"]) == ("declined", "No truck is free")
        await offered(running, load, "SMPL")
        await running.control("POST", "pass", {"seconds": 80 * HOUR})
        told = (await running.caller.done("tms.milestones.watch", {"cursor": "4"}))["milestones"]
        kinds = [one["milestone"]["kind"] for one in told if one["load"] == load]
        assert kinds == [
            *("tendered", "refused", "tendered", "accepted", "picked-up", "in-transit", "delayed", "delivered")
        ]


async def test_a_tender_is_known_by_its_key_and_a_request_for_a_day(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    given = {"shipment": shipment("SH-9", "Springfield")["shipment"]}
    async with beside("tms", tmp_path, client, evaluator) as running:
        loads = [(await running.caller.done("tms.shipments.plan", given, "key-1"))["load"] for _ in range(2)]
        assert loads == ["L-2", "L-2"]
        tenders = [await offered(running, "L-2", "SMPL", "key-2") for _ in range(2)]
        assert tenders[0] == tenders[1]
        await running.control("POST", "pass", {"seconds": 24 * HOUR})
        assert (await running.caller.done("tms.shipments.plan", given, "key-1"))["load"] == "L-3"
        late = await running.caller.call("tms.tenders.create", {"load": "L-2", "rate": "L-2-EXPX"})
        assert isinstance(late, Failed)
