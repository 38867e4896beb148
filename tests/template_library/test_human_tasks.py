"""What a workflow says of a human task is checked when it is published, as far as it is written down."""

from __future__ import annotations

import msgspec
import pytest

from template_library import human_tasks
from template_library.dsl import parse
from template_library.human_tasks import Asked
from template_library.policies import tasks
from template_library.policies.capabilities import NOTHING
from tenants.deployments import publishing
from tenants.deployments.errors import InvalidDocument

HEAD = "document: {dsl: '1.0.3', namespace: t, name: x, version: 1.0.0}\ndo:\n  - ask:\n      call: "
GOOD = "human-task:1.0.0@default\n      with: {task: credit-review, title: '${ .t }', role: '${ .r }'"


def faults(words: str, call: str = GOOD) -> list[tuple[str, str]]:
    more = f", {words}" if words else ""
    return [(one.pointer, one.detail) for one in human_tasks.faults(parse(f"{HEAD}{call}{more}}}\n"))]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "decision: credit.release, outcomes: [approve, reject], refusals: [reject], skills: [customs]",
        "about: {kind: sales-order, key: '${ .k }'}, value: {amount: '${ .a }', currency: USD}",
        "facts: {amount: {amount: 5, currency: USD}, site: '${ .s }', anything: 1}",
        "form: {schema: {type: object, properties: {x: {type: integer, title: Limit}}}, fields: {x: {write: [boss]}}}",
        "deadline: {calendar: depot, warn: PT1H, due: PT2H, steps: [{after: PT2H, do: reassign, role: finance}]}",
        "outcomes: [yes, no], deadline: {steps: [{after: PT1H, do: auto_decide, outcome: no}]}",
    ],
)
def test_what_is_right_has_no_fault(words: str) -> None:
    assert faults(words) == []


@pytest.mark.parametrize(
    ("words", "pointer", "detail"),
    [
        ("colour: red", "/colour", "`colour` is nothing here"),
        ("about: {kind: sales-order, keyy: x}", "/about/keyy", "`keyy` is nothing here"),
        ("value: {amount: 1.5, currency: USD}", "/value/amount", "Expected `int`"),
        ("value: {amount: 5, currency: usd}", "/value/currency", "matching regex"),
        ("deadline: {steps: [{after: PT2H, do: tell}]}", "/deadline/steps/0/do", "Invalid enum value 'tell'"),
        ("deadline: {due: soon}", "", "no ISO 8601 duration"),
        ("deadline: {steps: [{after: PT2H, do: reassign}]}", "", "names its `role`"),
        ("decision: '${ .d }'", "/decision", "must be written out"),
        ("outcomes: '${ .o }'", "/outcomes", "must be written out"),
        ("refusals: [no]", "", "none of `outcomes`"),
        ("outcomes: [a, a]", "", "names one twice"),
        (
            "form: {schema: {type: object, properties: {limit: {type: integer}}}}",
            "/form/schema/properties/limit/title",
            "title",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(words: str, pointer: str, detail: str) -> None:
    (found,) = [one for one in faults(words) if one[0] == f"/do/0/ask/with{pointer}"]
    assert detail in found[1]


def test_no_clock_takes_a_decision_that_needs_an_authority() -> None:
    steps = "deadline: {steps: [{after: PT1H, do: auto_decide, outcome: approve}]}"
    ((_, detail),) = faults(f"decision: credit.release, outcomes: [approve, reject], refusals: [reject], {steps}")
    assert detail.startswith("no clock has authority")


def test_what_is_missing_and_another_version_are_told() -> None:
    assert faults("", "human-task:1.0.0@default\n      with: {task: a, title: b") == [
        ("/do/0/ask/with", "`role` is missing")
    ]
    assert faults("", "human-task:2.0.0@default\n      with: {task: a")[0][0] == "/do/0/ask/call"


def test_a_document_with_a_wrong_task_is_not_published() -> None:
    with pytest.raises(InvalidDocument) as refused:
        publishing.read(f"{HEAD}{GOOD}, colour: red}}\n")
    assert refused.value.extensions["errors"][0]["pointer"] == "/do/0/ask/with/colour"


def test_what_a_run_asks_with_is_read_by_the_same_words() -> None:
    asked = human_tasks.read({"task": "a", "title": "b", "role": "c"})
    assert (asked.outcomes, asked.facts, asked.deadline) == (["done"], {}, None)
    assert isinstance(asked, Asked)
    with pytest.raises(msgspec.ValidationError):
        human_tasks.read({"task": "a", "title": "b", "role": "c", "colour": "red"})


def test_asking_a_person_writes_nothing() -> None:
    (task,) = parse(f"{HEAD}{GOOD}}}\n").tasks.values()
    assert tasks.of_task(task, lambda *_: None) == NOTHING


SOMEBODY = "human-task:1.0.0@default\n      with: {task: a, title: b, outside: {email: a@parts.example, name: Parts}"


@pytest.mark.parametrize(
    ("words", "call", "detail"),
    [
        ("", SOMEBODY, ""),
        ("", SOMEBODY.replace("a@parts.example", "'${ .mail }'").replace("b,", "'${ .t }',"), ""),
        ("role: clerk", SOMEBODY, "name one of the two"),
        ("decision: credit.release", SOMEBODY, "no authority"),
        ("skills: [customs]", SOMEBODY, "no authority"),
        ("", SOMEBODY.replace("a@parts.example", '"a@parts.example\\nBcc: b@c.example"'), "matching regex"),
        ("", SOMEBODY.replace("name: Parts", "title: Parts"), "`title` is nothing here"),
    ],
)
def test_row_55_a_task_is_asked_of_a_role_or_of_one_outside(words: str, call: str, detail: str) -> None:
    found = faults(words, call)
    assert bool(found) == bool(detail), found
    assert all(detail in one for _, one in found[:1])
