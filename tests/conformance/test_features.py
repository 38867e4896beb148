"""Each construct of the language as its reference has it, in memory and through the product."""

from __future__ import annotations

import pytest

from infra.egress import Client
from services.engine.expressions.checks import check_expressions
from services.engine.expressions.evaluator import Expressions
from services.protocols.runner import Runner
from template_library.dsl import DocumentError, parse
from tests.conformance import in_memory, summary
from tests.conformance.doubles import Doubles
from tests.conformance.full_stack import Through
from tests.conformance.outcome import differences
from tests.conformance.scenario import Scenario
from tests.marks import night


def _each(scenarios: list[Scenario]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", scenarios, ids=[one.id for one in scenarios])


@_each(summary.MEMORY)
async def test_in_memory(
    scenario: Scenario, doubles: Doubles, evaluator: Expressions, client: Client, runner: Runner
) -> None:
    found = await in_memory.run(scenario, doubles, evaluator, client, runner)
    words = differences(scenario, found, doubles.url)
    assert not words, "\n".join([scenario.name, *words])


# The first one waits until all of them have run, side by side. The night's are run in memory each time.
@pytest.mark.parametrize(
    "scenario",
    [one if one.id in summary.DAY else night(one) for one in summary.STACK],
    ids=[one.id for one in summary.STACK],
)
async def test_through_the_full_stack(scenario: Scenario, through: Through) -> None:
    found = through.outcomes[scenario.id]
    if isinstance(found, Exception):
        raise found
    words = differences(scenario, found, through.double)
    assert not words, "\n".join([scenario.name, *words])


@_each(summary.REFUSED)
async def test_is_refused(scenario: Scenario, evaluator: Expressions) -> None:
    expected = scenario.expect.refused or {}
    text = scenario.source("https://double")
    with pytest.raises(DocumentError) as caught:
        await check_expressions(parse(text, whole=True), text, evaluator)
    found = {one.pointer: one.message for one in caught.value.violations}
    assert found.keys() == expected.keys(), f"{scenario.name}: {found}"
    assert all(words in found[pointer] for pointer, words in expected.items()), f"{scenario.name}: {found}"


@_each(summary.PENDING)
@pytest.mark.xfail(reason="the engine does not do it yet", strict=True)
async def test_pending(
    scenario: Scenario, doubles: Doubles, evaluator: Expressions, client: Client, runner: Runner
) -> None:
    """When it holds, the table says so, and the line `pending` of the scenario goes."""
    found = await in_memory.run(scenario, doubles, evaluator, client, runner)
    assert not differences(scenario, found, doubles.url)
