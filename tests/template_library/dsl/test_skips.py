"""Which tasks may be skipped once they have failed: what guards others never may (ADR 0133)."""

from __future__ import annotations

import pytest

from template_library import holds, human_tasks
from template_library.dsl import DocumentError, parse
from template_library.dsl.skips import DECIDES

HEAD = "document: {dsl: '1.0.3', namespace: tests, name: skips, version: 1.0.0}\n"
SKIP = "metadata: {skip: {output: {known: false}}}"
PERSON = "{task: a, title: A, role: desk, outcomes: [good, bad]}"
EMIT = "emit: {event: {with: {type: a, source: 'https://a.example'}}}"
GUARDS = {
    "raise: {error: {type: 'https://own.example/x', status: 400}}": "a `raise` may not be skipped",
    "switch: [{one: {when: '${ .a }', then: end}}]": "a `switch` may not be skipped",
    "listen: {to: {one: {with: {type: approved}}}}": "a `listen` may not be skipped",
    f"call: 'human-task:1.0.0@default', with: {PERSON}": "what people decide may not be skipped",
    "call: 'holds:1.0.0@default', with: {do: wait, order: a}": "what people decide may not be skipped",
    "set: {checked: '${ .total < 10 }'}": "only a task that calls",
    "do: [{in: {raise: {error: {type: 'https://own.example/x', status: 400}}}}]": "only a task that calls",
    "run: {workflow: {namespace: tests, name: other, version: 1.0.0}}": "only a task that calls",
    "wait: {seconds: 1}": "only a task that calls",
}


def written(task: str, skip: str = SKIP) -> str:
    return f"{HEAD}do:\n  - t: {{{task}, {skip}}}\n"


def test_a_call_may_declare_what_takes_its_place() -> None:
    http = "call: http, with: {method: get, endpoint: 'https://a.example'}"
    for task in (http, EMIT):
        assert parse(written(task)).tasks["/do/0/t"].skip is not None
    assert parse(written("set: {a: 1}", "metadata: {title: A}")).tasks["/do/0/t"].skip is None


@pytest.mark.parametrize("task", GUARDS)
def test_a_guard_is_refused_with_its_place(task: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(written(task))
    assert GUARDS[task] in str(caught.value)
    assert [one.pointer for one in caught.value.violations] == ["/do/0/t/metadata/skip"]


@pytest.mark.parametrize(
    ("skip", "words"),
    [
        ("metadata: {skip: true}", "must be an object"),
        ("metadata: {skip: {}}", "`output` is missing"),
        ("metadata: {skip: {output: 1, outputs: 2}}", "outputs"),
        ("metadata: {skip: {output: '${ $output }'}}", "$output"),
    ],
)
def test_what_is_no_declaration_is_refused(skip: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(written(EMIT, skip))
    assert words in str(caught.value)
    assert all(one.pointer.startswith("/do/0/t/metadata/skip") for one in caught.value.violations)


def test_what_people_decide_is_known_by_its_name() -> None:
    assert {one.NAME.partition(":")[0] for one in (human_tasks, holds)} == set(DECIDES)
