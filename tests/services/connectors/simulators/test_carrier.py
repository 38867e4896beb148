"""The simulated carrier: what happens to parcels as hours pass, and that it is told by webhooks, more than once."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

from infra import clock, egress
from services.connectors.declared import library
from services.connectors.declared.trigger_parts import WebhookPart
from services.connectors.simulators.http import Answered, Asked
from services.connectors.trying.playing import listening
from services.engine.expressions.evaluator import Expressions
from services.inbound.mapping import Delivery, event_of, sent_id
from services.inbound.verification import is_verified
from tests.patience import PATIENCE
from tests.services.connectors.simulators.beside import Beside, beside

SECRET = "canary-webhook-secret"  # noqa: S105 (a simulator on loopback)


def shipment(number: str, city: str) -> dict[str, Any]:
    line = {"line": "1", "item": {"id": "SKU-1"}, "quantity": {"value": "10", "unit": "EA"}}
    address = {"street": "17 Example Street", "city": city, "country": "US"}
    whole = {"number": number, "status": "packed", "delivery_address": address, "lines": [line]}
    return {"service": "GROUND", "shipment": whole}


async def label(running: Beside, number: str, city: str) -> str:
    made = await running.caller.done("carrier.labels.create", shipment(number, city))
    tracking: str = made["labels"][0]["tracking"]
    return tracking


async def test_each_city_has_its_ending(tmp_path: Path, client: egress.Client, evaluator: Expressions) -> None:
    async with beside("carrier", tmp_path, client, evaluator) as running:
        cities = ("Springfield", "Lateville", "Refusal Springs", "Shortfall")
        numbers = [await label(running, f"SH-{city}", city) for city in cities]
        assert not (await running.caller.done("carrier.proofs.get", {"tracking": numbers[0]}))["found"]
        await running.control("POST", "pass", {"seconds": 20 * 3600})
        late = await running.caller.done("carrier.shipments.track", {"tracking": numbers[1]})
        assert late["expected_at"] == "2026-03-04T14:00:00Z"
        await running.control("POST", "pass", {"seconds": 40 * 3600})
        proofs = [(await running.caller.done("carrier.proofs.get", {"tracking": one}))["proof"] for one in numbers]
        assert [one["outcome"] for one in proofs] == ["accepted", "accepted", "refused", "partial"]
        assert [one["pieces"] for one in proofs] == [1, 1, 0, 0]
        told = [await running.caller.done("carrier.shipments.track", {"tracking": one}) for one in numbers]
        kinds = [{milestone["kind"] for milestone in one["milestones"]} for one in told]
        assert ["delayed" in one for one in kinds] == [False, True, False, False]
        assert "refused" in kinds[2]


async def test_webhooks_are_signed_and_come_twice_or_again(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    came: list[Asked] = []

    async def take(asked: Asked) -> Answered:
        came.append(asked)
        return Answered(503 if len(came) <= 2 else 200)

    async with listening(take) as url, beside("carrier", tmp_path, client, evaluator) as running:
        await label(running, "SH-9", "Lateville")
        token = running.caller.noting.noted[0]["answer"]["body"]["access_token"]
        hook = egress.Request(
            method="PUT",
            url=f"{running.url}/v1/webhook",
            headers={"Authorization": f"Bearer {token}"},
            body=json.dumps({"url": url, "secret": SECRET}).encode(),
        )
        assert (await client.send(UUID(int=9), hook)).status == 200
        await running.faults(webhook_twice=True)
        await running.control("POST", "pass", {"seconds": 60 * 3600})
        async with asyncio.timeout(PATIENCE):
            while len({json.loads(one.body)["id"] for one in came}) < 5 or len(came) < 12:
                await asyncio.sleep(0.02)
    part = next(one for one in library.documents() if one.name == "carrier-simulator").triggers["milestones"]
    assert isinstance(part, WebhookPart)
    events = []
    for asked in came:
        headers = [(name.encode(), value.encode()) for name, value in asked.headers.items()]
        assert is_verified(part.verification, [SECRET.encode()], headers, asked.body, clock.now().timestamp())
        delivery = Delivery(headers, asked.body)
        event = event_of(part.event, "/carrier", sent_id(part.event, part.verification, delivery), delivery)
        if event is not None:
            events.append((event.type, event.id, event.subject))
    assert sorted(set(events)) == [
        ("shipment.delayed", "P-2-DELAY", "SH-9"),
        ("shipment.delivered", "P-2-DELIVERED", "SH-9"),
        ("shipment.dispatched", "P-2-PICKUP", "SH-9"),
    ]
    assert len(events) > 5, "each came twice"


async def test_a_token_that_ended_is_fetched_anew(
    tmp_path: Path, client: egress.Client, evaluator: Expressions
) -> None:
    async with beside("carrier", tmp_path, client, evaluator) as running:
        await label(running, "SH-1", "Springfield")
        await running.control("POST", "pass", {"seconds": 1000})
        noted = running.caller.noting.noted
        noted.clear()
        await label(running, "SH-2", "Springfield")
        assert [one["answer"]["status"] for one in noted] == [401, 200, 201]
