"""Programs in a runner: real ones, and a runner that answers as real ones may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from infra.encryption.secret import Secret
from services.engine.functions import Answer, Call, Cautious, Done, Failed, Later
from services.protocols import table
from services.protocols.exchange import Exchange
from services.protocols.runner import OUTPUT_BYTES, Runner
from tests.runner import NODE, OF_A_TASK, TOKEN, ProgramRunner

Calls = Callable[..., Call]
Serve = Callable[..., Awaitable[str]]
Run = Callable[..., Awaitable[Answer]]


async def _output(answer: Awaitable[Answer]) -> Any:
    found = await answer
    assert isinstance(found, Done), found
    return found.output


async def test_a_script_gets_arguments_environment_and_input(run: Run) -> None:
    code = "import os, sys\nprint(sys.argv[1:], os.environ['CITY'], sys.stdin.read())"
    process = {"language": "python", "code": code, "arguments": ["a b", 2], "environment": {"CITY": "Bern"}}
    assert await _output(run("script", process | {"stdin": {"n": 1}})) == "['a b', '2'] Bern {\"n\":1}\n"


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
async def test_javascript_has_its_arguments_behind_the_first_two(run: Run) -> None:
    code = "const [_, __, one, two] = process.argv;\nconsole.log(one + two)"
    assert await _output(run("script", {"language": "javascript", "code": code, "arguments": ["a", "b"]})) == "ab\n"


async def test_a_shell_command_sees_its_arguments_as_positions(run: Run) -> None:
    process = {"command": 'read line; echo "$1 $2: $line"', "arguments": ["; ls", "$(id)"], "stdin": "hello\n"}
    assert await _output(run("shell", process)) == "; ls $(id): hello\n"


@pytest.mark.parametrize(
    ("wanted", "output"),
    [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
        ("code", 0),
        ("all", {"code": 0, "stdout": "out\n", "stderr": "err\n"}),
        ("none", None),
    ],
)
async def test_return_chooses_what_is_the_output(run: Run, wanted: str, output: Any) -> None:
    assert await _output(run("shell", {"command": "echo out; echo err >&2"}, **{"return": wanted})) == output


async def test_a_failed_program_is_a_runtime_error_with_its_last_words(run: Run, fault: Any) -> None:
    answer = await run("shell", {"command": "echo no such order >&2; exit 3"})
    assert fault(answer) == ("runtime", 500)
    assert isinstance(answer, Failed)
    assert (answer.error.title, answer.error.detail) == ("The program ended with code 3", "no such order")
    assert answer.sent


@pytest.mark.parametrize(("wanted", "output"), [("code", 3), ("all", {"code": 3, "stdout": "", "stderr": ""})])
async def test_who_asks_for_the_code_decides_what_it_means(run: Run, wanted: str, output: Any) -> None:
    assert await _output(run("shell", {"command": "exit 3"}, **{"return": wanted})) == output


async def test_nobody_waits_where_the_document_does_not(run: Run, programs: ProgramRunner) -> None:
    assert await _output(run("shell", {"command": "sleep 0.1"}, **{"await": False})) is None
    assert programs.orders[0].headers["prefer"] == "respond-async"
    await programs.ended()
    assert len(programs.started) == 1


async def test_the_order_says_whose_it_is_and_what_it_may_take(run: Run, programs: ProgramRunner) -> None:
    await run("shell", {"command": "true"})
    (order,) = programs.orders
    assert order.headers["idempotency-key"] == "k" * 64
    assert order.headers["authorization"] == f"Bearer {TOKEN}"
    assert order.body == {
        "version": 1,
        "kind": "shell",
        "tenant": "ten_00000000000000000000000001",
        "run": "run_00000000000000000000000002",
        "task": "/do/0/a",
        "workflow": {"namespace": "n", "name": "w", "version": "1.0.0"},
        "await": True,
        "limits": {"seconds": 20.0, "outputBytes": OUTPUT_BYTES},
        "definition": {"command": "true"},
    }


async def test_a_container_is_asked_for_whole(run: Run, programs: ProgramRunner) -> None:
    async def answer(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.json_response({"code": 0, "stdout": "from a container", "stderr": ""})

    programs.first = answer
    process = {
        "image": "alpine",
        "command": "echo $1",
        "ports": {"8080": 80},
        "volumes": {"/a": "/b"},
        "environment": {"A": True, "B": None},
        "lifetime": {"cleanup": "eventually", "after": {"minutes": 2}},
    }
    assert await _output(run("container", process)) == "from a container"
    assert programs.orders[0].body["definition"] == {
        "image": "alpine",
        "name": f"w-{'k' * 32}.n-a",
        "command": "echo $1",
        "ports": {"8080": 80},
        "volumes": {"/a": "/b"},
        "environment": {"A": "true"},
        "lifetime": {"cleanup": "eventually", "after": 120_000},
        "pullPolicy": "ifNotPresent",
    }


async def test_the_code_of_a_source_is_fetched_and_sent(run: Run, serve: Serve) -> None:
    url = await serve({"GET /job.py": "print('from afar')"})
    assert await _output(run("script", {"language": "python", "source": {"uri": f"{url}/job.py"}})) == "from afar\n"


async def test_S_38_a_document_cannot_have_its_source_from_the_runner(run: Run, programs: ProgramRunner) -> None:
    """The token is for orders alone: a fetch of a document goes the other way, without it."""
    answer = await run("script", {"language": "python", "source": {"uri": f"{programs.url}/v1/health"}})
    assert isinstance(answer, Failed)
    assert programs.started == []


@pytest.mark.parametrize(
    "process",
    [
        {"command": 7},
        {"command": "a\0b"},
        {"command": "a", "arguments": "b"},
        {"command": "a", "arguments": ["a\0b"]},
        {"command": "a", "environment": {"A=B": "c"}},
        {"command": "a", "environment": ["A"]},
        {"command": "a" * (OUTPUT_BYTES + 1)},
    ],
)
async def test_what_no_program_can_be_given_is_never_sent(
    run: Run, programs: ProgramRunner, fault: Any, process: dict[str, Any]
) -> None:
    answer = await run("shell", process)
    assert fault(answer) == ("configuration", 400)
    assert isinstance(answer, Failed)
    assert not answer.sent
    assert programs.orders == []


async def test_a_program_that_prints_too_much_is_an_error(run: Run, fault: Any) -> None:
    answer = await run("script", {"language": "python", "code": f"print('a' * {OUTPUT_BYTES + 1})"})
    assert fault(answer) == ("runtime", 500)
    assert "more than 4 MiB" in answer.error.detail  # type: ignore[union-attr]


async def test_the_bound_holds_where_the_runner_does_not_keep_it(run: Run, programs: ProgramRunner, fault: Any) -> None:
    async def large(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.json_response({"code": 0, "stdout": "a" * OUTPUT_BYTES, "stderr": "b"})

    programs.first = large
    assert fault(await run("shell", {"command": "true"})) == ("runtime", 500)


async def test_a_program_ends_at_its_limit(run: Run, fault: Any) -> None:
    assert fault(await run("shell", {"command": "sleep 60"}, seconds=1.0)) == ("timeout", 408)


async def test_a_program_that_takes_long_is_asked_for_again_by_its_key(run: Run, programs: ProgramRunner) -> None:
    programs.patience = 0.0
    process = {"command": "cat; echo done", "stdin": "x"}
    answer = await run("shell", process)
    assert isinstance(answer, Later)
    assert (answer.reason, answer.seconds, answer.ref, answer.sent) == ("The program runs", 0.0, "runner", True)
    await programs.ended()
    assert await _output(run("shell", process)) == "xdone\n"
    assert len(programs.started) == 1


async def test_without_a_runner_every_kind_is_refused(exchange: Exchange, a_call: Calls, fault: Any) -> None:
    functions = table.functions(exchange.client)
    for kind in ("script", "shell", "container"):
        function = functions[f"run.{kind}"]
        call = a_call(f"run.{kind}", OF_A_TASK | {"process": {}})
        answer = await function(call)
        assert fault(answer) == ("configuration", 400)
        assert isinstance(answer, Failed)
        assert "the operator has configured no isolating runner" in answer.error.detail
        assert not answer.sent
        assert isinstance(function, Cautious)
        assert await function.terms(call) is None


async def test_a_kind_that_the_operator_keeps_closed_is_refused(
    exchange: Exchange, programs: ProgramRunner, a_call: Calls, fault: Any
) -> None:
    runner = Runner(programs.url, Secret(TOKEN), kinds=("script",))
    call = a_call("run.shell", OF_A_TASK | {"process": {"command": "true"}})
    assert fault(await table.functions(exchange.client, runner)["run.shell"](call)) == ("configuration", 400)
    await runner.close()
    assert programs.orders == []
