from __future__ import annotations

from typing import Any

import msgspec
import pytest

from template_library.dsl import DocumentError, Violation, parse
from template_library.dsl.model import DoTask, Expression, FunctionCallTask, HttpCallTask

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"


def violations(text: str, **options: Any) -> list[Violation]:
    with pytest.raises(DocumentError) as caught:
        parse(text, **options)
    return caught.value.violations


def refused(body: str, **options: Any) -> Violation:
    found = violations(HEAD + body, **options)
    assert len(found) == 1, found
    return found[0]


def test_a_document_becomes_tasks_by_path() -> None:
    workflow = parse(
        HEAD
        + """
use:
  functions:
    fetch: {call: http, with: {method: get, endpoint: "https://example.com/{id}"}}
  errors:
    bad: {type: https://example.com/bad, status: 422, title: "${ .title }"}
schedule: {on: {one: {with: {type: com.example.order}}}}
input: {from: ".[0].data"}
do:
  - group:
      do:
        - fetched: {call: fetch, with: {id: 7}}
        - credit: {call: "connector:1.0.0@default", with: {connection: erp}}
  - stop: {if: "${ .bad }", raise: {error: bad}}
"""
    )
    assert workflow.do == ("/do/0/group", "/do/1/stop")
    group = workflow.tasks["/do/0/group"]
    assert isinstance(group, DoTask)
    assert group.tasks == ("/do/0/group/do/0/fetched", "/do/0/group/do/1/credit")
    fetched = workflow.tasks[group.tasks[0]]
    assert isinstance(fetched, FunctionCallTask)
    assert fetched.body == "/use/functions/fetch"
    assert isinstance(workflow.tasks[fetched.body], HttpCallTask)
    assert workflow.functions == ("connector:1.0.0@default",)
    assert workflow.trigger is not None
    assert workflow.trigger.attributes == {"type": "com.example.order"}
    assert workflow.input.template == Expression(".[0].data", "/input/from")


def test_json_is_accepted() -> None:
    document = {
        "document": {"dsl": "1.0.0", "namespace": "a", "name": "b", "version": "1.2.3-rc.1"},
        "do": [{"x": {"set": {"a": 1}}}],
    }
    assert parse(msgspec.json.encode(document).decode()).document.version == "1.2.3-rc.1"


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ("do:\n  - t: {sett: {a: 1}}\n", "/do/0/t", "did you mean `set`?"),
        ("do:\n  - t: {set: {a: 1}, outputs: {}}\n", "/do/0/t/outputs", "did you mean `output`?"),
        ("dos: 1\ndo:\n  - t: {set: {a: 1}}\n", "/dos", "did you mean `do`?"),
        ("do:\n  - t: {set: {a: 1}, call: http}\n", "/do/0/t", "does one thing"),
        ("do:\n  - a: {set: {a: 1}}\n    b: {set: {a: 1}}\n", "/do/0", "one property"),
        ("do: []\n", "/do", "at least one task"),
        ("do: {}\n", "/do", "list of tasks"),
        ("do:\n  - t: {set: {}}\n", "/do/0/t/set", "at least one property"),
        ("do:\n  - t: {switch: []}\n", "/do/0/t/switch", "at least one case"),
        ("do:\n  - t: {switch: [{a: {then: end}}, {b: {then: end}}]}\n", "/do/0/t/switch/1/b", "only one case"),
        ("do:\n  - t: {switch: [{a: {when: .a}}]}\n", "/do/0/t/switch/0/a", "`then` is missing"),
        ("do:\n  - one: {set: {a: 1}, then: two}\n", "/do/0/one/then", "no task of the same list"),
        ("do:\n  - end: {set: {a: 1}}\n", "/do/0/end", "cannot be the name"),
        ("do:\n  - t: {set: {a: 1}}\n  - t: {set: {a: 2}}\n", "/do/1/t", "two tasks are named"),
        ("do:\n  - t: {raise: {error: gone}}\n", "/do/0/t/raise/error", "`use.errors` has no"),
        ("do:\n  - t: {raise: {error: {type: 'https://a/b', status: '4'}}}\n", "/do/0/t/raise/error/status", "integer"),
        ("do:\n  - t: {raise: {error: {type: nope, status: 4}}}\n", "/do/0/t/raise/error/type", "not a URI"),
        ("do:\n  - t: {call: nothing}\n", "/do/0/t/call", "there is no function"),
        ("do:\n  - t: {call: http, with: {method: get}}\n", "/do/0/t/with", "`endpoint` is missing"),
        ("do:\n  - t: {call: http, with: {method: get, endpoint: nope}}\n", "/do/0/t/with/endpoint", "URI template"),
        ("do:\n  - t: {if: true, set: {a: 1}}\n", "/do/0/t/if", "must be a string"),
        (
            "input: {schema: {document: {type: objekt}}}\ndo:\n  - t: {set: {a: 1}}\n",
            "/input/schema/document",
            "schema",
        ),
        (
            "input: {schema: {document: {$ref: 'http://127.0.0.1:9/x'}}}\ndo:\n  - t: {set: {a: 1}}\n",
            "/input/schema/document",
            "schema is wrong",
        ),
        (
            "use: {functions: {a: {call: b}, b: {do: [{x: {call: a}}]}}}\ndo:\n  - t: {set: {a: 1}}\n",
            "/use/functions/a",
            "calls itself",
        ),
    ],
)
def test_a_mistake_is_named_at_its_place(body: str, pointer: str, words: str) -> None:
    found = violations(HEAD + body)
    assert found[0].pointer == pointer
    assert words in found[0].message


