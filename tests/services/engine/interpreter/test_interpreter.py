from __future__ import annotations

from typing import Any

import msgspec
import pytest

from services.engine import state
from services.engine.functions import STANDARD_ERRORS, Done, ErrorDetails, Failed
from services.engine.interpreter import Interpreter
from services.engine.state import Ended, RunDescriptor, Step
from services.engine.waits import Effect
from template_library.dsl import parse

HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"
RUN = RunDescriptor(
    id="run_1", tenant="tenant-a", environment="test", started_at=1_700_000_000_123, parameters={"limit": 5}
)


class InProcess:
    """Trivial programs only, so that these tests start no process."""

    async def evaluate(self, programs: Any, value: Any, variables: Any, *, lane: str = "") -> list[Any]:
        from services.engine.expressions import trivial  # noqa: PLC0415

        assert lane == "tenant-a"
        results = [trivial.evaluate(program, value, variables) for program in programs]
        assert trivial.NOT_TRIVIAL not in results, programs
        return results


async def begin(body: str, value: Any = None) -> tuple[Interpreter, Step]:
    interpreter = Interpreter(parse(HEAD + body), InProcess())
    return interpreter, await interpreter.begin({} if value is None else value, RUN)


async def ended(body: str, value: Any = None) -> Ended:
    _, step = await begin(body, value)
    assert isinstance(step.outcome, Ended), step.outcome
    return step.outcome


def ran(step: Step) -> list[str]:
    return [entry.name for entry in step.entries if entry.kind == "task.started"]


async def test_tasks_run_in_order_and_each_gets_the_output_of_the_one_before() -> None:
    body = "do:\n  - a: {set: {x: 1}}\n  - b: {set: {y: '${ .x }', z: '${ $input.x }'}}\n"
    assert (await ended(body)).output == {"y": 1, "z": 1}


async def test_input_is_validated_then_transformed_and_output_transformed_then_validated() -> None:
    body = """
input: {schema: {document: {type: object, required: [order]}}, from: .order}
output: {as: {whole: "${ . }", raw: "${ $workflow.input.order.n }"}, schema: {document: {required: [whole]}}}
do:
  - a: {input: {from: .n}, set: {n: "${ . }", raw: "${ $task.input }"}, output: {as: "{n, raw, out: $task.output.n}"}}
"""
    assert (await ended(body, {"order": {"n": 5}})).output == {"whole": {"n": 5, "raw": {"n": 5}, "out": 5}, "raw": 5}
    fault = await ended(body, {"orders": 1})
    assert fault.error is not None
    assert fault.error.type == STANDARD_ERRORS + "validation"
    assert fault.error.status == 400
    assert fault.error.instance == "/input"


@pytest.mark.parametrize("part", ["input", "output", "export"])
async def test_a_schema_that_is_broken_faults_at_the_task(part: str) -> None:
    transform = "as: .a, " if part == "export" else ""
    body = f"do:\n  - t: {{set: {{a: 1}}, {part}: {{{transform}schema: {{document: {{type: string}}}}}}}}\n"
    fault = await ended(body)
    assert fault.error is not None
    assert fault.error.type == STANDARD_ERRORS + "validation"
    assert fault.error.instance == "/do/0/t"


async def test_export_replaces_the_context_of_the_tasks_behind_it() -> None:
    body = """
do:
  - a: {set: {x: 1}, export: {as: {kept: "${ .x }", out: "${ $output.x }"}}}
  - b: {set: {y: 2}}
  - c: {set: {c: "${ $context }"}}
"""
    assert (await ended(body)).output == {"c": {"kept": 1, "out": 1}}


async def test_a_skipped_task_passes_its_raw_input_and_ignores_its_directive() -> None:
    body = "do:\n  - a: {if: .no, set: {x: 1}, then: end}\n  - b: {set: {y: '${ .v }'}}\n"
    _, step = await begin(body, {"v": 3})
    assert isinstance(step.outcome, Ended)
    assert step.outcome.output == {"y": 3}
    assert ran(step) == ["b"]
    assert [entry.name for entry in step.entries if entry.kind == "task.skipped"] == ["a"]


