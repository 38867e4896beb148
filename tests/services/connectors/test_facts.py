"""What a call says that it is for, as a program of a workflow gives it (ADR 0083)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.connectors.choices import facts_of
from tenants.connections.rules import Facts, Record


def test_what_a_program_leaves_empty_was_not_said_and_a_number_is_its_digits() -> None:
    assert facts_of(None) == facts_of({"site": None, "channel": ""}) == Facts()
    record = {"kind": "customer", "system": None, "id": 77}
    assert facts_of({"company": 100, "record": record}) == Facts(company="100", record=Record("customer", "77"))
    nobody = {"kind": "customer", "id": None}
    assert facts_of({"record": nobody}) == facts_of({"record": [nobody, None]}) == facts_of({"record": []}) == Facts()
    assert facts_of({"record": [nobody, record]}).records == (Record("customer", "77"),)


@pytest.mark.parametrize(
    "given",
    [
        {"plant": "reno"},
        {"site": ["reno"]},
        {"site": True},
        {"company": 1.5},
        {"site": "x" * 201},
        {"record": {"kind": "customer"}},
        {"record": {"kind": "customer", "id": "C\x001"}},
        {"record": [{"kind": "customer"}]},
        {"record": [{"kind": "customer", "id": "1"}] * 9},
        {"record": [[{"kind": "customer", "id": "1"}]]},
        {"id": None},
        {"site": "\x00"},
    ],
)
def test_what_has_no_good_form_is_an_error_and_reaches_no_database(given: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        facts_of(given)
