"""The picture of a workflow (its agreement with real runs: tests/services/engine/interpreter/test_graph.py)."""

from __future__ import annotations

from typing import get_args

import pytest

from template_library import catalog
from template_library.dsl import parse
from template_library.dsl.captions import detail
from template_library.dsl.graph import END, KINDS, MOST_NODES, START, Graph, graph
from template_library.dsl.model import Task

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"


def drawn(body: str) -> Graph:
    return graph(parse(HEAD + body))


def edges(found: Graph) -> set[tuple[str, str, str, str | None]]:
    """With the last part of each reference, which is the task's name."""
    return {(one.source.split("/")[-1], one.target.split("/")[-1], one.kind, one.label) for one in found.edges}


def test_every_kind_of_task_has_its_word() -> None:
    assert set(KINDS) == set(get_args(Task))


def test_the_order_template_is_drawn_as_it_is_told() -> None:
    found = graph(parse(catalog.builtin().find("order-release", "1.1.0").document))
    assert edges(found) == {
        ("start", "read-order", "next", None),
        ("read-order", "refuse-second-currency", "next", None),
        ("refuse-second-currency", "end", "fault", None),
        ("refuse-second-currency", "refuse-empty-quantity", "skipped", None),
        ("refuse-empty-quantity", "end", "fault", None),
        ("refuse-empty-quantity", "check-credit", "skipped", None),
        ("check-credit", "check-stock", "next", None),
        ("check-stock", "judge", "next", None),
        ("judge", "decide", "next", None),
        ("decide", "hold", "case", "held"),
        ("decide", "create-sale", "default", "clear"),
        ("create-sale", "release", "next", None),
        ("release", "end", "next", None),
        ("hold", "end", "next", None),
    }
    assert [(one.reference, one.kind, one.title, one.detail) for one in found.nodes[:5]] == [
        ("start", "start", "Start", None),
        ("/do/0/read-order", "set", "Read order", "order, parameters, total, items"),
        ("/do/1/refuse-second-currency", "raise", "Refuse second currency", "The order is not valid"),
        ("/do/2/refuse-empty-quantity", "raise", "Refuse empty quantity", "The order is not valid"),
        ("/do/3/check-credit", "call", "Check credit", "erp.customers.credit"),
    ]
    # What a clerk reads; the names are for those who write workflows.
    assert [one.title for one in found.nodes[5:-1]] == [
        "Check stock", "Look for reasons to hold", "Release or hold?", "Create sale in the ERP", "Release the order",
        "Hold for a person",
    ]  # fmt: skip
    assert found.nodes[7].detail == "held: ($context.holds | length) > 0\nclear"
    assert found.is_whole


def test_a_group_encloses_its_tasks_and_directives_lead_out_of_it() -> None:
    found = drawn(
        "do:\n"
        "  - g:\n      do:\n"
        "        - a: {if: .x, set: {x: 1}, then: c}\n"
        "        - b: {set: {x: 2}, then: exit}\n"
        "        - c: {switch: [{one: {when: .x, then: end}}, {two: {when: .y, then: continue}}], then: a}\n"
        "        - d: {set: {x: 3}}\n"
        "      then: z\n"
        "  - y: {set: {x: 4}}\n"
        "  - z: {set: {x: 5}}\n"
    )
    assert edges(found) == {
        ("start", "g", "next", None),
        ("g", "a", "next", None),
        ("a", "c", "next", None),
        ("a", "b", "skipped", None),
        ("b", "z", "next", None),
        ("c", "end", "case", "one"),
        ("c", "d", "case", "two"),
        ("c", "a", "next", None),
        ("d", "z", "next", None),
        ("y", "z", "next", None),
        ("z", "end", "next", None),
    }
    parents = {one.name: one.parent for one in found.nodes}
    assert [parents[name] for name in "gabcdyz"] == [None, *["/do/0/g"] * 4, None, None]


