"""How far orders are: one whose status nobody knows is told apart; each who tells orders maps its statuses."""

from __future__ import annotations

from typing import Any, Final

import pytest

from services.connectors.capabilities.progress import completed
from services.connectors.declared import library
from template_library import status_maps

TELL: Final = frozenset(
    {
        "shop.orders.list",
        "shop.orders.get",
        "wms.orders.get",
        "erp.sales-orders.get",
        "erp.sales-orders.watch",
    }
)
"""Capabilities by which a system says how far its own orders are."""
TELLING: Final = [one for one in library.documents() if TELL & one.operations.keys()]


def sale(number: str, state: str | None, *lines: str | None) -> dict[str, Any]:
    """As a mapping gives it; each of `lines` is a line's state."""
    told = [
        {
            "line": str(at),
            "status": "own",
            "state": one,
            "item": {"id": "SKU-1"},
            "quantity": {"value": "1", "unit": "EA"},
        }
        for at, one in enumerate(lines, 1)
    ]
    order: dict[str, Any] = {
        "number": f"PO-{number}",
        "status": "their",
        "state": state,
        "ordered_at": "2026-03-02T08:00:00Z",
    }
    order |= {"customer": {"id": "ACME-001"}, "currency": "USD", "lines": told}
    return {"sale": f"SO-{number}", "version": "1", "at": "2026-03-02T08:00:00Z", "order": order}


def test_an_order_is_a_record_without_the_systems_own_statuses() -> None:
    (one,) = completed({}, {"sales": [sale("1", "released", "allocated", "shipped")], "cursor": "1"})["sales"]
    assert "status" not in repr(one)
    assert [line["state"] for line in one["order"]["lines"]] == ["allocated", "shipped"]


def test_each_that_cannot_be_told_is_told_apart_with_its_status() -> None:
    sales = [
        sale("1", None, "shipped"),
        sale("2", "released", "shipped", None),
        sale("3", "released"),
        sale("4", "held", "held"),
    ]
    found = completed({}, {"sales": sales, "more": True, "cursor": "9"})
    assert [one["sale"] for one in found["sales"]] == ["SO-4"]
    assert [(one["id"], one.get("status")) for one in found["unfit"]] == [
        ("SO-1", "their"),
        ("SO-2", "own"),
        ("SO-3", None),
    ]
    assert (found["more"], found["cursor"]) == (True, "9")


@pytest.mark.parametrize("document", TELLING, ids=lambda one: one.name)
def test_who_tells_orders_maps_each_of_its_statuses(document: Any) -> None:
    assert document.order_states is not None
    assert status_maps.faults(document.order_states) == []