@pytest.mark.parametrize(
    ("then", "expected"),
    [("continue", ["g", "a", "b", "c"]), ("exit", ["g", "a", "c"]), ("end", ["g", "a"]), ("b", ["g", "a", "b", "c"])],
)
async def test_flow_directives_inside_a_group(then: str, expected: list[str]) -> None:
    body = f"do:\n  - g: {{do: [a: {{set: {{x: 1}}, then: {then}}}, b: {{set: {{x: 2}}}}]}}\n  - c: {{set: {{x: 3}}}}\n"
    _, step = await begin(body)
    assert ran(step) == expected
    assert not any(entry.kind == "task.faulted" for entry in step.entries)


@pytest.mark.parametrize(("color", "task"), [("red", "r"), ("blue", "b"), ("green", "other")])
async def test_switch_takes_the_first_case_that_holds_and_the_default_last(color: str, task: str) -> None:
    body = """
do:
  - choose:
      switch:
        - default: {then: other}
        - red: {when: '.color == "red"', then: r}
        - blue: {when: '.color == "blue"', then: b}
  - r: {set: {c: "${ .color }"}, then: end}
  - b: {set: {c: "${ .color }"}, then: end}
  - other: {set: {c: "${ .color }"}, then: end}
"""
    _, step = await begin(body, {"color": color})
    assert ran(step) == ["choose", task]


async def test_switch_without_a_match_follows_its_own_directive() -> None:
    body = "do:\n  - s: {switch: [{a: {when: .no, then: t}}], then: end}\n  - t: {set: {x: 1}}\n"
    assert (await ended(body, {"v": 1})).output == {"v": 1}


async def test_raise_faults_with_its_error_and_the_pointer_of_the_task() -> None:
    body = """
use: {errors: {bad: {type: 'https://example.com/bad', status: 422, title: "${ .title }", instance: /other}}}
do:
  - g: {do: [{fail: {raise: {error: bad}}}]}
"""
    _, step = await begin(body, {"title": "No stock"})
    assert step.outcome == Ended(
        state="faulted",
        error=ErrorDetails(type="https://example.com/bad", status=422, title="No stock", instance="/do/0/g/do/0/fail"),
    )
    assert [entry.kind for entry in step.entries][-3:] == ["task.faulted", "task.faulted", "workflow.faulted"]


async def test_a_call_stops_the_interpreter_with_everything_the_engine_needs() -> None:
    body = """
do:
  - order:
      call: connector:1.0.0@default
      with: {connection: erp, input: {customer: "${ .customer }"}}
      output: {as: {found: "${ .found }", asked: "${ $input.customer }"}}
  - after: {set: {done: "${ .found }", asked: "${ .asked }"}}
"""
    interpreter, step = await begin(body, {"customer": "C1"})
    assert step.outcome == Effect(
        function="connector:1.0.0@default",
        arguments={"connection": "erp", "input": {"customer": "C1"}},
        reference="/do/0/order",
        iteration=1,
        name="order",
    )
    assert step.snapshot.effect == step.outcome
    resumed = await interpreter.resume(state.decode(state.encode(step.snapshot)), Done(output={"found": True}))
    assert isinstance(resumed.outcome, Ended)
    assert resumed.outcome.output == {"done": True, "asked": "C1"}


async def test_a_failed_call_faults_with_the_functions_error() -> None:
    interpreter, step = await begin("do:\n  - c: {call: 'x:1.0.0@default'}\n")
    error = ErrorDetails(type=STANDARD_ERRORS + "communication", status=503, title="away")
    resumed = await interpreter.resume(step.snapshot, Failed(error=error))
    assert resumed.outcome == Ended(state="faulted", error=msgspec.structs.replace(error, instance="/do/0/c"))


