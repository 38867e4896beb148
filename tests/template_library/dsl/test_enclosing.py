"""Tasks that enclose others: what the model holds, and which variables there are where."""

from __future__ import annotations

from typing import Any

import pytest

from template_library.dsl import DocumentError, parse
from template_library.dsl.model import (
    Catch,
    Constant,
    Expression,
    ForkTask,
    ForTask,
    ListenTask,
    Retry,
    SetTask,
    Task,
    TryTask,
    Workflow,
)
from tests.template_library.dsl.pairs import HEAD


def read(body: str) -> Workflow:
    return parse(HEAD + body, whole=True)


def only(body: str) -> Any:
    return read(f"do:\n  - t: {body}\n").tasks["/do/0/t"]


def refusal(body: str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(body)
    assert len(caught.value.violations) == 1, caught.value.violations
    return caught.value.violations[0].message


def test_a_loop_has_its_names_its_list_and_its_condition() -> None:
    task = only("{for: {each: pet, in: .pets, at: i}, while: '$pet != null', do: [{x: {set: {a: '${ $i }'}}}]}")
    assert isinstance(task, ForTask)
    assert (task.each, task.at, task.tasks) == ("pet", "i", ("/do/0/t/do/0/x",))
    assert task.within == Expression(".pets", "/do/0/t/for/in")
    assert task.while_ == Expression("$pet != null", "/do/0/t/while", ("pet",))
    assert only("{for: {in: .a}, do: [{x: {set: {a: 1}}}]}").each == "item"


def test_variables_are_known_inside_their_task_and_nowhere_else() -> None:
    inner = "{for: {each: b, in: $a}, do: [{y: {set: {c: '${ [$a, $b, $index] }'}}}]}"
    workflow = read(f"do:\n  - t: {{for: {{each: a, in: .x}}, do: [{{x: {inner}}}]}}\n")
    task = workflow.tasks["/do/0/t/do/0/x/do/0/y"]
    assert isinstance(task, SetTask)
    assert [one.variables for one in workflow.expressions] == [(), ("a",), ("a", "b", "index")]
    loop = "{for: {each: pet, in: .x}, do: [{x: {set: {a: 1}}}]"
    assert "`$pet` is not defined" in refusal(f"do:\n  - t: {loop}, output: {{as: $pet}}}}\n")
    assert "`$pet` is not defined" in refusal(f"do:\n  - t: {loop}}}\n  - u: {{set: {{a: '${{ $pet }}'}}}}\n")
    assert "did you mean `item`?" in refusal("do:\n  - t: {for: {in: .x}, do: [{x: {set: {a: '${ $iten }'}}}]}\n")
    called = "use: {functions: {f: {set: {a: '${ $pet }'}}}}\n"
    assert "`$pet` is not defined" in refusal(
        f"{called}do:\n  - t: {loop[:-1].replace('{set: {a: 1}}', '{call: f}')}]}}\n"
    )


def test_a_fork_has_a_path_for_each_branch() -> None:
    task = only("{fork: {compete: true, branches: [{x: {set: {a: 1}}}, {y: {do: [{z: {set: {a: 1}}}]}}]}}")
    assert isinstance(task, ForkTask)
    assert task.branches == ("/do/0/t/fork/branches/0/x", "/do/0/t/fork/branches/1/y")
    assert task.compete


def test_a_catch_knows_what_it_catches_and_under_which_name() -> None:
    task = only(
        "{try: [{x: {set: {a: 1}}}], catch: {as: e, errors: {with: {status: 503, details: d}}, when: $e.a,"
        " exceptWhen: '${ $e.b }', do: [{y: {set: {c: '${ $e.title }'}}}]}}"
    )
    assert isinstance(task, TryTask)
    assert task.tasks == ("/do/0/t/try/0/x",)
    assert task.catch == Catch(
        errors=Constant({"status": 503, "detail": "d"}),
        name="e",
        when=Expression("$e.a", "/do/0/t/catch/when", ("e",)),
        except_when=Expression("$e.b", "/do/0/t/catch/exceptWhen", ("e",)),
        tasks=("/do/0/t/catch/do/0/y",),
    )


def test_a_retry_policy_is_the_same_in_place_and_by_name() -> None:
    policy = (
        "{when: '$error.status == 503', delay: {seconds: 3}, backoff: {exponential: {}},"
        " limit: {attempt: {count: 5, duration: PT2S}, duration: '${ .most }'}, jitter: {from: PT0.1S, to: PT0.5S}}"
    )
    expected = Retry(
        when=Expression("$error.status == 503", "/use/retries/r/when", ("error",)),
        delay=Constant(3000),
        backoff="exponential",
        count=5,
        attempt_duration=Constant(2000),
        duration=Expression(".most", "/use/retries/r/limit/duration"),
        jitter=(Constant(100), Constant(500)),
    )
    task = "{try: [{x: {set: {a: 1}}}], catch: {retry: r}}"
    named = read(f"use: {{retries: {{r: {policy}}}}}\ndo:\n  - t: {task}\n").tasks["/do/0/t"]
    assert isinstance(named, TryTask)
    assert named.catch.retry == expected
    inline = only(task.replace("retry: r", f"retry: {policy}")).catch.retry
    assert (inline.delay, inline.backoff, inline.count) == (expected.delay, expected.backoff, expected.count)


def test_a_named_policy_is_read_with_the_variables_of_each_place() -> None:
    use = "use: {retries: {r: {when: $e.a}}}\n"
    body = "{try: [{x: {set: {a: 1}}}], catch: {as: NAME, retry: r}}"
    first, second = body.replace("NAME", "e"), body.replace("NAME", "f")
    assert read(f"{use}do:\n  - t: {first}\n").do == ("/do/0/t",)
    assert "`$e` is not defined" in refusal(f"{use}do:\n  - t: {first}\n  - u: {second}\n")
    assert "`$e` is not defined" in refusal(f"{use}do:\n  - t: {{set: {{a: 1}}}}\n")


def test_a_named_error_may_speak_of_the_item_that_it_is_raised_for() -> None:
    use = "use: {errors: {bad: {type: 'https://a.b', status: 400, detail: '${ $item.name }'}}}\n"
    task = "{raise: {error: bad}}"
    workflow = read(f"{use}do:\n  - t: {{for: {{in: .a}}, do: [{{x: {task}}}]}}\n")
    assert [one.pointer for one in workflow.expressions] == ["/do/0/t/for/in", "/use/errors/bad/detail"]
    assert "`$item` is not defined" in refusal(f"{use}do:\n  - t: {task}\n")


def test_an_iterator_has_its_own_list_and_names() -> None:
    task = only(
        "{listen: {to: {any: [], until: '. | length > 3'}, read: envelope}, foreach: {item: e, at: i,"
        " do: [{x: {set: {a: '${ $e }'}}}], output: {as: '$i'}, export: {as: '$context + $output'}}}"
    )
    assert isinstance(task, ListenTask)
    assert task.foreach is not None
    assert (task.foreach.item, task.foreach.at, task.read) == ("e", "i", "envelope")
    assert task.foreach.tasks == ("/do/0/t/foreach/do/0/x",)
    assert task.foreach.output.template == Expression("$i", "/do/0/t/foreach/output/as", ("i",))
    assert task.foreach.export.template == Expression(
        "$context + $output", "/do/0/t/foreach/export/as", ("context", "output")
    )


def test_S_38_every_task_is_found_by_its_path_however_deep() -> None:
    hidden = "{call: 'connector:1.0.0@default', with: {connection: erp}}"
    places = [
        f"{{for: {{in: .a}}, do: [{{x: {hidden}}}]}}",
        f"{{fork: {{branches: [{{x: {hidden}}}]}}}}",
        f"{{try: [{{x: {hidden}}}], catch: {{}}}}",
        f"{{try: [{{y: {{set: {{a: 1}}}}}}], catch: {{do: [{{x: {hidden}}}]}}}}",
        f"{{listen: {{to: {{any: []}}}}, foreach: {{do: [{{x: {hidden}}}]}}}}",
        f"{{do: [{{y: {{for: {{in: .a}}, do: [{{x: {hidden}}}]}}}}]}}",
    ]
    for place in places:
        workflow = read(f"do:\n  - t: {place}\n")
        assert workflow.functions == ("connector:1.0.0@default",)
        assert [task.name for task in calls(workflow)] == ["x"]


def calls(workflow: Workflow) -> list[Task]:
    return [task for task in workflow.tasks.values() if "call" in task.definition]


def test_S_34_branches_calls_and_nesting_are_limited() -> None:
    branches = ", ".join(f"{{b{n}: {{set: {{a: 1}}}}}}" for n in range(65))
    assert "at most 64 branches" in refusal(f"do:\n  - t: {{fork: {{branches: [{branches}]}}}}\n")
    chain = "".join(f"    f{n}: {{call: f{n + 1}}}\n" for n in range(8)) + "    f8: {set: {a: 1}}\n"
    body = f"use:\n  functions:\n{chain}do:\n  - t: {{call: f1}}\n"
    assert "at most 8 deep" in refusal(body)
    assert read(body.replace("    f0: {call: f1}\n", "")).do == ("/do/0/t",)
    deep = "{set: {a: 1}}"
    for _ in range(16):
        deep = f"{{for: {{in: .a}}, do: [{{x: {deep}}}]}}"
    assert "16 deep" in refusal(f"do:\n  - t: {deep}\n")


def test_a_function_that_calls_itself_from_inside_is_refused() -> None:
    loop = "{for: {in: .a}, do: [{z: {call: f}}]}"
    use = f"use: {{functions: {{f: {{try: [{{x: {{set: {{a: 1}}}}}}], catch: {{do: [{{y: {loop}}}]}}}}}}}}\n"
    assert "`f` calls itself" in refusal(f"{use}do:\n  - t: {{call: f}}\n")


def test_S_34_a_part_of_use_that_is_named_often_is_read_once() -> None:
    """A large policy under many different variables would otherwise be read as often as it is named."""
    policy = (
        "{authority: 'https://a.b', grant: client_credentials, client: {id: c}, scopes: [" + "'${ .s }', " * 300 + "]}"
    )
    use = f"use: {{authentications: {{p: {{oauth2: {policy}}}}}}}"
    call = "{call: http, with: {method: get, endpoint: {uri: 'https://a.b', authentication: {use: p}}}}"
    tasks = "".join(f"  - t{n}: {{for: {{each: e{n}, in: .a}}, do: [{{x: {call}}}]}}\n" for n in range(60))
    workflow = read(f"{use}\ndo:\n{tasks}")
    assert len(workflow.expressions) == 300 + 60
    assert "different sets of variables" in refusal(f"evaluate: {{mode: loose}}\n{use}\ndo:\n{tasks}")
