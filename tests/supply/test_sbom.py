"""A bill of materials names everything that ships, or it is none (S-104)."""

from __future__ import annotations

import json

import pytest

from tests.supply.licences import Package
from tests.supply.sbom import licensed, missing

BILL = {
    "bomFormat": "CycloneDX",
    "components": [
        {"type": "library", "name": "h2", "version": "4.3.0"},
        {
            "type": "library", "group": "@mantine", "name": "core", "version": "8.0.0",
            "licenses": [{"license": {"id": "MIT"}}],
        },
    ],
}  # fmt: skip


def test_S_104_a_package_that_a_bill_lacks_is_named() -> None:
    packages = [Package("h2", "4.3.0", "MIT"), Package("@mantine/core", "8.0.0", "MIT")]
    assert missing(json.dumps(BILL), packages) == ["h2 4.3.0"], "without a licence it tells half"
    bill = licensed(json.dumps(BILL), [Package("h2", "4.3.0", "MIT OR ISC"), Package("@mantine/core", "8.0.0", "ISC")])
    assert missing(bill, packages) == []
    assert [one["licenses"] for one in json.loads(bill)["components"]] == [
        [{"expression": "MIT OR ISC"}],
        [{"license": {"id": "MIT"}}],
    ], "what a bill says itself stays"
    assert missing(licensed(json.dumps(BILL), [Package("h2", "4.3.0", "")]), packages) == ["h2 4.3.0"]
    assert missing(bill, [Package("h2", "4.2.0", "MIT"), Package("jq", "1.0", "MIT")]) == [
        "h2 4.2.0",
        "jq 1.0",
    ]


def test_S_104_something_else_is_no_bill() -> None:
    with pytest.raises(ValueError, match="format"):
        missing("{}", [])
    with pytest.raises(ValueError, match="format"):
        licensed("{}", [])
