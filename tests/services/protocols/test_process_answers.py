"""What a runner may answer, and what becomes of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from infra.encryption.secret import Secret
from services.engine.functions import Answer, Call, Failed, Later
from services.protocols import table
from services.protocols.exchange import Exchange
from services.protocols.runner import Runner
from tests.runner import OF_A_TASK, TOKEN, ProgramRunner

Calls = Callable[..., Call]
Serve = Callable[..., Awaitable[str]]
Run = Callable[..., Awaitable[Answer]]


@pytest.mark.parametrize("status", [401, 403, 404, 405, 429, 503])
async def test_a_runner_that_starts_nothing_now_is_waited_for(run: Run, programs: ProgramRunner, status: int) -> None:
    async def no(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.json_response({}, status=status, headers={"Retry-After": "7"})

    programs.first = no
    answer = await run("shell", {"command": "true"})
    assert isinstance(answer, Later)
    assert (answer.seconds, answer.sent, answer.error.status) == (7.0, False, 503)


@pytest.mark.parametrize(("repeats", "kind"), [(False, Failed), (True, Later)])
@pytest.mark.parametrize("status", [0, 500, 502, 504])
async def test_an_answer_that_is_lost_is_asked_for_again_only_where_keys_are_kept(
    run: Run,
    programs: ProgramRunner,
    repeats: bool,  # noqa: FBT001 (a case)
    kind: type[Answer],
    status: int,
) -> None:
    async def lost(request: web.Request, __: dict[str, Any]) -> web.Response:
        if not status and request.transport is not None:
            request.transport.abort()
        return web.json_response({}, status=status or 200)

    programs.first = lost
    answer = await run("shell", {"command": "true"}, repeats=repeats)
    assert isinstance(answer, kind)
    assert isinstance(answer, Failed | Later)
    assert answer.sent
    assert len(programs.orders) == 1
    assert repeats or answer.error.title == "The outcome is unknown"


async def test_a_refusal_is_told_without_the_token(
    run: Run, programs: ProgramRunner, fault: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def no(request: web.Request, __: dict[str, Any]) -> web.Response:
        return web.json_response({"detail": f"no image for {request.headers['Authorization']}"}, status=422)

    programs.first = no
    with caplog.at_level(logging.DEBUG):
        answer = await run("container", {"image": "x"})
    assert fault(answer) == ("configuration", 400)
    assert answer.error.detail == "no image for Bearer ***"  # type: ignore[union-attr]
    assert TOKEN not in caplog.text


_DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"code": "0"}',
        b'{"code": 0, "stdout": "a"}',
        b'{"code": 99999999999, "stdout": "", "stderr": ""}',
        b'{"x": ' + _DEEP + b', "code": 0, "stdout": "", "stderr": ""}',
        b"\xff",
    ],
    ids=["nothing", "list", "text", "half", "immense", "deep", "bytes"],
)
async def test_an_answer_that_is_no_result_is_unreadable(
    run: Run, programs: ProgramRunner, fault: Any, body: bytes
) -> None:
    async def odd(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.Response(body=body)

    programs.first = odd
    assert fault(await run("shell", {"command": "true"})) == ("communication", 502)


async def test_a_refusal_that_cannot_be_read_is_told_in_our_words(run: Run, programs: ProgramRunner) -> None:
    async def no(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.Response(status=422, body=_DEEP)

    programs.first = no
    answer = await run("shell", {"command": "true"})
    assert isinstance(answer, Failed)
    assert answer.error.detail == "the isolating runner refuses it and says no more"


async def test_a_runner_that_is_away_is_waited_for(exchange: Exchange, a_call: Calls) -> None:
    async with ProgramRunner() as gone:
        url = gone.url
    runner = Runner(url, Secret(TOKEN), kinds=("shell",))
    call = a_call("run.shell", OF_A_TASK | {"process": {"command": "true"}})
    answer = await table.functions(exchange.client, runner)["run.shell"](call)
    await runner.close()
    assert isinstance(answer, Later)
    assert not answer.sent
    assert url.partition("://")[2] not in repr(answer), "where it is, is the operator's business"


async def test_the_token_is_nowhere_to_be_seen(programs: ProgramRunner) -> None:
    runner = Runner(programs.url, Secret(TOKEN), kinds=("shell",))
    assert TOKEN not in repr(vars(runner))
