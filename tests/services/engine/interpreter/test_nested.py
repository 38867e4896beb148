from __future__ import annotations

from tests.services.engine.interpreter.strands import AWAY, Run

INNER = """
input: {from: .order}
output: {as: {answer: "${ . }"}}
do:
  - ask: {call: 'f:1.0.0@default', with: {order: "${ . }", whole: "${ $workflow.input }"}, export: {as: '{asked: 1}'}}
"""
OUTER = """
do:
  - before: {set: {order: 7}, export: {as: '{mine: 1}'}}
  - sub: {run: {workflow: {namespace: test, name: inner, version: 1.0.0, input: {order: "${ .order }"}}}}
  - after: {set: {got: "${ . }", context: "${ $context }"}}
"""


async def test_a_nested_workflow_has_input_context_and_references_of_its_own() -> None:
    run = await Run(OUTER, {"inner": INNER}).begin()
    _, effect = run.calls()["ask"]
    assert effect.arguments == {"order": 7, "whole": {"order": 7}}
    assert effect.reference == "/do/1/sub/do/0/ask"
    await run.answer("ask", "yes")
    assert run.end.output == {"got": {"answer": "yes"}, "context": {"mine": 1}}


async def test_an_error_of_a_nested_workflow_is_the_tasks_that_runs_it() -> None:
    run = await Run(
        """
do:
  - attempt:
      try: [{sub: {run: {workflow: {namespace: test, name: inner, version: 1.0.0}}}}]
      catch: {do: [{note: {set: {at: "${ $error.instance }"}}}]}
""",
        {"inner": INNER},
    ).begin({"order": 1})
    await run.answer("ask", AWAY)
    assert run.end.output == {"at": "/do/0/attempt/try/0/sub/do/0/ask"}


async def test_end_in_a_nested_workflow_ends_that_one_alone() -> None:
    inner = "do:\n  - a: {set: {x: 1}, then: end}\n  - b: {set: {x: 2}}\n"
    run = await Run(OUTER, {"inner": inner}).begin()
    assert run.end.output["got"] == {"x": 1}


async def test_a_workflow_that_nobody_waits_for_becomes_a_run_of_its_own_once() -> None:
    body = OUTER.replace("run: {workflow", "run: {await: false, workflow")
    run = await Run(body, {"inner": INNER}).begin()
    (start,) = run.step.starts
    assert (start.program, start.input, start.key) == ("test/inner:1.0.0", {"order": 7}, "/do/1/sub|1")
    assert run.end.output["got"] == {"order": 7}


async def test_a_workflow_that_is_not_part_of_the_deployment_is_told_by_name() -> None:
    run = await Run(OUTER).begin()
    assert run.end.error is not None
    assert run.end.error.type.endswith("/configuration")
    assert "test/inner:1.0.0" in run.end.error.detail


async def test_an_emitted_event_is_the_output_and_has_the_same_id_in_every_replay() -> None:
    body = "do:\n  - e: {emit: {event: {with: {source: 'https://x.example', type: t, data: {n: '${ .n }'}}}}}\n"
    first, second = await Run(body).begin({"n": 1}), await Run(body).begin({"n": 1})
    assert first.step.emitted == [first.end.output]
    assert first.step.emitted == second.step.emitted
    assert first.end.output["data"] == {"n": 1}
    assert first.end.output["specversion"] == "1.0"
