"""What a document declares that its runs are found by (ADR 0028)."""

from __future__ import annotations

import pytest

from template_library.dsl import DocumentError, parse
from template_library.dsl.model import RunKeys

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: keyed, version: 1.0.0, metadata: {keys: %s}}\n"
DO = "do:\n  - t: {set: {a: 1}}\n"


def test_programs_are_read_and_any_other_text_is_itself() -> None:
    written = (
        "{search: {orderNumber: '${ .[0].data.number }', site: north}, deadline: '${ .[0].data.ship }',"
        " value: {amount: '${ .[0].data.amount }', currency: USD}, customerClass: '${ .c }', serialize: orderNumber}"
    )
    workflow = parse(HEAD % written + DO)
    assert workflow.keys == RunKeys(
        search={"orderNumber": ".[0].data.number", "site": '"north"'},
        amount=".[0].data.amount",
        currency='"USD"',
        deadline=".[0].data.ship",
        customer_class=".c",
        serialize="orderNumber",
    )
    assert {one.program for one in workflow.expressions} >= {".[0].data.number", ".c"}
    assert parse(HEAD.replace(", metadata: {keys: %s}", "") + DO).keys is None


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("[a]", "must be an object"),
        ("{serach: {}}", "did you mean `search`"),
        ("{search: {OrderNumber: a}}", "begins with a lower-case letter"),
        ("{search: {a: 7}}", "must be an expression or a text, not a number"),
        ("{search: {a: '${ $context.a }'}}", "`$context` is not available in this place"),
        ("{search: {k0: a, k1: a, k2: a, k3: a, k4: a, k5: a, k6: a, k7: a, k8: a}}", "at most 8 keys"),
        ("{value: {amount: '${ .a }'}}", "`currency` is missing"),
        ("{search: {orderNumber: a}, serialize: ordernumber}", "did you mean `orderNumber`"),
    ],
)
def test_what_is_no_key_is_refused_with_its_place(written: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(HEAD % written + DO)
    assert words in str(caught.value)
    assert all(one.pointer.startswith("/document/metadata/keys") for one in caught.value.violations)
