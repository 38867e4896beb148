from __future__ import annotations

import pytest

from services.engine.functions import STANDARD_ERRORS
from tests.services.engine.interpreter.strands import AWAY, Run


async def test_a_wait_lets_its_data_pass_at_its_moment_and_not_before() -> None:
    run = await Run("do:\n  - pause: {wait: {hours: 1}}\n  - after: {set: {n: '${ .n }'}}\n").begin({"n": 1})
    assert run.step.snapshot.due() == run.now + 3_600_000
    await run.pass_time(3599.999)
    assert run.waits
    await run.pass_time(0.001)
    assert run.end.output == {"n": 1}


async def test_a_worker_that_comes_late_finds_everything_that_fell_due_in_its_order() -> None:
    run = await Run(
        """
do:
  - both:
      fork:
        branches:
          - slow: {do: [{two: {wait: {hours: 2}}}, {s: {set: {at: "${ $runtime.now.epoch.seconds }"}}}]}
          - fast: {do: [{one: {wait: {hours: 1}}}, {f: {set: {x: 1}}}]}
"""
    ).begin()
    await run.pass_time(10 * 3600)
    assert run.lines("task.completed") == ["one", "f", "fast", "two", "s", "slow", "both"]
    assert isinstance(run.end.output, list)


@pytest.mark.parametrize("length", ["{seconds: 5}", "PT5S", "${ {seconds: 5} }"])
async def test_a_timeout_interrupts_what_its_task_encloses_and_can_be_caught(length: str) -> None:
    length = f"'{length}'" if "$" in length else length
    run = await Run(
        f"""
do:
  - attempt:
      try:
        - slow:
            timeout: {{after: {length}}}
            do: [{{ask: {{call: 'f:1.0.0@default'}}}}]
      catch: {{do: [{{note: {{set: {{error: "${{ $error }}"}}}}}}]}}
"""
    ).begin()
    await run.pass_time(4.999)
    assert set(run.calls()) == {"ask"}
    await run.pass_time(0.001)
    assert run.end.output["error"] == {
        "type": STANDARD_ERRORS + "timeout",
        "status": 408,
        "title": "The time is over",
        "detail": "what was under way was interrupted",
        "instance": "/do/0/attempt/try/0/slow",
    }
    assert run.lines("task.cancelled") == ["ask"]


async def test_a_try_does_not_catch_its_own_timeout() -> None:
    run = await Run(
        """
do:
  - attempt:
      timeout: {after: {seconds: 5}}
      try: [{ask: {call: 'f:1.0.0@default'}}]
      catch: {retry: {delay: {seconds: 3}}}
"""
    ).begin()
    await run.answer("ask", AWAY)
    await run.pass_time(3)
    assert set(run.calls()) == {"ask"}
    await run.pass_time(2)
    assert run.end.error is not None
    assert run.end.error.status == 408


async def test_a_workflows_timeout_ends_the_run() -> None:
    run = await Run("timeout: {after: {seconds: 5}}\ndo:\n  - ask: {call: 'f:1.0.0@default'}\n").begin()
    await run.pass_time(5)
    assert run.end.state == "faulted"
    assert run.end.error is not None
    assert (run.end.error.status, run.end.error.instance) == (408, "")


async def test_an_answer_in_time_leaves_no_timeout_behind() -> None:
    body = "do:\n  - ask: {timeout: {after: {seconds: 5}}, call: 'f:1.0.0@default'}\n  - pause: {wait: {seconds: 9}}\n"
    run = await Run(body).begin()
    await run.answer("ask", {})
    await run.pass_time(9)
    assert run.end.state == "completed"


async def test_S_34_nothing_waits_longer_than_a_year() -> None:
    run = await Run("do:\n  - pause: {wait: '${ {days: 400} }'}\n").begin()
    assert run.end.error is not None
    assert run.end.error.type == STANDARD_ERRORS + "expression"
    assert "at most 365 days" in run.end.error.detail
