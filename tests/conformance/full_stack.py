"""A scenario through the product: published, deployed and started by the API, run by a worker, kept by PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from template_library.dsl import DocumentError, parse
from tests.conformance.doubles import Doubles
from tests.conformance.in_memory import event
from tests.conformance.outcome import Outcome
from tests.conformance.scenario import Scenario
from tests.faults.plant import Plant

_AT_ONCE: Final = 6
_CREATED: Final = frozenset({200, 201})
_EVENTS: Final = {"content-type": "application/cloudevents+json"}


class NotPublished(AssertionError):
    """The API refused the document; the text is its answer."""


class Through(msgspec.Struct, frozen=True):
    """What came of scenarios by id, and the address that their doubles had."""

    double: str
    outcomes: dict[str, Outcome | Exception]


def gate(scenario: Scenario) -> str:
    """Why this version does not publish the document, empty where it does."""
    try:
        parse(scenario.source("http://127.0.0.1:1"))
        for source in scenario.nested_sources("http://127.0.0.1:1").values():
            parse(source)
    except DocumentError as error:
        return str(error.violations[0].message)
    return ""


async def run_all(scenarios: Iterable[Scenario], plant: Plant, doubles: Doubles) -> dict[str, Outcome | Exception]:
    """What came of each, by id. A few are under way at once; of those that get events one, since all hear them."""
    room, alone = asyncio.Semaphore(_AT_ONCE), asyncio.Lock()
    found: dict[str, Outcome | Exception] = {}

    async def one(scenario: Scenario) -> None:
        async with room, alone if scenario.events else contextlib.nullcontext():
            try:
                found[scenario.id] = await _run(scenario, plant, doubles)
            except Exception as error:  # noqa: BLE001 - its test tells it
                found[scenario.id] = error

    await asyncio.gather(*(one(scenario) for scenario in scenarios))
    return found


async def _run(scenario: Scenario, plant: Plant, doubles: Doubles) -> Outcome:
    doubles.prepare(scenario)
    for source in scenario.nested_sources(doubles.url).values():
        await _publish(plant, source)
    trigger = f"conformance.{scenario.id}"
    workflow = await _publish(plant, scenario.source(doubles.url, trigger=trigger))
    await _created(plant, "/v1/deployments", {"name": scenario.id, "workflow": workflow})
    first = {
        "specversion": "1.0",
        "id": scenario.id,
        "source": "/tests",
        "type": trigger,
        "data": scenario.placed(scenario.input, doubles.url),
    }
    await _send(plant, first)
    run = await _run_of(plant, scenario.id)
    for number, given in enumerate(scenario.events):
        await _until_listening(plant, run)
        await _send(plant, event(given, number) | {"id": f"{scenario.id}-{number}"})
    ended = await _get(plant, f"/v1/runs/{run}?wait=20")
    lines = await _get(plant, f"/v1/runs/{run}/journal?limit=200")
    return Outcome(
        status=ended["state"],
        output=ended["output"],
        error=ended["error"],
        ran=[line["name"] for line in lines["items"] if line["kind"] == "task.started"],
        calls=doubles.calls(scenario),
    )


async def _publish(plant: Plant, text: str) -> str:
    made = await _created(plant, "/v1/workflows", {"document": text})
    return str(made["id"])


async def _created(plant: Plant, path: str, body: dict[str, Any]) -> Any:
    answer = await plant.request("POST", path, body)
    if answer.status not in _CREATED:
        raise NotPublished(answer.body.decode())
    return msgspec.json.decode(answer.body)


async def _send(plant: Plant, given: dict[str, Any]) -> None:
    answer = await plant.request("POST", "/v1/events", given, headers=_EVENTS)
    assert answer.status == 202, answer.body


async def _run_of(plant: Plant, deployment: str) -> str:
    found = await _get(plant, f"/v1/deployments?name={deployment}")
    items = (await _get(plant, f"/v1/runs?deployment={found['items'][0]['id']}"))["items"]
    return str(items[-1]["id"])


async def _until_listening(plant: Plant, run: str) -> None:
    async with asyncio.timeout(20):
        while (seen := await _get(plant, f"/v1/runs/{run}"))["state"] != "waiting":
            assert seen["state"] in {"pending", "running"}, seen
            await asyncio.sleep(0.05)


async def _get(plant: Plant, path: str) -> Any:
    answer = await plant.request("GET", path)
    assert answer.status == 200, answer.body
    return msgspec.json.decode(answer.body)
