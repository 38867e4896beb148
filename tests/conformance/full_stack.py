"""A scenario through the product: published, deployed and started by the API, run by a worker, kept by PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from infra.database import Database, Scope
from template_library.dsl import DocumentError, parse
from template_library.dsl.readiness import PROCESSES
from tenants.identity import service as identity
from tests.conformance.doubles import Doubles
from tests.conformance.in_memory import event
from tests.conformance.outcome import Outcome
from tests.conformance.scenario import Scenario
from tests.faults.plant import Plant

_AT_ONCE: Final = 8
_CREATED: Final = frozenset({200, 201})
_STANDING: Final = frozenset({"waiting", "suspended"})
_EVENTS: Final = {"content-type": "application/cloudevents+json"}


class NotMade(AssertionError):
    """The API refused the document, or another thing; the text is its answer."""


class Through(msgspec.Struct, frozen=True):
    """What came of scenarios by id, and the address that their doubles had."""

    double: str
    outcomes: dict[str, Outcome | Exception]


def gate(scenario: Scenario) -> str:
    """Why this version does not publish the document, empty where it does."""
    try:
        processes = PROCESSES if scenario.runner else ()
        parse(scenario.source("http://127.0.0.1:1"), processes=processes)
        for source in scenario.nested_sources("http://127.0.0.1:1").values():
            parse(source)
    except DocumentError as error:
        return str(error.violations[0].message)
    return ""


async def run_all(scenarios: Iterable[Scenario], plant: Plant, doubles: Doubles) -> dict[str, Outcome | Exception]:
    """What came of each, by id. A few are under way at once; of those that get events one, since all hear them."""
    room, alone = asyncio.Semaphore(_AT_ONCE), asyncio.Lock()
    found: dict[str, Outcome | Exception] = {}
    partner = await _partner(plant)

    async def one(scenario: Scenario) -> None:
        async with room, alone if scenario.events else contextlib.nullcontext():
            try:
                # Who listens hears every event of the tenant, so each has one of its own.
                key = await _tenant(plant, partner, scenario.id) if scenario.events else plant.key
                found[scenario.id] = await _run(scenario, _Desk(plant, key), doubles)
            except Exception as error:  # noqa: BLE001 - its test tells it
                found[scenario.id] = error

    await asyncio.gather(*(one(scenario) for scenario in scenarios))
    return found


async def _partner(plant: Plant) -> str:
    """The key of a partner of the suite's own."""
    database = await Database(plant.stack.endpoints.database_url).open()
    try:
        async with database.session(Scope.operator()) as session:
            _, key = await identity.create_operator(session, "conformance", actor="test")
            await session.commit()
    finally:
        await database.close()
    operator = _Desk(plant, key)
    await operator.make("/v1/partners", {"slug": "conformance", "name": "Conformance"})
    made = await operator.make("/v1/keys", {"name": "suite", "partner": "conformance"})
    return str(made["key"])


async def _tenant(plant: Plant, partner: str, slug: str) -> str:
    """The key of a new client."""
    desk = _Desk(plant, partner)
    await desk.make("/v1/clients", {"slug": slug, "name": slug})
    made = await desk.make("/v1/keys", {"name": slug, "client": slug, "environment": "test"})
    return str(made["key"])


class _Desk:
    """Requests of the API as the holder of `key`."""

    def __init__(self, plant: Plant, key: str) -> None:
        self._plant = plant
        self._key = key

    async def get(self, path: str) -> Any:
        answer = await self._plant.request("GET", path, key=self._key)
        assert answer.status == 200, answer.body
        return msgspec.json.decode(answer.body)

    async def lifecycle(self, run: str) -> list[Any]:
        """Every event, page after page."""
        events: list[Any] = []
        path: str | None = f"/v1/runs/{run}/lifecycle?limit=20"
        while path is not None:
            answer = await self._plant.request("GET", path, key=self._key)
            assert answer.status == 200, answer.body
            events += msgspec.json.decode(answer.body)
            link = answer.headers.get("link")
            path = None if link is None else link[1 : link.index(">")]
        return events

    async def make(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self._plant.request("POST", path, body, key=self._key)
        if answer.status not in _CREATED:
            raise NotMade(answer.body.decode())
        return msgspec.json.decode(answer.body)

    async def publish(self, text: str) -> str:
        return str((await self.make("/v1/workflows", {"document": text}))["id"])

    async def send(self, given: dict[str, Any]) -> None:
        answer = await self._plant.request("POST", "/v1/events", given, headers=_EVENTS, key=self._key)
        assert answer.status == 202, answer.body


async def _run(scenario: Scenario, desk: _Desk, doubles: Doubles) -> Outcome:
    doubles.prepare(scenario)
    for source in scenario.nested_sources(doubles.url).values():
        await desk.publish(source)
    trigger = f"conformance.{scenario.id}"
    launched = scenario.minds_its_input
    workflow = await desk.publish(scenario.source(doubles.url, trigger="" if launched else trigger))
    if launched:
        workflow = await desk.publish(scenario.launcher(trigger))
    deployment = await desk.make("/v1/deployments", {"name": scenario.id, "workflow": workflow})
    data = scenario.placed(scenario.input, doubles.url)
    await desk.send({"specversion": "1.0", "id": scenario.id, "source": "/tests", "type": trigger, "data": data})
    run = await _run_of(desk, deployment["id"], scenario.id)
    for number, given in enumerate(scenario.events):
        if await _listens(desk, run):
            await desk.send(event({"id": f"{scenario.id}-{number}", **scenario.placed(given, doubles.url)}, number))
    for action in scenario.operated:
        assert await _stands(desk, run), f"nothing to {action}"
        await desk.make(f"/v1/runs/{run}/{action}", {})
    ended = await desk.get(f"/v1/runs/{run}?wait=20")
    lines = await desk.get(f"/v1/runs/{run}/journal?limit=200")
    return Outcome(
        status=ended["state"],
        output=ended["output"],
        error=ended["error"],
        ran=[line["name"] for line in lines["items"] if line["kind"] == "task.started"],
        calls=doubles.calls(scenario),
        lifecycle=await desk.lifecycle(run),
    )


async def _run_of(desk: _Desk, deployment: str, name: str) -> str:
    """Wait for the run of the workflow `name`."""
    async with asyncio.timeout(20):
        while True:
            for run in (await desk.get(f"/v1/runs?deployment={deployment}"))["items"]:
                if run["workflow"]["name"] == name:
                    return str(run["id"])
            await asyncio.sleep(0.05)


async def _listens(desk: _Desk, run: str) -> bool:
    """Wait until the run waits; False where it has ended."""
    return await _stands(desk, run, frozenset({"waiting"}))


async def _stands(desk: _Desk, run: str, states: frozenset[str] = _STANDING) -> bool:
    """Wait until the run is in one of these states; False where it has ended."""
    async with asyncio.timeout(20):
        while (seen := await desk.get(f"/v1/runs/{run}"))["state"] not in states | {"completed", "faulted"}:
            await asyncio.sleep(0.05)
    return seen["state"] in states