def test_a_local_function_shows_under_each_call_of_it() -> None:
    found = drawn(
        "use:\n  functions:\n"
        "    twice: {do: [{one: {call: once}}, {two: {call: once}}]}\n"
        "    once: {do: [{inner: {set: {x: 1}}}], then: end}\n"
        "    plain: {set: {x: 2}}\n"
        "do:\n  - first: {call: twice}\n  - last: {call: plain}\n"
    )
    assert [one.reference for one in found.nodes] == [
        START,
        "/do/0/first",
        "/do/0/first/do/0/one",
        "/do/0/first/do/0/one/do/0/inner",
        "/do/0/first/do/1/two",
        "/do/0/first/do/1/two/do/0/inner",
        "/do/1/last",
        END,
    ]
    assert edges(found) >= {
        ("first", "one", "next", None),
        ("one", "inner", "next", None),
        ("last", "end", "next", None),
    }
    # The function says `end`, so nothing leads from it to the call's successor.
    assert {target for source, target, *_ in edges(found) if source == "inner"} == {"end"}


def test_S_34_functions_that_call_functions_do_not_fill_the_memory() -> None:
    levels = 7
    functions = "".join(
        f"    f{n}: {{do: [{', '.join(f'{{c{m}: {{call: f{n + 1}}}}}' for m in range(10))}]}}\n" for n in range(levels)
    )
    body = f"use:\n  functions:\n{functions}    f{levels}: {{set: {{x: 1}}}}\ndo:\n  - a: {{call: f0}}\n"
    found = drawn(body)
    assert not found.is_whole
    assert len(found.nodes) <= MOST_NODES + 8 * 10
    known = {one.reference for one in found.nodes}
    assert all({one.source, one.target} <= known for one in found.edges)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("{call: http, with: {method: get, endpoint: 'https://u:pw@a.example/b?key=k'}}", "GET a.example/b"),
        ("{call: http, with: {method: '${ .m }', endpoint: '${ .u }'}}", "… …"),
        ("{call: http, with: {method: get, endpoint: 'https://[a'}}", "GET …"),
        ("{call: 'human-task:1.0.0@default', with: {a: 1}}", "human-task:1.0.0@default"),
        ("{call: 'connector:1.0.0@default', with: {operation: '${ .o }'}}", "connector:1.0.0@default"),
        ("{call: 'connector:1.0.0@default', with: {operation: o.p, input: {}}}", "o.p"),
        ("{set: '${ . }'}", None),
        ("{raise: {error: {type: 'https://a.example/e', status: 400}}}", "https://a.example/e"),
        ("{do: [{b: {set: {x: 1}}}]}", None),
    ],
)
def test_a_caption_says_what_and_holds_no_secret(task: str, expected: str | None) -> None:
    workflow = parse(f"{HEAD}do:\n  - a: {task}\n")
    assert detail(workflow.tasks["/do/0/a"]) == expected


def test_a_title_is_the_authors_or_the_name_as_words() -> None:
    found = drawn(
        "do:\n  - check_all-lines: {set: {x: 1}}\n  - b: {set: {x: 1}, metadata: {title: Book it}}\n"
        f"  - {'x' * 900}: {{set: {{x: 1}}}}\n"
    )
    assert [one.title for one in found.nodes[1:3]] == ["Check all lines", "Book it"]
    assert len(found.nodes[3].title) == 500


def whole(task: str) -> set[tuple[str, str, str, str | None]]:
    """Of a task `t` between `before` and `after`."""
    body = f"do:\n  - before: {{set: {{a: 1}}}}\n  - t: {task}\n  - after: {{set: {{a: 1}}}}\n"
    found = graph(parse(HEAD + body, whole=True))
    known = {one.reference for one in found.nodes}
    assert all({one.source, one.target} <= known for one in found.edges)
    return edges(found) - {
        ("start", "before", "next", None),
        ("before", "t", "next", None),
        ("after", "end", "next", None),
    }


def test_a_loop_runs_never_once_or_again() -> None:
    assert whole("{for: {in: .a}, do: [{x: {set: {a: 1}}}, {y: {set: {a: 1}}}]}") == {
        ("t", "x", "next", None),
        ("t", "after", "next", None),
        ("x", "y", "next", None),
        ("y", "x", "again", None),
        ("y", "after", "next", None),
    }


