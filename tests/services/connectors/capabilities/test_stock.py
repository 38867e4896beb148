"""What is free of items, and of when that is."""

from __future__ import annotations

from services.connectors.capabilities.contracts import AVAILABILITY, contracts
from services.connectors.capabilities.stock import completed
from template_library import schemas

WANTED = {"items": [{"item": "P-1", "quantity": 2}, {"item": "P-2", "quantity": "1.5"}, {"item": "P-9", "quantity": 1}]}
AT = "2026-03-02T05:00:00+00:00"


def test_a_figure_of_a_batch_says_of_when_it_is() -> None:
    found = completed(WANTED, [{"item": "P-1", "available": "3", "as_of": AT}, {"item": "P-2", "available": "1"}])
    assert [(one["sufficient"], one.get("as_of")) for one in found["items"]] == [
        (True, AT),
        (False, None),
        (False, None),
    ]
    assert schemas.check(contracts()[AVAILABILITY].output, found) == []
