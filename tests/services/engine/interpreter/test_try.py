from __future__ import annotations

import msgspec
import pytest

from services.engine.functions import STANDARD_ERRORS
from tests.services.engine.interpreter.strands import AWAY, Run

TRY = """
do:
  - attempt:
      try: [{ask: {call: 'f:1.0.0@default'}}]
      catch:
        errors: {with: {status: 503}}
        as: problem
        CATCH
  - after: {set: {seen: "${ . }"}}
"""


def doc(catch: str) -> str:
    return TRY.replace("CATCH", catch)


async def test_a_caught_error_is_a_variable_of_the_catchs_tasks() -> None:
    run = await Run(doc("do: [{note: {set: {error: '${ $problem }', was: '${ . }'}}}]")).begin({"n": 1})
    await run.answer("ask", AWAY)
    instance = "/do/0/attempt/try/0/ask"
    error = {"type": "https://example.com/away", "status": 503, "title": "Away", "instance": instance}
    assert run.end.output == {"seen": {"error": error, "was": {"n": 1}}}
    assert run.lines("task.caught") == ["attempt"]


async def test_an_error_that_the_filter_does_not_name_goes_on() -> None:
    run = await Run(doc("do: [{note: {set: {x: 1}}}]")).begin()
    await run.answer("ask", msgspec.structs.replace(AWAY, status=404))
    assert run.end.state == "faulted"
    assert run.lines("task.caught") == []


async def test_an_error_within_the_catch_is_not_caught_by_it() -> None:
    run = await Run(doc("do: [{again: {call: 'f:1.0.0@default'}}]")).begin()
    await run.answer("ask", AWAY)
    await run.answer("again", AWAY)
    assert run.end.state == "faulted"
    assert run.end.error is not None
    assert run.end.error.instance == "/do/0/attempt/catch/do/0/again"


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [("constant: {}", [2, 2, 2]), ("linear: {}", [2, 4, 6]), ("exponential: {}", [2, 4, 8])],
)
async def test_the_tasks_are_tried_again_after_each_pause_and_never_early(backoff: str, pauses: list[int]) -> None:
    policy = f"retry: {{delay: {{seconds: 2}}, backoff: {{{backoff}}}, limit: {{attempt: {{count: 3}}}}}}"
    run = await Run(doc(policy)).begin()
    keys = set()
    for pause in pauses:
        keys.add(run.calls()["ask"][1].iteration)
        await run.answer("ask", AWAY)
        assert not run.calls()
        await run.pass_time(pause - 0.001)
        assert not run.calls(), "a millisecond early"
        await run.pass_time(0.001)
    await run.answer("ask", AWAY)
    assert run.end.state == "faulted"
    assert len(keys) == 3, "each attempt is an effect of its own"
    assert run.lines("task.retried") == ["attempt"] * 3


async def test_tasks_of_the_catch_run_when_no_attempt_is_left() -> None:
    policy = "retry: {limit: {attempt: {count: 1}}}\n        do: [{note: {set: {gave: up}}}]"
    run = await Run(doc(policy)).begin()
    await run.answer("ask", AWAY)
    await run.pass_time(0)
    await run.answer("ask", AWAY)
    assert run.end.output == {"seen": {"gave": "up"}}


async def test_retries_end_with_the_time_that_is_given_them() -> None:
    policy = "retry: {delay: {seconds: 4}, limit: {duration: {seconds: 10}}}"
    run = await Run(doc(policy)).begin()
    for _ in range(2):
        await run.answer("ask", AWAY)
        await run.pass_time(4)
    await run.answer("ask", AWAY)
    assert run.end.state == "faulted"


async def test_jitter_lies_in_its_range_and_is_the_same_in_every_replay() -> None:
    policy = "retry: {delay: {seconds: 1}, jitter: {from: {seconds: 1}, to: {seconds: 3}}}"
    found = set()
    for _ in range(2):
        run = await Run(doc(policy)).begin()
        await run.answer("ask", AWAY)
        due = run.step.snapshot.due()
        assert due is not None
        found.add(due - run.now)
    assert len(found) == 1
    assert 2000 <= found.pop() <= 4000


async def test_except_when_lets_an_error_pass() -> None:
    run = await Run(doc('exceptWhen: $problem.title == "Away"')).begin()
    await run.answer("ask", AWAY)
    assert run.end.state == "faulted"


async def test_an_error_in_a_fork_inside_is_caught_after_its_branches_are_cancelled() -> None:
    run = await Run(
        """
do:
  - attempt:
      try:
        - both: {fork: {branches: [{a: {call: 'f:1.0.0@default'}}, {b: {call: 'f:1.0.0@default'}}]}}
      catch: {do: [{note: {set: {caught: "${ $error.status }"}}}]}
"""
    ).begin()
    await run.answer("a", AWAY)
    assert run.end.output == {"caught": 503}
    assert run.lines("task.cancelled") == ["b"]


@pytest.mark.parametrize("catch", ["{retry: {delay: {milliseconds: 1}}}", "{do: [{on: {set: {x: 1}}}]}"])
async def test_S_34_the_limit_of_transitions_is_caught_by_nothing(catch: str) -> None:
    tried = "[{ask: {call: 'f:1.0.0@default'}}, {more: {set: {x: 1}}}]"
    run = await Run(f"do:\n  - attempt: {{try: {tried}, catch: {catch}}}\n").begin()
    full = msgspec.structs.replace(run.step.snapshot, transitions=20_000)
    run.step = msgspec.structs.replace(run.step, snapshot=full)
    await run.answer("ask", {})
    assert run.end.error is not None
    assert run.end.error.type == STANDARD_ERRORS + "runtime"
    assert run.end.error.title == "limit_exceeded"
