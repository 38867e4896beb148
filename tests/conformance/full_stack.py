"""A scenario through the product: published, deployed and started by the API, run by a worker, kept by PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from infra.database import Database, Scope
from template_library.dsl import DocumentError, parse
from template_library.dsl.readiness import PROCESSES
from tenants.identity import service as identity
from tests.conformance import scheduled
from tests.conformance.desk import Desk
from tests.conformance.doubles import Doubles
from tests.conformance.in_memory import event
from tests.conformance.outcome import Outcome
from tests.conformance.scenario import Scenario
from tests.faults.plant import Plant
from tests.first_keys import first_keys
from tests.patience import PATIENCE, Pauses

_AT_ONCE: Final = 8
_STANDING: Final = frozenset({"waiting", "suspended"})


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
        # Who listens hears every event of the tenant, and what a tenant has is what the run emitted.
        is_apart = bool(scenario.events or scenario.expect.emitted is not None)
        async with room, alone if scenario.events else contextlib.nullcontext():
            try:
                key = await _tenant(plant, partner, scenario.id) if is_apart else plant.key
                found[scenario.id] = await _run(scenario, Desk(plant, key), doubles)
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
    operator = Desk(plant, key)
    await operator.make("/v1/partners", {"slug": "conformance", "name": "Conformance"})
    made = await operator.make("/v1/keys", {"name": "suite", "partner": "conformance"})
    return str(made["key"])


async def _tenant(plant: Plant, partner: str, slug: str) -> str:
    """The key of a new client."""
    desk = Desk(plant, partner)
    await desk.make("/v1/clients", {"slug": slug, "name": slug})
    (key,) = await first_keys(plant.stack.endpoints.database_url, f"conformance/{slug}/test")
    return key


async def _run(scenario: Scenario, desk: Desk, doubles: Doubles) -> Outcome:
    doubles.prepare(scenario)
    for source in scenario.nested_sources(doubles.url).values():
        await desk.publish(source)
    trigger = f"conformance.{scenario.id}"
    launched = scenario.minds_its_input and not scenario.begins_by_events
    workflow = await desk.publish(scenario.source(doubles.url, trigger="" if launched else trigger))
    if launched:
        workflow = await desk.publish(scenario.launcher(trigger))
    bound = {
        name: await desk.connect(f"{scenario.id}-{name.lower()}", doubles.url, one)
        for name, one in scenario.secrets.items()
    }
    deployment = await desk.make("/v1/deployments", {"name": scenario.id, "workflow": workflow, "bindings": bound})
    if scenario.clock:
        run, runs = await scheduled.last_run(desk, deployment["id"], scenario)
        return await _outcome(scenario, desk, doubles, deployment["id"], run, runs)
    run = await _begun(scenario, desk, deployment["id"], doubles.url)
    for action in scenario.operated:
        assert await _stands(desk, run), f"nothing to {action}"
        await desk.make(f"/v1/runs/{run}/{action}", {})
    return await _outcome(scenario, desk, doubles, deployment["id"], run)


async def _outcome(
    scenario: Scenario, desk: Desk, doubles: Doubles, deployment: str, run: str, runs: int | None = None
) -> Outcome:
    ended = await desk.get(f"/v1/runs/{run}?wait=20")
    lines = (await desk.get(f"/v1/runs/{run}/journal?limit=200"))["items"]
    known = {scenario.id, *(f"{scenario.id}-{number}" for number in range(len(scenario.events)))}
    return Outcome(
        status=ended["state"],
        output=ended["output"],
        error=ended["error"],
        ran=[line["name"] for line in lines if line["kind"] == "task.started"],
        calls=doubles.calls(scenario),
        emitted=None if scenario.expect.emitted is None else await desk.emitted(run, known),
        lasted=_milliseconds(lines[0]["at"], lines[-1]["at"]) if lines else None,
        started=await _started(desk, deployment, scenario, run),
        runs=runs,
        lifecycle=await desk.lifecycle(run),
    )


def _milliseconds(first: str, last: str) -> int:
    return round((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() * 1000)


async def _started(desk: Desk, deployment: str, scenario: Scenario, run: str) -> list[dict[str, Any]] | None:
    """The runs beside `run`, when they have ended, by the names of their workflows."""
    if scenario.expect.started is None:
        return None
    beside: list[Any] = []
    own = {run, f"{scenario.id}-launcher"}
    looks = Pauses()
    async with asyncio.timeout(PATIENCE):
        while len(beside) < len(scenario.expect.started) or not all(one["ended_at"] for one in beside):
            await looks.pause()
            found = (await desk.get(f"/v1/runs?deployment={deployment}"))["items"]
            beside = [one for one in found if not own & {one["id"], one["workflow"]["name"]}]
    whole = [await desk.get(f"/v1/runs/{one['id']}") for one in reversed(beside)]
    return [{"workflow": one["workflow"]["name"], "status": one["state"], "output": one["output"]} for one in whole]


async def _begun(scenario: Scenario, desk: Desk, deployment: str, double: str) -> str:
    """The run, with its events sent: before it where they begin it, else each when it listens."""
    given = [
        event({"id": f"{scenario.id}-{number}", **scenario.placed(one, double)}, number)
        for number, one in enumerate(scenario.events)
    ]
    if scenario.begins_by_events:
        for one in given:
            await desk.send(one)
        return await _run_of(desk, deployment, scenario.id)
    trigger, data = f"conformance.{scenario.id}", scenario.placed(scenario.input, double)
    await desk.send({"specversion": "1.0", "id": scenario.id, "source": "/tests", "type": trigger, "data": data})
    run = await _run_of(desk, deployment, scenario.id)
    for one in given:
        if await _listens(desk, run):
            await desk.send(one)
    return run


async def _run_of(desk: Desk, deployment: str, name: str) -> str:
    """Wait for the run of the workflow `name`."""
    looks = Pauses()
    async with asyncio.timeout(PATIENCE):
        while True:
            for run in reversed((await desk.get(f"/v1/runs?deployment={deployment}"))["items"]):
                if run["workflow"]["name"] == name:
                    return str(run["id"])
            await looks.pause()


async def _listens(desk: Desk, run: str) -> bool:
    """Wait until the run waits; False where it has ended."""
    return await _stands(desk, run, frozenset({"waiting"}))


async def _stands(desk: Desk, run: str, states: frozenset[str] = _STANDING) -> bool:
    """Wait until the run is in one of these states; False where it has ended."""
    looks = Pauses()
    async with asyncio.timeout(PATIENCE):
        while (seen := await desk.get(f"/v1/runs/{run}"))["state"] not in states | {"completed", "faulted"}:
            await looks.pause()
    return seen["state"] in states
