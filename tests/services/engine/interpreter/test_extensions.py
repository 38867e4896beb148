from __future__ import annotations

import pytest

from tests.services.engine.interpreter.strands import AWAY, Run


def doc(extension: str, then: str = "") -> str:
    return f"""
use: {{extensions: [{{watch: {extension}}}]}}
do:
  - ask: {{call: 'f:1.0.0@default', with: {{n: "${{ .n }}"}}}}
  - after: {{set: {{got: "${{ . }}"}}}}
{then}"""


AROUND = (
    "{extend: call, before: [{tell: {emit: {event: {with: {source: 'https://x.example', type: before,"
    " data: '${ $task.name }'}}}}}], after: [{told: {emit: {event: {with: {source: 'https://x.example',"
    " type: after, data: '${ . }'}}}}}]}"
)


async def test_lists_around_a_task_change_nothing_of_its_data() -> None:
    run = await Run(doc(AROUND)).begin({"n": 1})
    assert run.calls()["ask"][1].arguments == {"n": 1}
    await run.answer("ask", "yes")
    assert run.end.output == {"got": "yes"}
    assert [(event["type"], event["data"]) for event in run.step.emitted] == [("before", "ask"), ("after", "yes")]
    assert run.lines("task.completed") == ["tell", "told", "ask", "after"]


async def test_exit_before_a_task_leaves_it_out() -> None:
    run = await Run(doc("{extend: call, before: [{mock: {set: {mocked: true}, then: exit}}]}")).begin()
    assert run.end.output == {"got": {"mocked": True}}


@pytest.mark.parametrize(("when", "mocked"), [('$task.name == "ask"', True), ('$task.name == "other"', False)])
async def test_a_condition_says_which_tasks_are_extended(when: str, mocked: bool) -> None:  # noqa: FBT001
    extension = f"{{extend: all, when: '{when}', before: [{{mock: {{set: {{mocked: true}}, then: exit}}}}]}}"
    run = await Run(doc(extension)).begin()
    assert run.waits is not mocked


async def test_every_extension_of_a_task_has_its_turn_and_none_extends_another() -> None:
    run = await Run(
        """
use:
  extensions:
    - one: {extend: all, before: [{a: {set: {x: 1}}}], after: [{b: {set: {x: 1}}}]}
    - two: {extend: set, before: [{c: {set: {x: 1}}}], after: [{d: {set: {x: 1}}}]}
do:
  - t: {set: {y: 2}}
"""
    ).begin()
    assert run.lines("task.started") == ["t", "a", "c", "b", "d"]
    assert run.end.output == {"y": 2}


async def test_an_error_in_an_extension_is_its_tasks() -> None:
    run = await Run(doc("{extend: call, before: [{check: {call: 'g:1.0.0@default'}}]}")).begin()
    await run.answer("check", AWAY)
    assert run.end.error is not None
    assert run.end.error.instance == "/do/0/ask/extensions/watch/before/0/check"
    assert run.lines("task.faulted") == ["check", "ask"]


async def test_a_call_before_a_task_inside_a_loop_is_an_effect_of_each_turn() -> None:
    run = await Run(
        """
use: {extensions: [{watch: {extend: set, before: [{check: {call: 'g:1.0.0@default'}}]}}]}
do:
  - each:
      for: {in: .items}
      do: [{mark: {set: {v: "${ $item }"}}}]
"""
    ).begin({"items": [1, 2]})
    assert run.calls()["check"][1].iteration == 1
    await run.answer("check", {})
    assert run.calls()["check"][1].iteration == 2
    await run.answer("check", {})
    assert run.end.output == {"v": 2}
