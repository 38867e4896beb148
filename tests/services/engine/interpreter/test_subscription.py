from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.engine import decisions
from services.engine.frames import Subscribing
from services.engine.functions import STANDARD_ERRORS, Done, Failed
from services.engine.waits import Effect
from tests.services.engine.interpreter.strands import AWAY, Run


def doc(consume: str, more: str = "") -> str:
    return f"""
do:
  - listen:
      call: asyncapi
      with:
        document: {{endpoint: 'https://docs.example/asyncapi.json'}}
        operation: orders
        subscription:
          {more}
          consume: {consume}
"""


def message(number: int) -> dict[str, Any]:
    return {"payload": {"n": number}}


def batch(*numbers: int, ended: bool = False) -> dict[str, Any]:
    return {"messages": [message(number) for number in numbers], "ended": ended}


async def close(run: Run) -> None:
    """The last call of a subscription that ends on this side."""
    assert run.calls()["listen"][1].arguments["subscription"]["batch"]["close"] is True
    await run.answer("listen", batch(ended=True))


async def test_messages_come_in_batches_until_there_are_enough() -> None:
    run = await Run(doc("{amount: 3}")).begin()
    asked = run.calls()["listen"][1].arguments["subscription"]["batch"]
    assert (asked["most"], asked["within"]) == (3, 5_000)
    await run.answer("listen", batch(1, 2))
    again = run.calls()["listen"][1].arguments["subscription"]["batch"]
    assert again == {**asked, "most": 1}
    await run.answer("listen", batch(3))
    await close(run)
    assert run.end.output == [message(1), message(2), message(3)]


async def test_the_time_for_it_ends_a_subscription_with_what_there_is() -> None:
    run = await Run(doc("{amount: 3, for: {seconds: 25}}")).begin()
    run.now += 20_000
    await run.answer("listen", batch(1))
    assert run.calls()["listen"][1].arguments["subscription"]["batch"]["within"] == 5_000
    run.now += 5_000
    await run.answer("listen", batch())
    await close(run)
    assert run.end.output == [message(1)]


@pytest.mark.parametrize(
    ("consume", "left"), [("{until: '${ .[1].payload.n == 1 }'}", 2), ("{while: '${ .[0].payload.n == 2 }'}", 1)]
)
async def test_a_condition_on_what_was_consumed_ends_it(consume: str, left: int) -> None:
    run = await Run(doc(consume)).begin()
    await run.answer("listen", batch(1, 1, 3))
    await close(run)
    assert len(run.end.output) == left


async def test_messages_that_the_filter_refuses_do_not_count_and_the_other_side_may_end_it() -> None:
    run = await Run(doc("{amount: 2}", "filter: '${ .payload.n == 2 }'")).begin()
    await run.answer("listen", batch(1, 2, ended=True))
    assert run.end.output == [message(2)]


async def test_foreach_has_one_message_at_a_time() -> None:
    run = await Run(
        """
do:
  - listen:
      call: asyncapi
      with:
        document: {endpoint: 'https://docs.example/asyncapi.json'}
        operation: orders
        subscription:
          consume: {amount: 2}
          foreach:
            item: one
            do: [{ask: {call: 'f:1.0.0@default', with: {n: "${ $one.payload.n }", at: "${ $index }"}}}]
            output: {as: .answer}
"""
    ).begin()
    await run.answer("listen", batch(7, 8))
    assert run.calls()["ask"][1].arguments == {"n": 7, "at": 0}
    await run.answer("ask", {"answer": "a"})
    assert run.calls()["ask"][1].arguments == {"n": 8, "at": 1}
    await run.answer("ask", {"answer": "b"})
    await close(run)
    assert run.end.output == ["a", "b"]


async def test_an_amount_that_is_none_is_an_error_of_the_task() -> None:
    run = await Run(doc("{amount: '${ .n }'}")).begin({"n": "many"})
    assert run.end.error is not None
    assert run.end.error.type == STANDARD_ERRORS + "expression"


@pytest.mark.parametrize("consume", ["{until: '${ false }'}", "{while: '${ true }'}"])
async def test_a_subscription_for_ever_remembers_nothing_of_what_was(consume: str) -> None:
    run = await Run(doc(consume, "foreach: {output: {as: .payload}}")).begin()
    for number in range(10):
        await run.answer("listen", batch(number, number))
    memory = run.step.snapshot.strands[0].frames[-1].memory
    assert isinstance(memory, Subscribing)
    assert (memory.at, memory.heard, memory.outputs, memory.queue) == (20, [], [], [])
    await run.answer("listen", batch(ended=True))
    assert run.end.output == []


async def test_a_condition_sees_the_messages_that_foreach_is_through_with() -> None:
    foreach = "foreach: {do: [{ask: {call: 'f:1.0.0@default', with: {n: '${ $item.payload.n }'}}}]}"
    run = await Run(doc("{until: '${ .[1].payload.n == 2 }'}", foreach)).begin()
    await run.answer("listen", batch(1, 2, 3, 4))
    await run.answer("ask", "a")
    await run.answer("ask", "b")
    await close(run)
    assert run.end.output == ["a", "b"]


async def test_batches_behind_the_first_let_others_have_their_turn() -> None:
    run = await Run(doc("{amount: 3}")).begin()
    ((_, first),) = run.step.snapshot.calls()
    assert not first.goes_on
    await run.answer("listen", batch())
    ((strand, second),) = run.step.snapshot.calls()
    assert second.goes_on
    rested = decisions.rested(run.step.snapshot, {strand.id}, run.now + 100)
    assert rested.due() == run.now + 100
    ((_, later),) = rested.calls()
    assert not later.goes_on


def test_a_batch_without_messages_is_not_metered() -> None:
    effect = Effect(
        function="asyncapi", arguments={"subscription": {"batch": {}}}, reference="/", iteration=1, name="l"
    )
    assert decisions.usage(effect, Done(output=batch())) == ""
    assert decisions.usage(effect, Done(output=batch(1))) == "call"
    published = replace(effect, arguments={"message": {}})
    assert decisions.usage(published, Done(output=None)) == "call"
    assert decisions.usage(effect, Failed(error=AWAY)) == "call"
    assert decisions.usage(effect, Failed(error=AWAY, sent=False)) == ""
