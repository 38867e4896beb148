"""Who is probably the same customer: numbers decide, else name, address and contact, each where both sides have it."""

from __future__ import annotations

from typing import Any

import pytest

from services.connectors.capabilities import likeness

THERE: dict[str, Any] = {"street": "17 Example Street", "city": "Springfield", "postal_code": "62701", "country": "US"}
ACME: dict[str, Any] = {
    "id": "ACME-001",
    "name": "Acme Wholesale",
    "status": "active",
    "tax_numbers": [{"scheme": "EIN", "number": "00-0000001"}],
    "duns": "123456789",
    "address": THERE,
    "contacts": [{"email": "ap@acme.example", "telephone": "+1 555 0100"}],
}


def asked(**members: Any) -> dict[str, Any]:
    return {"id": "A-3", "status": "requested", "name": "Somebody Else", **members}


@pytest.mark.parametrize(
    ("applicant", "score", "alike"),
    [
        (asked(tax_numbers=[{"scheme": "TIN", "number": "000000001"}]), 1.0, ["tax number"]),
        (asked(duns="123456789"), 1.0, ["D-U-N-S number"]),
        (asked(name="ACME Wholesale, Inc."), 1.0, ["name"]),
        (asked(name="The Acme Wholesale Company", address=THERE), 1.0, ["name", "address"]),
        (asked(name="Acme Wholesale", contacts=[{"telephone": "001 555-0100"}]), 1.0, ["name", "contact"]),
        (asked(name="Acme Wholesale", contacts=[{"email": "x@other.example"}]), 0.8, ["name"]),
    ],
)
def test_what_is_the_same_makes_alike(applicant: dict[str, Any], score: float, alike: list[str]) -> None:
    found = likeness.candidate(applicant, ACME)
    assert (found["score"], found["alike"]) == (score, alike)


def test_a_slip_of_the_pen_is_likelier_than_another_name_at_the_same_address() -> None:
    slip = likeness.candidate(asked(name="Acm Wholsale", address=THERE), ACME)["score"]
    neighbour = likeness.candidate(asked(name="Northern Fittings", address=THERE), ACME)["score"]
    assert neighbour < 0.7
    assert 0.85 < slip < 1


def test_who_is_not_alike_is_no_candidate_and_the_likeliest_is_first() -> None:
    other = {**ACME, "id": "B-1", "name": "Acme Retail", "tax_numbers": [], "duns": None}
    nobody = {"id": "B-2", "name": "Zinc Works", "status": "on-hold"}
    values = {"customer": asked(name="Acme Wholesale", address=THERE)}
    found = likeness.completed(values, {"customers": [other, nobody, {**ACME, "parent": {"id": "HQ"}}]})
    assert [one["number"] for one in found["candidates"]] == ["ACME-001", "B-1"]
    assert found["candidates"][0]["parent"] == "HQ"


def test_an_account_that_is_no_record_is_told() -> None:
    with pytest.raises(ValueError, match="maps to no customer"):
        likeness.completed({"customer": asked()}, {"customers": [{"id": "B-3", "status": "asleep"}]})