async def test_a_local_function_runs_on_its_arguments_under_its_callers_name() -> None:
    body = """
use:
  functions:
    fetch: {call: http, with: {method: get, endpoint: "https://example.com/pet/{id}"}, output: {as: .name}}
    twice: {do: [{one: {call: fetch, with: {id: "${ .id }"}}}, {two: {set: {name: "${ . }"}}}]}
do:
  - pet: {call: twice, with: {id: a/b}, output: {as: {pet: "${ . }"}}}
"""
    interpreter, step = await begin(body)
    assert isinstance(step.outcome, Effect)
    assert step.outcome.reference == "/do/0/pet/do/0/one"
    assert step.outcome.arguments["endpoint"] == "https://example.com/pet/a%2Fb"
    resumed = await interpreter.resume(step.snapshot, Done(output={"name": "Milou"}))
    assert isinstance(resumed.outcome, Ended)
    assert resumed.outcome.output == {"pet": {"name": "Milou"}}
    assert ran(step) + ran(resumed) == ["pet", "one", "two"]


async def test_each_turn_of_a_loop_is_another_iteration() -> None:
    body = """
do:
  - c: {call: 'x:1.0.0@default', with: {n: "${ .n }"}}
  - more: {switch: [{again: {when: .n < 3, then: c}}]}
"""
    interpreter, step = await begin(body, {"n": 0})
    seen = []
    while isinstance(step.outcome, Effect):
        seen.append((step.outcome.reference, step.outcome.iteration))
        step = await interpreter.resume(step.snapshot, Done(output={"n": step.outcome.iteration}))
    assert seen == [("/do/0/c", 1), ("/do/0/c", 2), ("/do/0/c", 3)]


async def test_S_34_an_endless_loop_ends_at_twenty_thousand_transitions() -> None:
    fault = await ended("do:\n  - a: {set: {x: 1}, then: b}\n  - b: {set: {x: 2}, then: a}\n")
    assert fault.error is not None
    assert fault.error.title == "limit_exceeded"
    assert "20,000 transitions" in fault.error.detail


async def test_S_34_history_is_limited() -> None:
    body = "do:\n  - a: {set: {x: '${ .x }', y: '${ .x }'}, then: a}\n"
    fault = await ended(body, {"x": "x" * 1_000_000})
    assert fault.error is not None
    assert "50 MiB of history" in fault.error.detail


async def test_S_34_a_value_that_doubles_each_turn_is_refused_before_it_is_written() -> None:
    body = "do:\n  - a: {set: {x: '${ . }', y: '${ . }'}, then: a}\n"
    fault = await ended(body, {"x": "x" * 1000})
    assert fault.error is not None
    assert fault.error.title == "expression_refused"


async def test_runtime_arguments_tell_what_the_language_asks_and_no_name() -> None:
    body = """
do:
  - t: {set: {r: "${ $runtime }", w: "${ $workflow.id }", t: "${ $task }", s: "${ $workflow.startedAt }"}}
"""
    output = (await ended(body, {"v": 1})).output
    moment = {
        "iso8601": "2023-11-14T22:13:20.123Z",
        "epoch": {"seconds": 1_700_000_000, "milliseconds": 1_700_000_000_123},
    }
    assert output["r"] == {
        "name": "workflow-runtime",
        "version": "1",
        "metadata": {"tenant": "tenant-a", "environment": "test", "parameters": {"limit": 5}},
        "now": moment,
    }
    assert output["w"] == "run_1"
    assert output["s"] == moment
    assert output["t"]["reference"] == "/do/0/t"
    assert output["t"]["input"] == {"v": 1}
    assert output["t"]["definition"]["set"]["w"] == "${ $workflow.id }"


async def test_a_run_that_waits_for_nothing_cannot_be_resumed() -> None:
    interpreter, step = await begin("do:\n  - a: {set: {x: 1}}\n")
    with pytest.raises(ValueError, match="cannot be resumed"):
        await interpreter.resume(step.snapshot, Done(output=1))
