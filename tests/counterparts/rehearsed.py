"""A template with people in memory, on real systems where a test has them, and simulators for the rest."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from infra.egress import Client
from services.connectors import function as connector
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators import systems as simulators
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Done
from services.engine.memory import Report
from services.rehearsals import rehearsing, systems
from services.rehearsals.rehearsing import Stage
from services.rehearsals.systems import Doubles, Running
from template_library import catalog, schemas
from template_library.dsl import parse
from template_library.scenarios import Double, Scenario


class Rehearsed:
    """What came of a scenario. `found`: its tasks, holds, emitted events and notices; `written`: by simulator."""

    def __init__(self, report: Report, found: dict[str, Any], written: dict[str, Any]) -> None:
        self.report = report
        self.found = found
        self.written = written

    @property
    def output(self) -> dict[str, Any]:
        """Of a run that ended well."""
        assert self.report.status == "completed", self.report.error
        output: dict[str, Any] = self.report.output
        return output


Act = Callable[[dict[str, Any]], Awaitable[None]]
"""What people do in a real system when it has answered so."""


class _Attended(Doubles):
    """With people who do something behind an operation."""

    behind: Mapping[str, Act]

    async def __call__(self, call: Call) -> Answer:
        answer = await super().__call__(call)
        act = self.behind.get(call.arguments["operation"])
        if act is not None and isinstance(answer, Done):
            await act(answer.output)
        return answer


async def rehearse(
    name: str,
    scenario: Scenario,
    client: Client,
    real: dict[str, OpenConnection],
    *,
    behind: Mapping[str, Act] | None = None,
) -> Rehearsed:
    """The newest version of the template; `real` are the real systems, by connection. The rest is the scenario's.

    `behind`: by operation, what people do once it was well.
    """
    package = catalog.builtin().find(name)
    workflow = parse(package.document, functions=rehearsing.FUNCTIONS)
    stage = Stage(scenario)
    async with AsyncExitStack() as until:
        evaluator = Expressions(await until.enter_async_context(ExpressionPool(size=1)))
        running = {
            place: await until.enter_async_context(systems.running(double, client, scenario.at))
            for place, double in scenario.connections.items()
        }
        # Nobody asks this one for its state, nor lets time pass for it.
        unasked = simulators.start("erp", Path(until.enter_context(tempfile.TemporaryDirectory())) / "books", None)
        until.callback(unasked.close)
        whole = {place: Running(connection, "", "", unasked) for place, connection in real.items()} | running
        doubles = _Attended(whole, client, evaluator)
        doubles.behind = behind or {}
        stage.functions[connector.NAME] = doubles
        parameters = schemas.with_defaults(package.parameters, scenario.parameters)
        report = await rehearsing.once(workflow, scenario, parameters, stage, evaluator)
        written = {place: await systems.state(client, one) for place, one in running.items()}
    assert stage.left() == [], report.error
    return Rehearsed(report, stage.found(report.emitted), written)


def simulated(*names: str) -> dict[str, Double]:
    """Connections to simulators, each by the simulator's name."""
    return {name: Double(connector=simulators.KINDS[name].connector) for name in names}
