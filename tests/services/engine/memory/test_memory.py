from __future__ import annotations

from typing import Any
from uuid import UUID

from services.engine import decisions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Done, ErrorDetails, Function, Later
from services.engine.memory import Report, Skipping, run_workflow
from template_library.dsl import parse

BODY = """
document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}
do:
  - ask: {call: 'ask:1.0.0@default', with: {n: "${ .n + 1 }"}}
  - stop: {if: .refused, raise: {error: {type: 'https://example.com/no', status: 409, title: Refused}}}
  - done: {set: {answer: "${ .n * 2 }"}}
"""


async def run(functions: dict[str, Function], value: Any, *, patience: float = 5.0) -> Report:
    async with ExpressionPool(size=1) as pool:
        return await run_workflow(
            parse(BODY),
            value,
            functions=functions,
            evaluator=Expressions(pool),
            run=UUID(int=7),
            patience=patience,
        )


async def test_a_run_calls_its_functions_and_reports_its_tasks() -> None:
    calls: list[Call] = []

    async def ask(call: Call) -> Answer:
        calls.append(call)
        return Done(output=call.arguments)

    report = await run({"ask:1.0.0@default": ask}, {"n": 1})
    assert (report.status, report.output) == ("completed", {"answer": 4})
    assert [(task.name, task.reference, task.status) for task in report.tasks] == [
        ("ask", "/do/0/ask", "completed"),
        ("done", "/do/2/done", "completed"),
    ]
    assert len(calls[0].key) == 64


async def test_a_function_that_asks_for_later_is_called_again_with_the_same_key() -> None:
    calls: list[Call] = []

    async def ask(call: Call) -> Answer:
        calls.append(call)
        if len(calls) < 3:
            return Later(reason="busy", ref="host", error=ErrorDetails(type="https://example.com/l", status=503))
        return Done(output={"n": 1, "refused": True})

    report = await run({"ask:1.0.0@default": ask}, {"n": 1}, patience=60.0)
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert len({call.key for call in calls}) == 1
    assert report.status == "faulted"
    assert report.error is not None
    assert (report.error.status, report.error.instance) == (409, "/do/1/stop")
    assert report.tasks[-1].status == "faulted"


async def test_without_patience_the_reason_for_waiting_becomes_the_error() -> None:
    async def ask(call: Call) -> Answer:
        del call
        error = ErrorDetails(type="https://example.com/l", status=503)
        return Later(reason="busy", ref="host", error=error, seconds=10)

    report = await run({"ask:1.0.0@default": ask}, {"n": 1}, patience=1.0)
    assert report.status == "faulted"
    assert report.error is not None
    assert (report.error.status, report.error.instance) == (503, "/do/0/ask")


async def test_an_unknown_function_faults_the_run() -> None:
    report = await run({}, {"n": 1})
    assert report.error is not None
    assert report.error.type.endswith("/configuration")


HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"


async def hearing(body: str, events: list[dict[str, Any]]) -> Report:
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        workflow = parse(HEAD + body)
        return await run_workflow(
            workflow,
            {},
            functions={},
            evaluator=evaluator,
            run=UUID(int=7),
            events=events,
            clock=Skipping(1_000),
            nested={"test/t:1.0.0": workflow},
        )


def event(number: str, data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": number, "source": "/s", "type": "a", "data": data}


TWO = "do: [{hear: {listen: {to: {any: [{with: {type: a}}], until: '. | length == 2'}}}}]\n"


async def test_an_event_given_twice_counts_once_as_the_intake_counts_it() -> None:
    assert (await hearing(TWO, [event("1", 1), event("1", 1)])).status == "waiting"
    assert (await hearing(TWO, [event("1", 1), event("1", 1), event("2", 2)])).output == [1, 2]


async def test_an_emitted_event_is_not_heard_by_a_listener_that_begins_after_a_wait() -> None:
    """In the product it found no subscription, and the run that wakes up looks no further back than its claim."""
    tell = "{tell: {emit: {event: {with: {source: /s, type: a}}}}}"
    hear = "{hear: {listen: {to: {one: {with: {type: a}}}}}}"
    assert (await hearing(f"do: [{tell}, {hear}]\n", [])).status == "completed"
    assert (await hearing(f"do: [{tell}, {{rest: {{wait: PT1H}}}}, {hear}]\n", [])).status == "waiting"


async def test_S_34_a_run_that_hears_itself_for_ever_comes_to_an_end() -> None:
    body = """do:
  - tell: {emit: {event: {with: {source: /s, type: a}}}}
  - hear:
      listen: {to: {any: [{with: {type: a}}], until: '${ false }'}}
      foreach: {do: [{again: {emit: {event: {with: {source: /s, type: a}}}}}]}
"""
    report = await hearing(body, [])
    assert report.status == "waiting"
    assert sum(entry.kind == "event.consumed" for entry in report.entries) == decisions.DEEPEST
