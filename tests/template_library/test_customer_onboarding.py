"""`customer-onboarding` in an environment without a calendar: an applicant is reminded as often, by the clock."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from infra import egress
from services.connectors import function as connector
from services.deadlines import function as calendar
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call
from services.rehearsals import rehearsing, systems, times
from services.rehearsals.rehearsing import Stage
from services.rehearsals.systems import Doubles
from template_library import catalog, scenarios, schemas
from template_library.dsl import parse
from template_library.scenarios import Scenario

PACKAGE = catalog.builtin().find("customer-onboarding", "1.0.0")


async def unknown(call: Call) -> Answer:
    """As the function answers where the environment has no calendar."""
    del call
    return times.failed("configuration", "There is no such calendar", "the environment has no default calendar")


async def notices(scenario: Scenario) -> list[dict[str, Any]]:
    workflow = parse(PACKAGE.document, functions=rehearsing.FUNCTIONS)
    stage = Stage(scenario)
    stage.functions[calendar.NAME] = unknown
    async with AsyncExitStack() as until:
        client = await until.enter_async_context(egress.Client(egress.Guard(allow_loopback=True)))
        evaluator = Expressions(await until.enter_async_context(ExpressionPool(size=1)))
        running = {
            name: await until.enter_async_context(systems.running(double, client, scenario.at))
            for name, double in scenario.connections.items()
        }
        stage.functions[connector.NAME] = Doubles(running, client, evaluator)
        parameters = schemas.with_defaults(PACKAGE.parameters, scenario.parameters)
        report = await rehearsing.once(workflow, scenario, parameters, stage, evaluator)
    assert report.status == "completed", report.error
    found: list[dict[str, Any]] = stage.found(report.emitted)["notices"]
    return found


@pytest.mark.parametrize(
    "named", ["reminded again and again", "after as many reminders as are let", "without reminders"]
)
def test_an_applicant_is_reminded_by_the_clock_where_there_is_no_calendar(named: str) -> None:
    (scenario,) = (one for one in scenarios.read(PACKAGE.folder) if named in one.name)
    expected = scenario.expect.notices
    found = asyncio.run(notices(scenario))
    assert [one["notice"] for one in found] == [one["notice"] for one in expected]
