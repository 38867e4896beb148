"""A runner in front of `waybill workflow` and `waybill doctor`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.settings import load
from services.cli import server_checks
from tests.runner import TOKEN, ProgramRunner

_HEAD = "document: {dsl: '1.0.3', namespace: test, name: t, version: '1.0.0'}\n"


@pytest.fixture
async def runner() -> AsyncIterator[ProgramRunner]:
    async with ProgramRunner() as running:
        yield running


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "workflow.yaml"
    path.write_text(_HEAD + "do:\n  - hello: {run: {shell: {command: 'echo hello $1', arguments: ['${ .name }']}}}\n")
    return path


async def _workflow(*arguments: str, given: str = "", **settings: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.cli.main", "workflow", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**environment, "PYTHONWARNINGS": "error", **settings},
    )
    told, _ = await process.communicate(given.encode())
    return process.returncode or 0, told.decode()


async def test_a_document_that_starts_programs_runs_where_a_runner_is_set(
    document: Path, runner: ProgramRunner
) -> None:
    code, told = await _workflow(
        "run", str(document), "--json", "--input", "-", given='{"name": "you"}', **runner.environment
    )
    assert code == 0, told
    assert json.loads(told)["output"] == "hello you\n"
    code, told = await _workflow("check", str(document), **runner.environment)
    assert (code, TOKEN in told) == (0, False)


@pytest.mark.parametrize("verb", ["run", "check"])
async def test_it_is_refused_where_none_is(document: Path, verb: str) -> None:
    code, told = await _workflow(verb, str(document), "--json")
    assert code == 2
    assert "the operator has configured no isolating runner" in json.loads(told)["detail"]


async def test_a_runner_without_its_token_is_told_before_anything_runs(document: Path, runner: ProgramRunner) -> None:
    code, told = await _workflow("run", str(document), WAYBILL_RUNNER_URL=runner.url)
    assert code == 1
    assert "WAYBILL_RUNNER_TOKEN" in told
    assert runner.orders == []


async def test_the_doctor_says_whether_it_answers_and_what_helps(runner: ProgramRunner) -> None:
    none = await server_checks.runner(load({}))
    assert (none.ok, none.found) == (True, "none: documents that start programs are refused")
    ready = await server_checks.runner(load(runner.environment | {"WAYBILL_RUNNER_KINDS": "script,shell"}))
    assert (ready.ok, ready.found) == (True, "ready for script, shell")
    partly = await server_checks.runner(load(runner.environment))
    assert (partly.ok, partly.found) == (False, "starts no container")
    assert "WAYBILL_RUNNER_KINDS" in partly.help
    stranger = await server_checks.runner(load(runner.environment | {"WAYBILL_RUNNER_TOKEN": "x" * 16}))
    assert (stranger.ok, stranger.found) == (False, "answers 401")
    assert "WAYBILL_RUNNER_TOKEN" in stranger.help


async def test_the_doctor_says_where_there_is_none_at_the_address() -> None:
    async with ProgramRunner() as gone:
        settings = load(gone.environment)
    away = await server_checks.runner(settings)
    assert not away.ok
    assert away.found.startswith("unreachable: ")
    assert "WAYBILL_RUNNER_URL" in away.help
