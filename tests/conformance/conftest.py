"""One double, one evaluator and one installation for all scenarios; the table of constructs at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.protocols.runner import Runner
from template_library.dsl.readiness import PROCESSES
from tests.conformance import full_stack, summary
from tests.conformance.doubles import Doubles
from tests.conformance.full_stack import Through
from tests.faults.plant import Plant
from tests.runner import ProgramRunner


@pytest.fixture(scope="session")
async def doubles() -> AsyncIterator[Doubles]:
    async with Doubles() as running:
        yield running


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as running:
        yield running


@pytest.fixture(scope="session")
async def runner() -> AsyncIterator[Runner]:
    async with ProgramRunner() as programs:
        running = Runner(programs.url, Secret(programs.token), kinds=PROCESSES)
        yield running
        await running.close()


@pytest.fixture(scope="session")
async def evaluator() -> AsyncIterator[Expressions]:
    async with ExpressionPool(size=1) as pool:
        yield Expressions(pool)


@pytest.fixture(scope="session")
async def through(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Through:
    """What came of every scenario of this session that goes through the product, run side by side."""
    chosen = [one for item in request.session.items if (one := summary.through_the_stack(item))]
    folder: Path = tmp_path_factory.mktemp("conformance") / "plant"
    # A double of its own: the same scenario may be under way in memory.
    async with Doubles() as own, ProgramRunner() as programs, Plant(folder, settings=programs.environment) as plant:
        plant.start_worker()
        return Through(own.url, await full_stack.run_all(chosen, plant, own))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say for each construct how many scenarios hold, and which way."""
    for line in summary.lines(terminalreporter):
        terminalreporter.write_line(line)
