"""A scenario of a template with a real Tryton in place of its simulated ERP."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec

from services.connectors import function as connector
from services.connectors.simulators import systems as simulators
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.memory import Report
from services.rehearsals import rehearsing, systems
from services.rehearsals.systems import Running
from template_library import scenarios, schemas
from template_library.catalog import Package
from template_library.dsl import parse
from tests.counterparts.tryton.conftest import Erp

ERP = "erp"


class Told(msgspec.Struct):
    """How it went, and the tasks that people had."""

    report: Report
    tasks: list[dict[str, Any]]


async def played(package: Package, scenario: str, erp: Erp, folder: Path, parameters: dict[str, Any]) -> Told:
    """`scenario`: the name of its file. `folder`: for the simulated systems beside it."""
    files = sorted((package.folder / "tests").glob("*.yaml"))
    one = scenarios.read(package.folder)[[file.stem for file in files].index(scenario)]
    workflow = parse(package.document, functions=rehearsing.FUNCTIONS)
    stage = rehearsing.Stage(one)
    given = schemas.with_defaults(package.parameters, {**one.parameters, **parameters})
    async with AsyncExitStack() as until, ExpressionPool(size=1) as pool:
        evaluator = Expressions(pool)
        running = {
            name: await until.enter_async_context(systems.running(double, erp.client, one.at))
            for name, double in one.connections.items()
            if name != ERP
        }
        # Nobody asks this one for its state, nor lets time pass for it.
        unasked = simulators.start("erp", folder / "unasked", None)
        until.callback(unasked.close)
        running[ERP] = Running(connection=erp.connection(erp._port), url="", token="", system=unasked)
        stage.functions[connector.NAME] = systems.Doubles(running, erp.client, evaluator)
        report = await rehearsing.once(workflow, one, given, stage, evaluator)
    return Told(report, stage.people.found())