def test_several_mistakes_come_in_the_order_of_the_text() -> None:
    found = violations(HEAD + "do:\n  - a: {wait: {}}\n  - b: {fork: {}}\nunknown: 1\n")
    assert [one.line for one in found] == [3, 4, 5]


@pytest.mark.parametrize("dsl", ["1.0.4", "1.1.0", "2.0.0", "1.0.10", "0.9.0", "1.0.0-alpha5"])
def test_an_unknown_version_of_the_language_is_refused(dsl: str) -> None:
    text = HEAD.replace("1.0.3", dsl) + "do:\n  - t: {set: {a: 1}}\n"
    assert violations(text)[0].pointer == "/document/dsl"


def test_functions_of_the_catalogue_are_checked_against_the_known_names() -> None:
    body = "do:\n  - t: {call: 'connecter:1.0.0@default'}\n"
    assert parse(HEAD + body).functions == ("connecter:1.0.0@default",)
    violation = refused(body, functions={"connector:1.0.0@default"})
    assert "did you mean `connector:1.0.0@default`?" in violation.message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("do:\n  - t: {set: {a: '${ $secrets.erp }'}}\n", "only inside"),
        ("do:\n  - t: {set: '${ $secrets | tojson | @base64 }'}\n", "only inside"),
        (
            "do:\n  - t: {raise: {error: {type: 'https://a/b', status: 400, detail: '${ $secrets.a }'}}}\n",
            "only inside",
        ),
        ("do:\n  - t: {call: http, with: {method: get, endpoint: '${ $secrets.a }'}}\n", "only inside"),
        (
            "do:\n  - t: {call: http, with: {method: get, endpoint: 'https://a.b', query: {k: '${$secrets.a}'}}}\n",
            "only",
        ),
    ],
)
def test_S_36_secrets_stand_in_no_expression(body: str, words: str) -> None:
    violation = refused("use: {secrets: [erp, a]}\n" + body)
    assert words in violation.message


def test_S_22_a_forbidden_word_is_refused_with_its_column() -> None:
    violation = refused('do:\n  - t:\n      set:\n        at: "${ .a | now }"\n')
    assert "`$runtime.now`" in violation.message
    assert (violation.line, violation.column) == (5, 22)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("do:\n  - t: {if: '$output', set: {a: 1}}\n", "not available in this place"),
        ("input: {from: '$context'}\ndo:\n  - t: {set: {a: 1}}\n", "not available in this place"),
        ("do:\n  - t: {set: {a: '${ $contxt.a }'}}\n", "did you mean `context`?"),
        ("do:\n  - t: {set: {a: '${ }'}}\n", "empty"),
        ("do:\n  - t: {set: {a: '${ " + "." * 9000 + " }'}}\n", "8 KiB"),
    ],
)
def test_expressions_are_checked_before_anything_runs(body: str, words: str) -> None:
    assert words in refused(body).message


def test_S_34_tasks_and_nesting_are_limited() -> None:
    many = "do:\n" + "".join(f"  - t{number}: {{set: {{a: 1}}}}\n" for number in range(501))
    assert "500 tasks" in refused(many).message
    deep: dict[str, Any] = {"set": {"a": 1}}
    for _ in range(16):
        deep = {"do": [{"t": deep}]}
    text = HEAD + f"do: {msgspec.json.encode([{'t': deep}]).decode()}\n"
    assert "16 deep" in violations(text)[0].message
