"""By which key runs of the packages are lined up: what their start tells of it, in the transaction that starts them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.engine import keys
from template_library import catalog
from template_library.dsl import parse

ORDER = {"number": "PO-1", "customer": "ACME-001"}


@pytest.mark.parametrize(
    ("name", "version", "data", "key"),
    [
        ("order-release", "1.2.0", ORDER, ("orderNumber", "PO-1")),
        ("backorder-resolution", "1.0.0", ORDER, ("orderNumber", "PO-1")),
        ("customer-onboarding", "1.0.0", {"customer": "A-4"}, ("onboarding", "A-4")),
        ("customer-onboarding", "1.0.0", {"customer": "A-4", "tax_number": "US-1"}, ("onboarding", "US-1")),
        ("customer-onboarding", "1.0.0", {"customer": "A-5", "tax_number": "US-1"}, ("onboarding", "US-1")),
    ],
)
def test_runs_of_one_thing_are_lined_up(name: str, version: str, data: dict[str, Any], key: tuple[str, str]) -> None:
    package = next(
        one for one in catalog.builtin().packages() if (one.manifest.name, one.manifest.version) == (name, version)
    )
    declared = parse(package.document).keys
    assert declared is not None
    filed = keys.at_start(declared, msgspec.json.encode([{"data": data}]).decode())
    assert filed.serialize is not None
    assert (filed.serialize, filed.texts[filed.serialize]) == key
