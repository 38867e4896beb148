"""A runner that is away, a worker that dies while a program runs, and an operator who takes the runner away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.embedded.ports import choose
from tests.faults.plant import Plant, end
from tests.runner import TOKEN, ProgramRunner

pytestmark = [pytest.mark.faults]

_EVENTS = {"content-type": "application/cloudevents+json"}
_SECONDS = 60.0


@pytest.fixture
async def programs() -> AsyncIterator[ProgramRunner]:
    async with ProgramRunner() as running:
        yield running


@pytest.fixture
async def planted(programs: ProgramRunner, tmp_path: Path) -> AsyncIterator[Plant]:
    """An installation with a runner, and no worker yet."""
    async with Plant(tmp_path / "home", settings=programs.environment) as plant:
        yield plant


async def _begin(plant: Plant, name: str, task: str) -> str:
    """Publish and deploy a workflow of this task, and start it; the run's id."""
    head = f"document: {{dsl: '1.0.3', namespace: tests, name: {name}, version: 1.0.0}}\n"
    trigger = f"schedule: {{on: {{one: {{with: {{type: tests.{name}}}}}}}}}\n"
    text = f"{head}{trigger}do:\n  - start: {task}\n"
    workflow = await _made(plant, "/v1/workflows", {"document": text})
    deployment = await _made(plant, "/v1/deployments", {"name": name, "workflow": workflow["id"]})
    event = {"specversion": "1.0", "id": name, "source": "/tests", "type": f"tests.{name}", "data": {}}
    answer = await plant.request("POST", "/v1/events", event, headers=_EVENTS)
    assert answer.status == 202, answer.body
    found = await plant.request("GET", f"/v1/runs?deployment={deployment['id']}")
    return str(msgspec.json.decode(found.body)["items"][0]["id"])


async def _made(plant: Plant, path: str, body: dict[str, Any]) -> Any:
    answer = await plant.request("POST", path, body)
    assert answer.status == 201, answer.body
    return msgspec.json.decode(answer.body)


async def _seen(plant: Plant, run: str, *states: str) -> Any:
    """The run, once it is in one of `states`."""
    async with asyncio.timeout(_SECONDS):
        while True:
            found = msgspec.json.decode((await plant.request("GET", f"/v1/runs/{run}")).body)
            if found["state"] in states:
                return found
            await asyncio.sleep(0.05)


async def _dies(plant: Plant) -> None:
    """A worker takes the run, and is killed with the answer in its hand."""
    worker = plant.start_worker("call.answered")
    async with asyncio.timeout(_SECONDS):
        while "crash point call.answered" not in plant.log_of(worker):
            await asyncio.sleep(0.05)
    end(worker)


async def _contents(plant: Plant) -> str:
    """Every row of every table that runs and their traces are in, as text."""
    tables = await plant.query(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'app' AND c.relkind = 'r'"
    )
    rows = [await plant.query(f"SELECT t::text AS row FROM {one['name']} t") for one in tables]  # noqa: S608 (of the catalogue)
    return "\n".join(one["row"] for found in rows for one in found)


async def test_F_01_a_program_is_not_started_twice_when_its_answer_is_lost(
    planted: Plant, programs: ProgramRunner
) -> None:
    run = await _begin(planted, "once", "{run: {shell: {command: echo hello}}}")
    await _dies(planted)
    planted.start_worker()
    found = await _seen(planted, run, "waiting", "faulted", "completed")
    assert found["waiting_for"]["kind"] == "uncertain"
    assert len(programs.started) == len(programs.orders) == 1


async def test_F_01_where_keys_are_kept_the_answer_is_asked_for_again(planted: Plant, programs: ProgramRunner) -> None:
    planted.settings["WAYBILL_RUNNER_REPEATS"] = "true"
    run = await _begin(planted, "again", "{run: {shell: {command: echo hello}}}")
    await _dies(planted)
    planted.start_worker()
    found = await _seen(planted, run, "faulted", "completed")
    assert (found["state"], found["output"]) == ("completed", "hello\n")
    assert (len(programs.started), len(programs.orders)) == (1, 2)
    assert len({one.headers["idempotency-key"] for one in programs.orders}) == 1


async def test_F_20_a_run_waits_for_a_runner_that_is_away_and_goes_on_when_it_is_back(tmp_path: Path) -> None:
    port = choose(None)
    settings = {"WAYBILL_RUNNER_URL": f"http://127.0.0.1:{port}", "WAYBILL_RUNNER_TOKEN": TOKEN}
    async with Plant(tmp_path / "home", settings=settings) as plant:
        worker = plant.start_worker()
        run = await _begin(plant, "away", "{run: {script: {language: python, code: 'print(1)'}}}")
        waiting = (await _seen(plant, run, "waiting", "faulted", "completed"))["waiting_for"]
        assert waiting["kind"] == "program"
        assert waiting["reason"] == "The isolating runner cannot be reached"
        async with ProgramRunner(port=port) as programs:
            found = await _seen(plant, run, "faulted", "completed")
            assert (found["state"], found["output"]) == ("completed", "1\n")
            assert len(programs.started) == 1
        # The address and the token are the operator's: neither is in what was stored, nor the token in any log.
        contents = await _contents(plant)
        assert "print(1)" in contents
        assert TOKEN not in contents
        assert f":{port}" not in contents
        assert TOKEN not in plant.log_of(worker)


async def test_runs_of_what_was_published_fault_when_the_runner_is_taken_away(
    planted: Plant, programs: ProgramRunner
) -> None:
    planted.start_worker(changes={"WAYBILL_RUNNER_URL": "", "WAYBILL_RUNNER_TOKEN": ""})
    run = await _begin(planted, "gone", "{run: {shell: {command: echo hello}}}")
    found = await _seen(planted, run, "faulted", "completed")
    assert found["error"]["type"].endswith("/configuration")
    assert found["error"]["instance"] == "/do/0/start"
    assert "the operator has configured no isolating runner" in found["error"]["detail"]
    assert programs.orders == []


async def test_a_program_that_takes_long_holds_no_worker(planted: Plant, programs: ProgramRunner) -> None:
    """The runner answers 202: the run waits, survives the death of its worker, and gets what came of the program."""
    programs.patience = 0.0
    planted.settings["WAYBILL_RUNNER_REPEATS"] = "true"
    end_of_it = planted.home / "go"
    worker = planted.start_worker()
    command = """'until test -e "$1"; do sleep 0.1; done; echo done'"""
    task = f"{{run: {{shell: {{command: {command}, arguments: ['{end_of_it}']}}}}}}"
    run = await _begin(planted, "long", task)
    found = await _seen(planted, run, "waiting", "faulted", "completed")
    assert (found["waiting_for"]["kind"], found["waiting_for"]["reason"]) == ("program", "The program runs")
    end(worker)
    end_of_it.touch()
    planted.start_worker()
    found = await _seen(planted, run, "faulted", "completed")
    assert (found["state"], found["output"]) == ("completed", "done\n")
    assert len(programs.started) == 1
