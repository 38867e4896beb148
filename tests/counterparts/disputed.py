"""A customer's objection to an invoice of a real system, and who decides about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from template_library.scenarios import Paper, Reply, Scenario
from tests.counterparts.rehearsed import simulated

PRICE: Final = 1299
"""Of the bearing that is sold, in cents."""


def dispute(
    claim: str, invoice: str, customer: str, people: Mapping[str, tuple[Reply, ...]], *systems: str, **more: Any
) -> Scenario:
    """Two of the pieces that the invoice charges are missing. `systems`: what is simulated."""
    data = {
        "number": claim,
        "direction": "from-customer",
        "invoice": invoice,
        "customer": customer,
        "kind": "shortage",
        "reason": "Two are missing.",
        "total": {"amount": 2 * PRICE, "currency": "USD"},
        "contact": {"email": "ap@acme.example"},
        "lines": [{"item": "SKU-1", "quantity": "2", "charged": PRICE}],
    }
    return Scenario(
        name="on real systems",
        expect=None,  # type: ignore[arg-type]  # what comes of it is asserted where it is asked for
        data=data,
        people=dict(people),
        connections=simulated(*systems),
        papers=(Paper(kind="bill-of-lading"), Paper(kind="proof-of-delivery")),
        at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        **more,
    )


def decided(outcome: str) -> Reply:
    """By somebody who says that the warehouse is liable."""
    gives = outcome == "credit"
    values: dict[str, Any] = {"liable": "warehouse", "reason": "Counted again."}
    more = {"net": {"amount": 2 * PRICE, "currency": "USD"}} if gives else {"deducted": True}
    return Reply(outcome=outcome, values=values | more)