def test_what_is_consumed_is_iterated_over_like_a_loop() -> None:
    loop = {
        ("t", "x", "next", None),
        ("t", "after", "next", None),
        ("x", "x", "again", None),
        ("x", "after", "next", None),
    }
    assert whole("{listen: {to: {any: []}}, foreach: {do: [{x: {set: {a: 1}}}]}}") == loop
    subscription = "{consume: {amount: 2}, foreach: {do: [{x: {set: {a: 1}}}]}}"
    arguments = f"{{document: {{endpoint: 'https://a.b'}}, operation: o, subscription: {subscription}}}"
    assert whole(f"{{call: asyncapi, with: {arguments}}}") == loop
    assert whole("{listen: {to: {any: []}}}") == {("t", "after", "next", None)}


def test_branches_run_beside_one_another() -> None:
    assert whole("{fork: {branches: [{x: {set: {a: 1}}}, {y: {do: [{z: {set: {a: 1}}}]}}]}, then: end}") == {
        ("t", "x", "branch", None),
        ("t", "y", "branch", None),
        ("x", "end", "next", None),
        ("y", "z", "next", None),
        ("z", "end", "next", None),
    }


def test_an_error_leads_to_what_catches_it() -> None:
    error = "{error: {type: 'https://a.b', status: 400}}"
    inside = f"try: [{{x: {{raise: {error}}}}}]"
    caught = {
        ("t", "x", "next", None),
        ("t", "y", "caught", None),
        ("x", "y", "caught", None),
        ("y", "after", "next", None),
    }
    assert whole(f"{{{inside}, catch: {{do: [{{y: {{set: {{a: 1}}}}}}]}}}}") == caught
    filtered = "catch: {errors: {with: {status: 400}}, do: [{y: {set: {a: 1}}}]}"
    assert whole(f"{{{inside}, {filtered}}}") == {*caught, ("x", "end", "fault", None)}
    assert whole(f"{{{inside}, catch: {{}}}}") == {
        ("t", "x", "next", None),
        ("t", "after", "caught", None),
        ("x", "after", "caught", None),
    }


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("{for: {each: pet, in: .pets}, do: [{x: {set: {a: 1}}}]}", ("for", "pet: .pets")),
        ("{fork: {branches: [{x: {set: {a: 1}}}]}}", ("fork", None)),
        ("{fork: {compete: true, branches: [{x: {set: {a: 1}}}]}}", ("fork", "the first of 1")),
        ("{try: [{x: {set: {a: 1}}}], catch: {}}", ("try", None)),
        ("{try: [{x: {set: {a: 1}}}], catch: {errors: {with: {type: 'https://a.b'}}}}", ("try", "https://a.b")),
        ("{wait: PT90S}", ("wait", "1 min 30 s")),
        ("{wait: '${ .a }'}", ("wait", "…")),
        ("{emit: {event: {with: {source: /a, type: a.b}}}}", ("emit", "a.b")),
        ("{listen: {to: {all: [{with: {type: a.b}}, {with: {type: '${ .c }'}}]}}}", ("listen", "a.b\n…")),
        ("{listen: {to: {any: []}}}", ("listen", None)),
        ("{run: {workflow: {namespace: n, name: child, version: latest}}}", ("run", "child")),
        ("{run: {shell: {command: rm}}}", ("run", "shell")),
        ("{call: openapi, with: {document: {endpoint: 'https://a.b'}, operationId: find}}", ("call", "openapi find")),
        ("{call: a2a, with: {server: 'https://a.b', method: tasks/get}}", ("call", "a2a tasks/get")),
    ],
)
def test_a_task_says_what_it_is_about(task: str, expected: tuple[str, str | None]) -> None:
    node = graph(parse(f"{HEAD}do:\n  - t: {task}\n", whole=True)).nodes[1]
    assert (node.kind, node.detail) == expected
