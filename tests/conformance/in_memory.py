"""A scenario in this process: the interpreter itself, a clock that jumps, real calls to the doubles."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from infra import ids
from infra.egress import Client
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.lifecycle import Event, Rendering, Subject
from services.engine.memory import TENANT, Report, Skipping, run_workflow
from services.engine.onset import begin_by
from services.engine.state import RunDescriptor
from services.protocols import table
from services.protocols.runner import Runner
from template_library.dsl import parse
from tests.conformance.doubles import Doubles
from tests.conformance.outcome import Outcome
from tests.conformance.parts import parts_of
from tests.conformance.scenario import Scenario

START: Final = 1_767_600_000_000
"""2026-01-05T08:00:00Z."""


async def run(scenario: Scenario, doubles: Doubles, evaluator: Expressions, client: Client, runner: Runner) -> Outcome:
    """Raises DocumentError where the document is refused."""
    doubles.prepare(scenario)
    text = scenario.source(doubles.url)
    workflow = parse(text, whole=True)
    await check_expressions(workflow, text, evaluator)
    nested = {
        f"conformance/{name}": parse(source, whole=True)
        for name, source in scenario.nested_sources(doubles.url).items()
    }
    parts = await parts_of(workflow, client)
    clock, run, told = Skipping(START), ids.new(), list[Event]()
    rendering = Rendering(Subject(tenant=TENANT, run=run, definition=workflow.document.identity))
    value = scenario.placed(scenario.input, doubles.url)
    events = [event(scenario.placed(one, doubles.url), number) for number, one in enumerate(scenario.events)]
    if scenario.begins_by_events and workflow.schedule is not None and workflow.schedule.on is not None:
        begun = await begin_by(workflow.schedule.on, events, evaluator, RunDescriptor(id="", tenant=""))
        value, events = begun.input, begun.rest
    report = await run_workflow(
        workflow,
        value,
        functions=table.functions(client, runner if scenario.runner else None),
        evaluator=evaluator,
        run=run,
        events=events,
        clock=clock,
        nested=nested | parts.functions,
        schemas=parts.schemas,
        secrets=scenario.secrets,
        noted=lambda line: told.extend(rendering.events(line)),
    )
    return Outcome(
        status=report.status,
        output=report.output,
        error=None if report.error is None else msgspec.to_builtins(report.error),
        ran=[entry.name for entry in report.entries if entry.kind == "task.started"],
        calls=doubles.calls(scenario),
        emitted=[each for one in (report, *report.started) for each in one.emitted],
        waited=clock.now() - START,
        started=[_beside(one) for one in report.started],
        lifecycle=told,
    )


def _beside(report: Report) -> dict[str, Any]:
    name = report.workflow.partition("/")[2].partition(":")[0]
    return {"workflow": name, "status": report.status, "output": report.output}


def event(given: dict[str, Any], number: int) -> dict[str, Any]:
    """A whole CloudEvent."""
    return {"specversion": "1.0", "id": str(number), "source": "/tests", **given}
