"""`writes: {}` of a scenario: nothing at all was written, in any of its systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.rehearsals.test_rehearsing import HEAD, rehearse

SALE = """
        input:
          reference: PO-1
          customer: ACME-001
          currency: USD
          lines: [{item: SKU-1, quantity: 1, unit_price: {amount: 1299, currency: USD}}]
"""
LOOK = """
        input: {customer: ACME-001}
"""
NEEDS = "connections: {erp: {title: ERP, operations: [%s]}}"
SCENARIO = """
connections:
  erp: {connector: erp-simulator}
  other: {connector: crm-simulator}
input: {}
expect: {status: completed, writes: {}}
"""


@pytest.mark.parametrize(
    ("operation", "given", "is_written"),
    [("erp.customers.credit", LOOK, False), ("erp.sales-orders.create", SALE, True)],
)
def test_who_only_looks_has_written_nothing_and_one_order_is_told(
    tmp_path: Path, operation: str, given: str, *, is_written: bool
) -> None:
    asks = "\ndo:\n  - ask:\n      call: connector:1.0.0@default\n      with:\n        connection: erp"
    manifest = f"{{name: tried, version: 1.0.0, title: Tried, summary: Tried, {NEEDS % operation}}}"
    workflow = f"{HEAD}{asks}\n        operation: {operation}{given}"
    verdict = rehearse(tmp_path, workflow, SCENARIO, **{"manifest.yaml": manifest})
    assert ("/writes/erp/orders is 1: something was written" in verdict.wrong) is is_written, verdict.wrong
    assert is_written or verdict.wrong == []
    assert not any("/writes/other" in one for one in verdict.wrong)
