"""`proof-of-delivery` where two runs of one shipment began at once: each saw no hold, and both raised it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from infra import egress, ids
from services.connectors import function as connector
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.functions import Answer, Call, Function
from services.rehearsals import rehearsing, systems
from services.rehearsals.rehearsing import Stage
from services.rehearsals.systems import Doubles
from template_library import catalog, holds, scenarios, schemas
from template_library.dsl import parse
from template_library.scenarios import ClearedHold, Holds, Reply, Scenario

OTHER = ids.new()


def beside(function: Function) -> Function:
    """`function`, to which another run says the same whenever something is raised."""

    async def both(call: Call) -> Answer:
        answer = await function(call)
        if call.arguments["do"] == "raise":
            await function(msgspec.structs.replace(call, run=OTHER, key=f"{call.key}/other"))
        return answer

    return both


async def played(scenario: Scenario) -> tuple[Any, dict[str, Any]]:
    """The run's output, and what there is beside it."""
    package = catalog.builtin().find("proof-of-delivery", "1.0.0")
    workflow = parse(package.document, functions=rehearsing.FUNCTIONS)
    stage = Stage(scenario)
    stage.functions[holds.NAME] = beside(stage.holds)
    async with AsyncExitStack() as until:
        client = await until.enter_async_context(egress.Client(egress.Guard(allow_loopback=True)))
        evaluator = Expressions(await until.enter_async_context(ExpressionPool(size=1)))
        running = {
            name: await until.enter_async_context(systems.running(double, client, scenario.at))
            for name, double in scenario.connections.items()
        }
        stage.functions[connector.NAME] = Doubles(running, client, evaluator)
        parameters = schemas.with_defaults(package.parameters, scenario.parameters)
        report = await rehearsing.once(workflow, scenario, parameters, stage, evaluator)
    assert report.status == "completed", report.error
    assert stage.left() == []
    return report.output, stage.found(report.emitted)


def test_a_hold_that_another_run_raised_too_is_cleared_by_somebody() -> None:
    """Who says so first has not done it: while it stands it is asked again, and reassigned when nobody answers."""
    first = scenarios.read(catalog.builtin().find("proof-of-delivery", "1.0.0").folder)[0]
    asked = (
        Reply(outcome="cleared", values={"reason": "Told twice."}, by="sam"),
        Reply(outcome="cleared", values={"reason": "Told twice."}, by="kim", after="P2D"),
    )
    scenario = msgspec.structs.replace(
        first,
        people={"hold-kept": asked},
        holds=Holds(cleared=(ClearedHold(type="proof-of-delivery", after="P4D", by="kim"),)),
    )
    output, found = asyncio.run(played(scenario))
    assert output["invoice"]["total"] == {"amount": 77940, "currency": "USD"}
    tasks = [(one["task"], one["role"], one["by"], one["due"]) for one in found["tasks"]]
    assert tasks == [
        ("hold-kept", "logistics-desk", "sam", "2026-03-04T21:00:00Z"),
        ("hold-kept", "customer-service", "kim", "2026-03-04T21:00:00Z"),
    ]
    assert [(one["status"], one["cleared_by"]) for one in found["holds"]] == [("cleared", "kim")]
