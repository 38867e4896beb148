"""A call of holds is checked as its document is published."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from template_library import holds
from template_library.dsl import parse
from template_library.policies import tasks
from template_library.policies.capabilities import NOTHING
from tenants.deployments import publishing
from tenants.deployments.errors import InvalidDocument

GOOD: dict[str, Any] = {"do": "raise", "order": "${ .order }", "type": "credit", "reason": "limit-exceeded"}


def document(arguments: Any, function: str = holds.NAME) -> str:
    call = {"call": function, "with": arguments}
    head = {"dsl": "1.0.3", "namespace": "tests", "name": "held", "version": "1.0.0"}
    return msgspec.json.encode({"document": head, "do": [{"hold": call}]}).decode()


@pytest.mark.parametrize(
    "arguments",
    [
        GOOD,
        {**GOOD, "value": {"amount": "${ .total }", "currency": "USD"}, "due": "${ .due }", "line": "10"},
        {"do": "raise", "customer": "C-1", "type": "${ .type }", "reason": "stopped"},
        {"do": "clear", "order": "SO-1", "type": "credit", "why": "paid"},
        {"do": "check", "order": "SO-1"},
        {"do": "wait", "order": "${ .order }", "customer": "${ .customer }"},
        {"do": "claim", "order": "SO-1", "customer": "C-1", "content": {"lines": "${ .lines }"}, "within_days": 30},
        {"do": "sold", "order": "SO-1", "customer": "C-1", "sale": "${ .number }"},
    ],
)
def test_what_is_written_out_may_be_published_and_writes_nothing_outside(arguments: Any) -> None:
    candidate = publishing.read(document(arguments))
    (task,) = candidate.workflow.tasks.values()
    assert tasks.of_task(task, lambda *_: None) == NOTHING


@pytest.mark.parametrize(
    ("arguments", "pointer", "words"),
    [
        ({**GOOD, "do": "${ .what }"}, "/do/0/hold/with/do", "written out"),
        ({**GOOD, "do": "release"}, "/do/0/hold/with/do", "written out"),
        ({**GOOD, "owner": "x"}, "/do/0/hold/with/owner", "not known"),
        ({"do": "raise", "order": "SO-1", "type": "credit"}, "/do/0/hold/with", "`reason`"),
        ({"do": "raise", "type": "credit", "reason": "x"}, "/do/0/hold/with", "`customer`"),
        ({"do": "wait"}, "/do/0/hold/with", "`order`"),
        ({"do": "claim", "order": "SO-1", "customer": "C-1"}, "/do/0/hold/with", "`content`"),
        (
            {"do": "claim", "order": "SO-1", "customer": "C-1", "content": 1, "within_days": "ten"},
            "/do/0/hold/with/within_days",
            "int",
        ),
        (
            {"do": "claim", "order": "SO-1", "customer": "C-1", "content": 1, "instead_of": {"run": "run_1"}},
            "/do/0/hold/with/instead_of",
            "status",
        ),
        ({**GOOD, "reason": "Limit exceeded!"}, "/do/0/hold/with/reason", "regex"),
        ({**GOOD, "value": {"amount": 1.5, "currency": "USD"}}, "/do/0/hold/with/value", "int"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(arguments: Any, pointer: str, words: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        publishing.read(document(arguments))
    errors = {one["pointer"]: one["detail"] for one in refused.value.extensions["errors"]}
    assert words in errors[pointer]


def test_another_version_is_refused() -> None:
    with pytest.raises(InvalidDocument, match=r"holds:1\.0\.0@default"):
        publishing.read(document(GOOD, "holds:2.0.0@default"))


def test_a_function_of_the_documents_own_is_not_looked_into() -> None:
    text = document(GOOD, "own").replace('"do":[', '"use":{"functions":{"own":{"set":{"x":1}}}},"do":[', 1)
    assert holds.breaches(parse(text)) == []
