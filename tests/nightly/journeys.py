"""Three kinds of work whose every effect is counted outside: orders, journeys and single shots.

- an order is the template `order-release`: three calls, one sale in the ERP.
- a journey sells, waits, runs a nested workflow that is charged at the till under a key, forks, listens for its own
  event, and emits one that begins another run.
- a single shot is one POST that may not be repeated: done once where the run completed, and once or not at all where it
  faulted because nobody knows, not the person either who was asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import Any, Final

import msgspec

from infra import egress
from tests.faults.plant import Plant, order

_HEAD: Final = {"dsl": "1.0.3", "namespace": "tests", "version": "1.0.0"}
_FORM: Final = {"content-type": "application/cloudevents+json"}
_WORDS: Final = order(0)
_SALE: Final = {
    "call": "connector:1.0.0@default",
    "with": {
        "connection": "erp",
        "operation": "erp.sales-orders.create",
        "input": {
            "reference": "${ $workflow.input[0].data.name }",
            **{name: _WORDS[name] for name in ("customer", "currency", "lines")},
        },
    },
}
_ASK: Final = {
    "call": "connector:1.0.0@default",
    "with": {"connection": "erp", "operation": "erp.customers.credit", "input": {"customer": "LOAD-001"}},
}
_OWN: Final = {"type": "ready", "subject": "${ $workflow.input[0].data.name }"}
_HEARD: Final = {"source": "/journey", "type": "heard", "data": {"name": "${ $workflow.input[0].data.name }"}}
_CHARGE: Final = {
    "call": "http",
    "with": {
        "method": "post",
        "endpoint": "${ .url }",
        "headers": {"Idempotency-Key": "${ .name }"},
        "body": {"name": "${ .name }"},
    },
}
_SHOT: Final = {"call": "http", "with": {"method": "post", "endpoint": "${ .[0].data.url }", "body": {"sum": 1}}}
NESTED: Final[dict[str, Any]] = {
    "document": {**_HEAD, "name": "charging"},
    "do": [{"charge": _CHARGE}, {"rest": {"wait": {"milliseconds": 100}}}],
}
JOURNEY: Final[dict[str, Any]] = {
    "document": {**_HEAD, "name": "journey"},
    "schedule": {"on": {"one": {"with": {"type": "journey"}}}},
    "do": [
        {"sell": _SALE},
        {"rest": {"wait": {"milliseconds": 200}}},
        {
            "charge": {
                "run": {
                    "workflow": {
                        "namespace": "tests",
                        "name": "charging",
                        "version": "1.0.0",
                        "input": {
                            "name": "${ $workflow.input[0].data.name }",
                            "url": "${ $workflow.input[0].data.url }",
                        },
                    }
                }
            }
        },
        {"sides": {"fork": {"branches": [{"ask": _ASK}, {"pause": {"wait": {"milliseconds": 50}}}]}}},
        {"hear": {"listen": {"to": {"one": {"with": _OWN}}}}},
        {"tell": {"emit": {"event": {"with": _HEARD}}}},
    ],
}
TOLD: Final[dict[str, Any]] = {
    "document": {**_HEAD, "name": "told"},
    "schedule": {"on": {"one": {"with": {"type": "heard"}}}},
    "do": [{"keep": {"set": {"told": "${ .[0].data.name }"}}}],
}
SHOT: Final[dict[str, Any]] = {
    "document": {**_HEAD, "name": "shot"},
    "schedule": {"on": {"one": {"with": {"type": "shot"}}}},
    "do": [{"shoot": _SHOT}],
}
_SEND_SECONDS: Final = 120.0


class Journeys:
    """Sends work to a plant, and what its journeys listen for."""

    def __init__(self, plant: Plant, till: str) -> None:
        self._plant = plant
        self._till = till
        self._sending: set[asyncio.Task[None]] = set()
        self._ready = 0
        self.orders = 0
        self.journeys = 0
        self.shots = 0

    @property
    def accepted(self) -> int:
        """Runs that there must be in the end: a journey begins another run."""
        return self.orders + 2 * self.journeys + self.shots

    async def deploy(self) -> None:
        connections = await self._asked("GET", "/v1/connections")
        (erp,) = [one["id"] for one in connections["items"] if one["name"] == "erp"]
        for document in (NESTED, JOURNEY, TOLD, SHOT):
            written = msgspec.json.encode(document).decode()
            made = await self._asked("POST", "/v1/workflows", {"document": written})
            if document is not NESTED:
                bindings = {"erp": erp} if document is JOURNEY else {}
                body = {"name": document["document"]["name"], "workflow": made["id"], "bindings": bindings}
                await self._asked("POST", "/v1/deployments", body)

    async def _asked(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self._plant.request(method, path, body)
        assert answer.status in {200, 201}, answer.body
        return msgspec.json.decode(answer.body)

    def send(self, orders: int, journeys: int, shots: int) -> None:
        """Begin sending; `sent` waits for all of it to be accepted."""
        for number in range(self.orders, self.orders + orders):
            self._begin(self._plant.send_until_taken(number))
        for number in range(self.journeys, self.journeys + journeys):
            name = f"J-{number}"
            self._begin(self._post("journey", name, {"name": name, "url": f"{self._till}/keyed/{number}"}))
        for number in range(self.shots, self.shots + shots):
            self._begin(self._post("shot", f"S-{number}", {"url": f"{self._till}/once/{number}"}))
        self.orders, self.journeys, self.shots = self.orders + orders, self.journeys + journeys, self.shots + shots

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def sent(self) -> None:
        await asyncio.gather(*self._sending)

    async def say_ready(self) -> int:
        """Send each journey that listens its event; answers how many listen. One that comes twice is heard once."""
        rows = await self._plant.query(
            "SELECT DISTINCT r.input::jsonb -> 0 -> 'data' ->> 'name' AS name "
            "FROM app.run r JOIN app.subscription s USING (tenant_id, run_id) WHERE r.state = 'waiting'"
        )
        self._ready += 1
        await asyncio.gather(*(self._post("ready", row["name"], {}, str(self._ready)) for row in rows))
        return len(rows)

    async def _post(self, kind: str, name: str, data: dict[str, Any], mark: str = "") -> None:
        """As a careful sender would: again, while the answer is 503 or none."""
        event = {"specversion": "1.0", "id": f"{kind}-{name}-{mark}", "source": "/tests", "type": kind}
        body = {**event, "subject": name, "data": data}
        async with asyncio.timeout(_SEND_SECONDS):
            while True:
                with contextlib.suppress(egress.Failed):
                    answer = await self._plant.request("POST", "/v1/events", body, headers=_FORM)
                    if answer.status == HTTPStatus.ACCEPTED:
                        return
                    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE, answer.body
                await asyncio.sleep(0.1)
