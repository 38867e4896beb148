"""A runner of the tests' own: real programs in processes with limits. It isolates nothing; it is for our programs only.

It keeps its keys while it lives: an order that comes again is not started again. Containers it records and refuses,
unless it is told what to answer: there is nothing on a plain machine that would run one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from aiohttp import web

TOKEN: Final = "a-runner-token-of-the-tests"  # noqa: S105 (of the tests)
NODE: Final = shutil.which("node")
OF_A_TASK: Final[dict[str, Any]] = {"workflow": {"namespace": "n", "name": "w", "version": "1.0.0"}, "task": "a"}
"""What the engine adds to a definition."""
_LIMITED: Final = 'ulimit -t 10; ulimit -f 20480; exec "$@"'
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"

Answer = Callable[[web.Request, dict[str, Any]], Awaitable[web.Response | None]]


class Order(msgspec.Struct, frozen=True):
    """A request as it came; header names are in lower case."""

    headers: dict[str, str]
    body: dict[str, Any]


class ProgramRunner:
    """Use as `async with ProgramRunner() as runner`.

    Attributes:
        orders: everything that was asked with the right token.
        started: keys of the programs that were started, one for each start.
        first: asked before anything is started; what it gives is the answer.
        patience: seconds at most that a request is held.
    """

    def __init__(self, *, token: str = TOKEN, port: int = 0, kinds: tuple[str, ...] = ("script", "shell")) -> None:
        self.url = ""
        self.token = token
        self.kinds = kinds
        self.orders: list[Order] = []
        self.started: list[str] = []
        self.first: Answer | None = None
        self.patience = 60.0
        self._port = port
        self._programs: dict[str, asyncio.Task[web.Response]] = {}
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.router.add_post("/v1/processes", self._order)
        app.router.add_get("/v1/health", self._health)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for program in self._programs.values():
            program.cancel()
        await asyncio.gather(*self._programs.values(), return_exceptions=True)
        await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead here."""
        return {"WAYBILL_RUNNER_URL": self.url, "WAYBILL_RUNNER_TOKEN": self.token}

    def _knows(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.token}"

    async def _health(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return web.json_response({}, status=401)
        return web.json_response({"version": 1, "kinds": list(self.kinds)})

    async def _order(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return web.json_response({}, status=401)
        order = msgspec.json.decode(await request.read())
        self.orders.append(Order({name.lower(): value for name, value in request.headers.items()}, order))
        if self.first is not None and (answer := await self.first(request, order)) is not None:
            return answer
        if order["kind"] not in self.kinds:
            return web.json_response({"title": f"This runner starts no {order['kind']}"}, status=422)
        key = request.headers["Idempotency-Key"]
        if key not in self._programs:
            self.started.append(key)
            self._programs[key] = asyncio.create_task(_run(order))
        program, prefer = self._programs[key], request.headers["Prefer"]
        if prefer != "respond-async":
            await asyncio.wait([program], timeout=min(float(prefer.removeprefix("wait=")), self.patience))
        if not program.done():
            return web.json_response({}, status=202, headers={"Retry-After": "0"})
        told = program.result()
        return web.Response(status=told.status, body=told.body, content_type="application/json")

    async def ended(self) -> None:
        """Return when every program has ended."""
        await asyncio.gather(*self._programs.values())


async def _run(order: dict[str, Any]) -> web.Response:
    limits = order["limits"]
    with tempfile.TemporaryDirectory(prefix="program-") as folder:
        command = _command(order["kind"], order["definition"], Path(folder))
        program = await asyncio.create_subprocess_exec(
            *("sh", "-c", _LIMITED, "sh", *command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": _PATH, **order["definition"].get("environment", {})},
            cwd=folder,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(limits["seconds"]):
                return await _talk(program, order["definition"].get("stdin", ""), limits["outputBytes"])
        except TimeoutError:
            return web.json_response({}, status=408)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            await program.wait()


def _command(kind: str, definition: dict[str, Any], folder: Path) -> list[str]:
    arguments = definition.get("arguments", [])
    if kind == "shell":
        return ["sh", "-c", definition["command"], "sh", *arguments]
    program = {"python": sys.executable, "js": NODE or "node"}[definition["language"]]
    file = folder / "script"
    file.write_text(definition["code"], encoding="utf-8")
    return [program, str(file), *arguments]


async def _talk(program: asyncio.subprocess.Process, given: str, most: int) -> web.Response:
    if program.stdin is None or program.stdout is None or program.stderr is None:
        raise TypeError("no pipes")
    budget = _Budget(most)
    _, out, err = await asyncio.gather(
        _feed(program.stdin, given.encode()), budget.read(program.stdout), budget.read(program.stderr)
    )
    if budget.left < 0:
        return web.json_response({}, status=413)
    code = await program.wait()
    told = {"code": code, "stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}
    return web.json_response(told)


class _Budget:
    """Bytes that both streams may have together; one that is spent ends the reading."""

    def __init__(self, most: int) -> None:
        self.left = most

    async def read(self, stream: asyncio.StreamReader) -> bytes:
        parts = []
        while self.left >= 0 and (part := await stream.read(65536)):
            self.left -= len(part)
            parts.append(part)
        return b"".join(parts)


async def _feed(stream: asyncio.StreamWriter, given: bytes) -> None:
    # A program may end without having read all that it was given.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stream.write(given)
        await stream.drain()
        stream.close()
        await stream.wait_closed()
