from __future__ import annotations

from collections.abc import Awaitable, Callable

from services.engine.frames import Hearing
from services.engine.listener import caught_up
from services.engine.state import Step
from tests.services.engine.interpreter.strands import START, Run


async def test_an_event_that_passes_the_filter_ends_the_listening_and_others_do_not() -> None:
    run = await Run("do:\n  - l: {listen: {to: {one: {with: {type: paid, data: '${ .amount == 5 }'}}}}}\n").begin()
    assert run.step.snapshot.listens()
    await run.hear("shipped", {"amount": 5})
    await run.hear("paid", {"amount": 4})
    assert run.waits
    await run.hear("paid", {"amount": 5})
    assert run.end.output == [{"amount": 5}]


async def test_an_attribute_may_come_from_the_runs_own_data() -> None:
    body = "do:\n  - l: {listen: {to: {one: {with: {subject: '${ $workflow.input.order }'}}}}}\n"
    run = await Run(body).begin({"order": "o-1"})
    await run.hear("paid", 1, subject="o-2")
    assert run.waits
    await run.hear("paid", 2, subject="o-1")
    assert run.end.output == [2]


ALL = """
do:
  - l:
      listen:
        to:
          all:
            - {with: {type: a}, correlate: {order: {from: .order}}}
            - {with: {type: b}, correlate: {order: {from: .order}}}
"""


async def test_all_wants_each_of_its_events_and_the_first_says_what_the_others_belong_to() -> None:
    run = await Run(ALL).begin()
    await run.hear("b", {"order": 1})
    await run.hear("b", {"order": 1})
    await run.hear("a", {"order": 2})
    assert run.waits
    await run.hear("a", {"order": 1})
    assert run.end.output == [{"order": 1}, {"order": 1}]


async def test_a_correlation_may_say_what_it_expects() -> None:
    body = "do:\n  - l: {listen: {to: {one: {with: {type: a}, correlate: {k: {from: .k, expect: '${ .k }'}}}}}}\n"
    run = await Run(body).begin({"k": 2})
    await run.hear("a", {"k": 1})
    assert run.waits
    await run.hear("a", {"k": 2})
    assert run.end.output == [{"k": 2}]


async def test_what_ends_the_listening_is_no_part_of_the_output() -> None:
    body = "do:\n  - l: {listen: {to: {any: [{with: {type: a}}], until: {one: {with: {type: z}}}}}}\n"
    run = await Run(body).begin()
    for kind in ("a", "a", "z"):
        await run.hear(kind, kind)
    assert run.end.output == ["a", "a"]


EACH = """
do:
  - l:
      listen: {to: {any: [{with: {type: a}}], until: {one: {with: {type: z}}}}}
      foreach:
        item: event
        at: place
        do: [{ask: {call: 'f:1.0.0@default', with: {event: "${ $event }", place: "${ $place }"}}}]
"""


async def test_events_wait_in_line_while_foreach_is_busy_with_one() -> None:
    run = await Run(EACH).begin()
    await run.hear("a", 1)
    await run.hear("a", 2)
    await run.hear("z")
    assert run.calls()["ask"][1].arguments == {"event": 1, "place": 0}
    await run.answer("ask", "first")
    assert run.calls()["ask"][1].arguments == {"event": 2, "place": 1}
    await run.answer("ask", "second")
    assert run.end.output == ["first", "second"]


async def test_who_listens_for_ever_keeps_nothing_of_what_was() -> None:
    run = await Run(
        """
do:
  - l:
      listen: {to: {any: [], until: '${ false }'}}
      foreach: {do: [{s: {set: {x: 1}}}]}
"""
    ).begin()
    sizes = set()
    for _ in range(5):
        await run.hear("a", "x" * 1000)
        sizes.add(len(run.step.snapshot.strands[0].frames[1].memory.heard))  # type: ignore[union-attr]
    assert run.waits
    assert sizes == {0}


async def test_a_listener_beside_a_call_hears_while_the_call_is_open() -> None:
    run = await Run(
        """
do:
  - both:
      fork:
        branches:
          - hear: {listen: {to: {one: {with: {type: a}}}}}
          - ask: {call: 'f:1.0.0@default'}
"""
    ).begin()
    await run.hear("a", 1)
    assert set(run.calls()) == {"ask"}
    await run.answer("ask", 2)
    assert run.end.output == [[1], 2]


async def test_a_timeout_ends_a_listening_and_later_events_change_nothing() -> None:
    body = "do:\n  - l: {timeout: {after: {hours: 1}}, listen: {to: {one: {with: {type: a}}}}}\n"
    run = await Run(body).begin()
    await run.pass_time(3600)
    assert run.end.state == "faulted"
    assert not run.step.snapshot.listens()


async def test_who_listens_for_ever_remembers_nothing_of_what_was() -> None:
    body = "do:\n  - l: {listen: {to: {any: [{with: {type: a}}], until: '${ false }'}}, foreach: {output: {as: .n}}}\n"
    run = await Run(body).begin()
    for number in range(30):
        await run.hear("a", {"n": number})
    memory = run.step.snapshot.strands[0].frames[-1].memory
    assert isinstance(memory, Hearing)
    assert (memory.at, memory.heard, memory.places, memory.outputs, memory.queue) == (30, [], [], [], [])


async def test_what_was_due_before_an_event_came_is_done_and_what_was_due_later_is_not() -> None:
    body = """
do:
  - both:
      fork:
        branches:
          - nap: {wait: {seconds: 1}}
          - hear: {listen: {to: {one: {with: {type: a}}}}, timeout: {after: {seconds: 2}}}
"""
    run = await Run(body).begin()
    came = START + 1_500

    async def move(step: Callable[[], Awaitable[Step]]) -> Step:
        return await step()

    run.step = await caught_up(run.interpreter, run.step, came, move)
    assert run.lines("task.completed") == ["nap"]
    run.now = START + 5_000
    await run.hear("a", 1)
    assert run.end.output == [{}, [1]]
