"""Loose mode: any value is evaluated; where that fails the string is the value."""

from __future__ import annotations

from typing import Any

import pytest

from template_library.dsl import DocumentError, parse
from template_library.dsl.model import Constant, Expression, HttpCallTask, MapTemplate, SetTask, WaitTask, Workflow
from tests.template_library.dsl.pairs import HEAD


def read(body: str) -> Workflow:
    return parse(f"{HEAD}evaluate: {{mode: loose}}\n{body}", whole=True)


def value(text: str) -> Any:
    task = read(f"do:\n  - t: {{set: {{a: {text}}}}}\n").tasks["/do/0/t"]
    assert isinstance(task, SetTask)
    return task.value.value["a"] if isinstance(task.value, Constant) else dict(task.value.members)["a"]  # type: ignore[union-attr]


def test_a_string_without_marks_is_an_expression_that_knows_its_text() -> None:
    assert value("'.order.id '") == Expression(".order.id", "/do/0/t/set/a", text=".order.id ")
    assert value("'${ $context.a }'") == Expression("$context.a", "/do/0/t/set/a", ("context",), text="${ $context.a }")
    assert value("Hello") == Expression("Hello", "/do/0/t/set/a", text="Hello")


@pytest.mark.parametrize("text", ["''", "' '", "input", "now", "costs $price", "$secrets.erp"])
def test_a_string_that_no_expression_can_be_is_a_constant(text: str) -> None:
    assert value(text) == text.strip("'")


def test_a_marked_expression_is_checked_as_in_strict_mode() -> None:
    for text, words in (("'${ now }'", "may not be used"), ("'${ $contxt }'", "did you mean `context`")):
        with pytest.raises(DocumentError, match=words):
            value(text)


def test_strict_mode_takes_strings_as_they_stand() -> None:
    workflow = parse(f"{HEAD}do:\n  - t: {{set: {{a: .order.id}}}}\n")
    assert workflow.tasks["/do/0/t"].value == Constant({"a": ".order.id"})  # type: ignore[union-attr]
    assert not workflow.loose
    assert workflow.expressions == ()


def test_addresses_and_methods_are_not_taken_for_expressions() -> None:
    task = read("do:\n  - t: {call: http, with: {method: get, endpoint: 'https://a.b/{c}', body: .d}}\n").tasks[
        "/do/0/t"
    ]
    assert isinstance(task, HttpCallTask)
    assert (task.method, task.endpoint) == (Constant("get"), Constant("https://a.b/{c}"))
    assert task.body == Expression(".d", "/do/0/t/with/body", text=".d")
    task = read("do:\n  - t: {call: http, with: {method: .m, endpoint: .e}}\n").tasks["/do/0/t"]
    assert isinstance(task, HttpCallTask)
    assert isinstance(task.method, Expression)
    assert isinstance(task.endpoint, Expression)


def test_durations_and_transforms_may_be_expressions_without_marks() -> None:
    workflow = read("do:\n  - t: {wait: .pause, output: {as: .x}}\n  - u: {wait: PT1S, input: {from: {a: .b}}}\n")
    wait = workflow.tasks["/do/0/t"]
    assert isinstance(wait, WaitTask)
    assert isinstance(wait.duration, Expression)
    assert wait.output.template == Expression(".x", "/do/0/t/output/as", text=".x")
    assert isinstance(workflow.tasks["/do/1/u"].input.template, MapTemplate)
    assert workflow.tasks["/do/1/u"].duration == Constant(1000)  # type: ignore[union-attr]


def test_conditions_are_expressions_by_nature_and_have_no_text() -> None:
    workflow = read("do:\n  - t: {if: .a, set: {b: 1}}\n")
    assert workflow.tasks["/do/0/t"].condition == Expression(".a", "/do/0/t/if")
    assert workflow.loose
