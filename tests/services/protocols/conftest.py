"""Servers of the tests' own on loopback, and calls as the engine makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web

from infra.egress import Client, Guard
from infra.encryption.secret import Secret
from services.engine.functions import STANDARD_ERRORS, Answer, Call, Failed
from services.protocols import table
from services.protocols.exchange import Exchange
from services.protocols.runner import Runner
from tests.runner import OF_A_TASK, ProgramRunner

TENANT, RUN = UUID(int=1), UUID(int=2)
Serve = Callable[..., Awaitable[str]]
Run = Callable[..., Awaitable[Answer]]


def _call(function: str, arguments: dict[str, Any], tenant: UUID = TENANT) -> Call:
    return Call(function=function, arguments=arguments, reference="/do/0/a", key="k" * 64, tenant=tenant, run=RUN)


@pytest.fixture
def a_call() -> Callable[..., Call]:
    """`a_call(function, arguments, tenant=)`."""
    return _call


@pytest.fixture
def fault() -> Callable[[Answer], tuple[str, int]]:
    """`fault(answer)`: the standard error's name and status of a call that failed."""

    def read(answer: Answer) -> tuple[str, int]:
        assert isinstance(answer, Failed), answer
        return answer.error.type.removeprefix(STANDARD_ERRORS), answer.error.status

    return read


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """The way out as the embedded mode has it."""
    async with Client(Guard(allow_loopback=True)) as running:
        yield running


@pytest.fixture
def exchange(client: Client) -> Exchange:
    return Exchange(client)


@pytest.fixture
async def strict() -> AsyncIterator[Exchange]:
    """The way out as a shared installation has it."""
    async with Client(Guard()) as running:
        yield Exchange(running)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves routes such as `{"GET /path": handler}` and gives the URL; a constant is answered as it is."""
    async with AsyncExitStack() as stack:

        async def start(routes: dict[str, Any]) -> str:
            app = web.Application()
            for route, handler in routes.items():
                method, path = route.split(" ")
                app.router.add_route(method, path, handler if callable(handler) else _constant(handler))
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        yield start


def _constant(given: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        if isinstance(given, str):
            return web.Response(text=given)
        if isinstance(given, bytes):
            return web.Response(body=given)
        return web.json_response(given)

    return answer


@pytest.fixture
async def programs() -> AsyncIterator[ProgramRunner]:
    async with ProgramRunner() as running:
        yield running


@pytest.fixture
async def run(programs: ProgramRunner, exchange: Exchange, a_call: Callable[..., Call]) -> AsyncIterator[Run]:
    """`run(kind, process, repeats=, seconds=, **arguments)`: what the function answers."""
    opened: list[Runner] = []

    async def answered(
        kind: str, process: dict[str, Any], *, repeats: bool = False, seconds: float = 20.0, **more: Any
    ) -> Answer:
        kinds = ("script", "shell", "container")
        runner = Runner(programs.url, Secret(programs.token), kinds=kinds, seconds=seconds, repeats=repeats)
        opened.append(runner)
        functions = table.functions(exchange.client, runner)
        return await functions[f"run.{kind}"](a_call(f"run.{kind}", OF_A_TASK | {"process": process} | more))

    yield answered
    for one in opened:
        await one.close()
