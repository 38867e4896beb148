from __future__ import annotations

from tests.services.engine.interpreter.strands import AWAY, Run

TWO = """
do:
  - both:
      fork:
        branches:
          - left: {call: 'f:1.0.0@default', with: {a: "${ .n }"}}
          - right: {do: [{first: {call: 'f:1.0.0@default'}}, {second: {call: 'f:1.0.0@default'}}]}
  - after: {set: {sum: "${ . }"}}
"""


async def test_the_calls_of_all_branches_are_open_at_once_and_outputs_keep_the_order_of_the_branches() -> None:
    run = await Run(TWO).begin({"n": 1})
    assert set(run.calls()) == {"left", "first"}
    assert run.calls()["left"][1].arguments == {"a": 1}
    await run.answer("first", "f")
    await run.answer("second", "s")
    assert set(run.calls()) == {"left"}
    await run.answer("left", "l")
    assert run.end.output == {"sum": ["l", "s"]}


async def test_an_error_in_one_branch_ends_the_others_and_is_the_forks() -> None:
    run = await Run(TWO).begin()
    await run.answer("left", AWAY)
    assert run.end.state == "faulted"
    assert run.end.error is not None
    assert run.end.error.instance == "/do/0/both/fork/branches/0/left"
    assert run.lines("task.cancelled") == ["first", "right"]
    assert run.lines("task.faulted") == ["left", "both"]


RACE = TWO.replace("fork:\n", "fork:\n        compete: true\n")


async def test_the_first_branch_of_a_competition_wins_and_the_others_are_cancelled() -> None:
    run = await Run(RACE).begin()
    await run.answer("left", {"won": True})
    assert run.end.output == {"sum": {"won": True}}
    assert run.lines("task.cancelled") == ["first", "right"]


async def test_a_competition_is_lost_only_when_every_branch_has_failed() -> None:
    run = await Run(RACE).begin()
    await run.answer("left", AWAY)
    assert run.waits
    await run.answer("first", AWAY)
    assert run.end.state == "faulted"
    assert run.end.error is not None
    assert run.end.error.instance == "/do/0/both/fork/branches/1/right/do/0/first"


async def test_end_in_a_branch_ends_the_workflow_with_its_output() -> None:
    run = await Run(
        """
do:
  - both: {fork: {branches: [{a: {set: {x: 1}, then: end}}, {b: {call: 'f:1.0.0@default'}}]}}
  - never: {set: {y: 1}}
"""
    ).begin()
    assert run.end.output == {"x": 1}
    assert run.lines("task.cancelled") == []  # b had not begun


async def test_forks_within_forks_and_within_loops_see_the_variables_around_them() -> None:
    run = await Run(
        """
do:
  - each:
      for: {each: item, in: .items}
      do:
        - outer:
            fork:
              branches:
                - a: {fork: {branches: [{p: {set: {v: "${ $item }"}}}, {q: {set: {v: "${ $index }"}}}]}}
                - b: {call: 'f:1.0.0@default', with: {v: "${ $item }"}}
"""
    ).begin({"items": [7]})
    assert run.calls()["b"][1].arguments == {"v": 7}
    await run.answer("b", 1)
    assert run.end.output == [[{"v": 7}, {"v": 0}], 1]


async def test_each_branchs_call_has_a_key_of_its_own_and_a_loops_are_counted() -> None:
    run = await Run(
        """
do:
  - each:
      for: {in: .items}
      do: [{ask: {call: 'f:1.0.0@default'}}]
"""
    ).begin({"items": [1, 2]})
    first = run.calls()["ask"][1]
    await run.answer("ask", {})
    second = run.calls()["ask"][1]
    assert (first.reference, first.iteration) == ("/do/0/each/do/0/ask", 1)
    assert (second.reference, second.iteration) == ("/do/0/each/do/0/ask", 2)
