from __future__ import annotations

from typing import Any

import msgspec
import pytest

from template_library import schemas
from template_library.status_maps import SCHEMA, StatusMap, UnmappedStatus, faults

# As a sale of an ERP with few statuses has them.
DOCUMENT: dict[str, Any] = {
    "statuses": ["draft", "quotation", "confirmed", "processing", "done", "cancelled", "printed"],
    "states": {
        "draft": "captured",
        "quotation": "validated",
        "confirmed": "released",
        "processing": "allocated",
        "done": "closed",
        "cancelled": "cancelled",
        "printed": None,
    },
}


def read(document: dict[str, Any]) -> StatusMap:
    return msgspec.convert(document, StatusMap)


def test_a_map_that_says_something_of_every_status_has_no_fault() -> None:
    assert schemas.check(SCHEMA, DOCUMENT) == []
    assert faults(read(DOCUMENT)) == []
    assert read(DOCUMENT).state_of("done") == "closed"
    assert read(DOCUMENT).state_of("printed") is None


@pytest.mark.parametrize("status", ["Done", "done ", "", "on hold"])
def test_a_status_that_is_not_mapped_is_never_guessed(status: str) -> None:
    with pytest.raises(UnmappedStatus) as refused:
        read(DOCUMENT).state_of(status)
    assert refused.value.status == status
    assert refused.value.cause == "unmapped-status"


def test_each_fault_is_named() -> None:
    broken = {
        "statuses": ["draft", "draft", "done", "void"],
        "states": {"draft": "captured", "done": "finished", "gone": "closed"},
    }
    assert faults(read(broken), seen=["done", "parked"]) == [
        "`draft` is listed twice",
        "`void` is mapped to nothing",
        "`gone` is mapped and is no status of the system",
        "the system has `parked`, which is not listed",
        "`done` is mapped to `finished`, which is no state of an order",
    ]


def test_the_schema_of_the_document_refuses_a_state_that_is_none() -> None:
    breaches = schemas.check(SCHEMA, {**DOCUMENT, "states": {"draft": "open"}})
    assert [one.pointer for one in breaches] == ["/states/draft"]
