"""Runs a package's scenarios: the product's interpreter and connectors, on simulated systems, with people in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import msgspec

from infra import egress, ids
from infra.problems import Problem
from services.connectors import function as connector
from services.connectors.simulators.answers import Refused
from services.deadlines import function as business_time
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Function
from services.engine.memory import Played, Report, run_workflow
from services.rehearsals import checking, comparing, systems
from services.rehearsals.authority import Matrix
from services.rehearsals.clearing import Clearings
from services.rehearsals.evidence import EVIDENCE, Evidence
from services.rehearsals.holds import HoldsDesk
from services.rehearsals.linking import CROSS_REFERENCE, CrossReference
from services.rehearsals.people import People
from services.rehearsals.restarting import restarting
from services.rehearsals.systems import SIMULATED, Doubles, Running
from services.rehearsals.telling import NOTICE, Notices
from services.rehearsals.times import Calendars, Time
from template_library import holds, human_tasks, scenarios, schemas
from template_library.catalog import Package
from template_library.dsl import Workflow, parse
from template_library.dsl.durations import milliseconds
from template_library.scenarios import Scenario

FUNCTIONS: Final = (connector.NAME, human_tasks.NAME, holds.NAME, business_time.NAME, NOTICE, EVIDENCE, CROSS_REFERENCE)
PACKAGE: Final = "the package"
_PATIENCE_SECONDS: Final = 86_400.0
"""Of the scenario's time: so long an outage is waited for."""


class Verdict(msgspec.Struct, frozen=True):
    """How a scenario went; it passed when nothing is wrong."""

    name: str
    wrong: list[str]


class Stage:
    """All that a scenario runs on."""

    def __init__(self, scenario: Scenario) -> None:
        """Raises Problem, ValueError: the scenario asks for what there is not."""
        self.time = Time(scenario.at)
        calendars = Calendars(scenario.calendars, self.time)
        matrix = Matrix(scenario.authority)
        self.people = People(scenario.people, matrix, self.time, calendars)
        clearings = Clearings(scenario.holds.cleared, self.time, matrix, self.people.decided)
        self.holds = HoldsDesk(scenario.holds, self.time, clearings)
        self.notices = Notices(scenario.opted_out)
        self.evidence = Evidence(scenario.papers, self.time)
        self.entities = CrossReference(scenario.entities, scenario.connections)
        self.functions: dict[str, Function] = {
            human_tasks.NAME: self.people,
            holds.NAME: self.holds,
            business_time.NAME: calendars,
            NOTICE: self.notices,
            EVIDENCE: self.evidence,
            CROSS_REFERENCE: self.entities,
        }

    def left(self) -> list[str]:
        """What of the scenario went otherwise than was written, or never came."""
        return [*self.people.wrong, *self.people.unused(), *self.holds.left()]

    def found(self, emitted: Sequence[dict[str, Any]]) -> dict[str, Any]:
        return {
            "tasks": self.people.found(),
            "holds": self.holds.found(),
            "emitted": list(emitted),
            "notices": self.notices.found(),
            "evidence": self.evidence.found(),
            "entities": self.entities.found(),
        }


async def run_package(package: Package, parameters: dict[str, Any] | None = None) -> list[Verdict]:
    """Check the package, then run its scenarios one after the other.

    `parameters` stand where a scenario names none of its own.

    Raises:
        DocumentError: the workflow or a scenario cannot be read.
        MalformedScenario: a scenario has a wrong form.
    """
    workflow = parse(package.document, filename=str(package.folder / "workflow.yaml"), functions=FUNCTIONS)
    found = scenarios.read(package.folder)
    async with ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        await check_expressions(workflow, package.document, evaluator)
        verdicts = [Verdict(PACKAGE, checking.faults(package, workflow))]
        for one in found:
            given = msgspec.structs.replace(one, parameters={**(parameters or {}), **one.parameters})
            try:
                wrong = await _run(package, workflow, given, evaluator)
            except (Problem, Refused, ValueError) as error:
                wrong = [str(error)]
            verdicts.append(Verdict(one.name, wrong))
    return verdicts


async def _run(package: Package, workflow: Workflow, scenario: Scenario, evaluator: Expressions) -> list[str]:
    parameters = schemas.with_defaults(package.parameters, scenario.parameters)
    wrong = [f"/parameters{one.pointer}: {one.detail}" for one in schemas.check(package.parameters, parameters)]
    wrong += [
        f"no simulator for {one.connector}" for one in scenario.connections.values() if one.connector not in SIMULATED
    ]
    if wrong:
        return wrong
    stage = Stage(scenario)
    async with _systems(scenario, stage) as (client, running):
        stage.functions[connector.NAME] = Doubles(running, client, evaluator)
        before = {name: await systems.state(client, one) for name, one in running.items()}
        reports = [await once(workflow, scenario, parameters, stage, evaluator)]
        if scenario.twice == "resent":
            if scenario.again is not None:
                await stage.time.sleep(milliseconds(scenario.again.after))
            reports.append(await once(workflow, scenario.resent(), parameters, stage, evaluator))
        written = {name: await systems.state(client, one) for name, one in running.items()}
    first, second = reports[0], reports[1] if len(reports) > 1 else None
    emitted = [event for one in reports for each in (one, *one.started) for event in each.emitted]
    found = {**stage.found(emitted), "writes": written, "before": before}
    return [*comparing.compare(scenario, first, second, found), *stage.left()]


@asynccontextmanager
async def _systems(scenario: Scenario, stage: Stage) -> AsyncIterator[tuple[egress.Client, dict[str, Running]]]:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(egress.Client(egress.Guard(allow_loopback=True)))
        running = {
            name: await stack.enter_async_context(systems.running(double, client, scenario.at))
            for name, double in scenario.connections.items()
        }
        stage.time.moved += [one.system.passed for one in running.values()]
        yield client, running


async def once(
    workflow: Workflow, scenario: Scenario, parameters: dict[str, Any], stage: Stage, evaluator: Expressions
) -> Report:
    """One run, from its start as far as anything moves it."""
    started = _start(scenario, workflow)
    functions = (
        {name: restarting(one) for name, one in stage.functions.items()} if scenario.restarts else stage.functions
    )
    coming = [_event(place, one) for place, one in enumerate(scenario.events)]
    after = [one.after for one in scenario.events]
    began = stage.time.began
    return await run_workflow(
        workflow,
        scenario.input if started is None else [started],
        functions=functions,
        evaluator=evaluator,
        run=ids.new(),
        parameters=parameters,
        patience=_PATIENCE_SECONDS,
        clock=stage.time,
        events=[
            *([started] if scenario.twice is True and started is not None else []),
            *(event for event, at in zip(coming, after, strict=True) if at is None),
        ],
        played=Played(
            timed=[(began + milliseconds(at), one) for one, at in zip(coming, after, strict=True) if at is not None],
            heard=[] if started is None else [started],
            left=stage.people.left,
        ),
    )


def _start(scenario: Scenario, workflow: Workflow) -> dict[str, Any] | None:
    """The event that begins it; None where an input does."""
    if scenario.data is msgspec.UNSET:
        return None
    wanted = {} if workflow.trigger is None else workflow.trigger.attributes
    event = {"specversion": "1.0", "id": ids.show("evt", ids.new()), "source": "/tests", "type": "test"}
    return {**event, **wanted, "data": scenario.data}


def _event(place: int, one: scenarios.Coming) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": f"later-{place}", "source": one.source, "type": one.type, "data": one.data}
    return event if one.subject is None else {**event, "subject": one.subject}
