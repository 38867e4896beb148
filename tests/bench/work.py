"""The two pieces of work that are measured: workflow documents, and the events that start them."""

from __future__ import annotations

from typing import Any, Final

import msgspec

_HEAD: Final = """\
document: {{ dsl: 1.0.3, namespace: bench, name: {name}, version: 1.0.0 }}
schedule:
  on:
    one:
      with: {{ type: {event} }}
"""

_ORDER: Final = """\
do:
  - credit:
      call: http
      with:
        method: post
        endpoint: {stub}/credit
        headers: {{ Idempotency-Key: "${{ $workflow.id }}" }}
        body: ${{ $workflow.input[0].data }}
  - inventory:
      call: http
      with:
        method: post
        endpoint: {stub}/inventory
        headers: {{ Idempotency-Key: "${{ $workflow.id }}" }}
        body: ${{ $workflow.input[0].data }}
  - decide:
      switch:
        - large:
            when: ${{ $workflow.input[0].data.total > 1000000 }}
            then: approve
        - small:
            then: create
  - approve:
      set:
        decision: approve automatically
  - create:
      call: http
      with:
        method: post
        endpoint: {stub}/erp
        headers: {{ Idempotency-Key: "${{ $workflow.id }}" }}
        body:
          order: ${{ $workflow.input[0].data }}
          decision: ${{ .decision // "pass" }}
  - result:
      set:
        order: ${{ $workflow.input[0].data.id }}
        erp_id: ${{ .erp_id }}
        status: released
"""

_PURE: Final = """\
do:
  - first:
      set: {{ step: 1, order: "${{ .[0].data.id }}" }}
  - second:
      set: {{ step: 2, order: "${{ .order }}" }}
  - third:
      set: {{ step: 3, order: "${{ .order }}" }}
  - fourth:
      set: {{ step: 4, order: "${{ .order }}" }}
  - fifth:
      set: {{ step: 5, order: "${{ .order }}" }}
"""


class Work(msgspec.Struct, frozen=True):
    """One kind of run.

    Attributes:
        name: of its workflow; its events are of type `bench.NAME`.
        body: the workflow's tasks, `{stub}` for the server that they call.
    """

    name: str
    body: str

    @property
    def event(self) -> str:
        return f"bench.{self.name}"

    def document(self, stub: str) -> str:
        """The workflow, calling the server at `stub`."""
        return (_HEAD + self.body).format(name=self.name, event=self.event, stub=stub)

    def envelope(self, identity: str, number: int) -> bytes:
        """A CloudEvent in JSON with order `number`; its id is `identity`."""
        return msgspec.json.encode(
            {
                "specversion": "1.0",
                "id": identity,
                "source": "/bench",
                "type": self.event,
                "subject": identity,
                "data": order(identity, number),
            }
        )


ORDER: Final = Work("order", _ORDER)
PURE: Final = Work("pure", _PURE)
WORKS: Final = {work.name: work for work in (ORDER, PURE)}


def order(identity: str, number: int) -> dict[str, Any]:
    """About 1 KiB of JSON; amounts in minor units. The total of every second one is above the condition's."""
    lines = [
        {
            "line": place,
            "sku": f"SKU-{number % 1000:04}-{place}",
            "name": f"Hex bolt, zinc plated, size {place}",
            "quantity": 10 * place,
            "unit_price": 1850 + 100 * place,
            "tax_code": "VAT-STD",
            "note": "deliver to gate 4",
        }
        for place in range(1, 6)
    ]
    total = sum(line["quantity"] * line["unit_price"] for line in lines) + (800_000 if number % 2 else 0)  # type: ignore[operator]
    return {
        "id": identity,
        "customer": {
            "id": f"C-{number % 97:05}",
            "name": "Example Manufacturing Ltd",
            "email": "orders@example.test",
            "country": "DE",
        },
        "currency": "EUR",
        "total": total,
        "lines": lines,
    }
