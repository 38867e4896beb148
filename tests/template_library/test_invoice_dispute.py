"""`invoice-dispute`: what a carrier's proof shows of an invoice of several items, which no simulated ERP has."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from template_library import catalog
from template_library.dsl import reader

PARAMETERS: Final = {"window_days": 180, "window_by_customer": {}}


def line(item: str, quantity: str, net: int) -> dict[str, Any]:
    return {"item": {"id": item}, "quantity": {"value": quantity, "unit": "EA"}, "net": {"amount": net}}


def short(quantity: str, item: str | None = None, kind: str = "short", unit: str = "EA") -> dict[str, Any]:
    named = {} if item is None else {"item": {"id": item}}
    return {"kind": kind, "quantity": {"value": quantity, "unit": unit}, **named}


INVOICE: Final = {
    "issued_on": "2026-01-20",
    "totals": {"total": {"amount": 13_000}, "tax": {"amount": 1_000}},
    "lines": [line("CHEAP", "6", 1_200), line("CHEAP", "4", 800), line("DEAR", "2", 10_000)],
}
"""Ten at 2.00 and two at 50.00, and a twelfth of it for tax."""


async def _tests(total: int, lines: list[dict[str, Any]], proof: dict[str, Any]) -> dict[str, Any]:
    """What the workflow finds of a claim over the invoice."""
    file = catalog.builtin().find("invoice-dispute", "1.0.0").folder / "workflow.yaml"
    steps = reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value["do"]
    (step,) = [one["test"] for one in steps if "test" in one]
    claim = {"customer": "ACME-001", "opened": "2026-02-10T09:00:00Z", "total": {"amount": total}, "lines": lines}
    context = {"claim": claim, "invoice": INVOICE, "p": PARAMETERS, "reason": "shortage", "proof": proof}
    program = step["set"]["tests"].strip().removeprefix("${").removesuffix("}")
    async with ExpressionPool(size=1) as pool:
        (found,) = await Expressions(pool).evaluate([program], None, {"context": context})
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("proof", "covers"),
    [
        ({"discrepancies": [short("1", "DEAR")]}, True),
        ({"discrepancies": [short("1", "CHEAP")]}, False),
        ({"discrepancies": [short("1")]}, False),
        ({"discrepancies": [short("1", "DEAR", kind="damaged")]}, None),
        ({"discrepancies": [short("1", "DEAR", unit="BX")]}, False),
        ({"pieces": 11, "pieces_expected": 12}, None),
    ],
)
def test_a_proof_covers_what_it_shows_short_of_that_very_item(proof: dict[str, Any], covers: object) -> None:
    found = asyncio.run(_tests(5_416, [{"item": "DEAR", "quantity": "1"}], {"outcome": "partial", **proof}))
    assert found["proof_covers"] is covers


def test_what_is_claimed_is_held_against_the_price_of_the_items_that_are_named() -> None:
    """With its tax, and rounded in the customer's favour by less than a cent."""
    proof = {"outcome": "partial", "discrepancies": [short("1", "DEAR")]}

    async def all_of_them() -> list[Any]:
        asked = [(5_417, "DEAR", "1"), (5_418, "DEAR", "1"), (218, "CHEAP", "1"), (1, "NONE", "1")]
        found = [await _tests(total, [{"item": item, "quantity": so}], proof) for total, item, so in asked]
        return [(one["no_more_than_lines"], one["quantity"]) for one in found]

    assert asyncio.run(all_of_them()) == [(True, True), (False, True), (False, True), (False, False)]


def test_an_item_that_is_named_twice_counts_twice() -> None:
    lines = [{"item": "DEAR", "quantity": "2"}, {"item": "DEAR", "quantity": "1"}]
    found = asyncio.run(_tests(5_000, lines, {"outcome": "partial", "discrepancies": [short("2", "DEAR")]}))
    assert (found["quantity"], found["proof_covers"]) == (False, False)
