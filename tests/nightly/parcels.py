"""Parcels that a carrier makes labels for: what story 4 stands on (`carrier`)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tests.faults.plant import Plant

OWNER: Final = "role:shipping"
CENTS: Final = 1299
"""What each parcel is worth."""
_EVENT: Final = "parcel.packed"
_FORM: Final = {"content-type": "application/cloudevents+json"}
# It reads before it writes, so that something can be read elsewhere while the carrier is away.
_LABELS: Final = f"""
document:
  dsl: 1.0.3
  namespace: tests
  name: labels
  version: 1.0.0
  metadata:
    keys:
      value: {{ amount: "${{ .[0].data.cents }}", currency: USD }}
      deadline: ${{ .[0].data.promised_at }}
schedule: {{ on: {{ one: {{ with: {{ type: {_EVENT} }} }} }} }}
do:
  - look:
      call: connector:1.0.0@default
      with:
        connection: carrier
        operation: carrier.shipments.track
        input: {{ tracking: "${{ .[0].data.number }}" }}
  - label:
      call: connector:1.0.0@default
      with:
        connection: carrier
        operation: carrier.labels.create
        input:
          service: GROUND
          shipment:
            number: ${{ $workflow.input[0].data.number }}
            status: packed
            delivery_address: {{ street: 17 Example Street, city: Springfield, country: US }}
            lines: [{{ line: "1", item: {{ id: SKU-1 }}, quantity: {{ value: "1", unit: EA }} }}]
"""


class Carrier:
    """A simulated carrier with the demo client's connection to it, and another one to read from meanwhile."""

    def __init__(self, plant: Plant, url: str, spare: str, connection: str) -> None:
        self._plant = plant
        self.url, self.spare, self.connection = url, spare, connection

    @classmethod
    async def moved_in(cls, plant: Plant) -> Carrier:
        """Connected, owned, with a fallback, and the labels' workflow deployed on it."""
        url, spare = await plant.start_system("carrier"), await plant.start_system("carrier")
        other = await _connected(plant, "spare", spare)
        connection = await _connected(plant, "carrier", url, owner=OWNER, fallback=other)
        workflow = await asked(plant, "POST", "/v1/workflows", {"document": _LABELS})
        bound = {"name": "labels", "workflow": workflow["id"], "bindings": {"carrier": connection}}
        await asked(plant, "POST", "/v1/deployments", bound)
        return cls(plant, url, spare, connection)

    async def pack(self, number: int, promised_at: str) -> int:
        """Send the event of one parcel; the answer's status."""
        data = {"number": f"SH-{number:05d}", "cents": CENTS, "promised_at": promised_at}
        event = {"specversion": "1.0", "id": f"parcel-{number}", "source": "/tests/warehouse", "type": _EVENT}
        sent = await self._plant.request("POST", "/v1/events", {**event, "data": data}, headers=_FORM)
        return sent.status

    async def fails(self, **modes: Any) -> None:
        """Have the carrier's failure modes; none heals it."""
        await self._plant.faults_of(self.url, **modes)

    async def requests(self) -> int:
        found: int = (await self._plant.erp_state(self.url))["requests"]
        return found

    async def check_labels(self, parcels: int) -> None:
        """I3: one parcel and one tracking number for each, of the carrier's own; none at the other one."""
        rows = await self._plant.query("SELECT output::text AS output FROM app.run")
        made = [msgspec.json.decode(row["output"]) for row in rows]
        numbers = [one["tracking"] for answer in made for one in answer["labels"]]
        assert len(numbers) == len({*numbers}) == parcels, f"I3: {len(numbers)} tracking numbers for {parcels} parcels"
        assert len({one["shipment"] for one in made}) == parcels, "I3: a run has the label of another"
        # One of each stands in the books from the start.
        counts = [(await self._plant.erp_state(one))["parcel"] - 1 for one in (self.url, self.spare)]
        assert counts == [parcels, 0], f"I3: {counts} parcels at the carrier and elsewhere, for {parcels}"


async def asked(plant: Plant, method: str, path: str, body: Any = None) -> Any:
    """The API's answer; anything but a good one is an AssertionError with its words."""
    answer = await plant.request(method, path, body)
    assert answer.status in {200, 201}, answer.body
    return msgspec.json.decode(answer.body)


async def _connected(plant: Plant, name: str, url: str, **others: Any) -> str:
    given = {
        "name": name,
        "connector": "carrier-simulator",
        "settings": {"base_url": url, "allow_http": True},
        "secrets": {"client_secret": plant.erp_token},
    }
    made = await asked(plant, "POST", "/v1/connections", given)
    if others:
        await asked(plant, "PATCH", f"/v1/connections/{made['id']}", others)
    shown: str = made["id"]
    return shown
