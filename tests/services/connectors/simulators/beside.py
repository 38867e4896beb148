"""A simulator in the test's own process, and its connector, called as the engine calls it."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from infra import egress
from services.connectors.declared import library
from services.connectors.simulators import systems
from services.connectors.simulators.server import Server
from services.connectors.simulators.system import System
from services.engine.expressions.protocol import Evaluator
from tests.counterparts.calling import Caller

STANDS: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When the time of every simulator stands still."""
_NUMBERS: Final = itertools.count()


class Beside:
    """`caller` speaks with it by its manifest; `system` is what it is."""

    def __init__(self, server: Server, caller: Caller, client: egress.Client, token: str, system: System) -> None:
        self.url = f"http://127.0.0.1:{server.port}"
        self.caller = caller
        self.system = system
        self._client = client
        self._token = token

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        request = egress.Request(
            method=method,
            url=f"{self.url}/_control/{path}",
            headers={"Authorization": f"Bearer {self._token}"},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        answer = await self._client.send(UUID(int=99), request)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def faults(self, *names: str, **members: Any) -> None:
        await self.control("PUT", "faults", {"next": list(names), **members})

    async def state(self) -> Any:
        return await self.control("GET", "state")


@asynccontextmanager
async def beside(
    name: str, folder: Path, client: egress.Client, evaluator: Evaluator, **settings: Any
) -> AsyncIterator[Beside]:
    """The simulator of that kind, new, with its time standing still."""
    kind = systems.KINDS[name]
    document = next(one for one in library.documents() if one.name == kind.connector)
    held = {secret: secret_of(secret) for secret in document.secrets if secret != "private_key"}  # noqa: S105
    (token,) = held.values()
    data = folder / f"{name}-{next(_NUMBERS)}"
    system = systems.start(name, data, token, STANDS)
    server = Server(system, "127.0.0.1", 0, token)
    await server.listen()
    try:
        url = server.beside.get("files") or f"http://127.0.0.1:{server.port}"
        if server.beside:
            settings = {"user": server.beside["user"], "host_keys": [server.beside["host_key"]], **settings}
        caller = Caller(document.name, url, client, evaluator, settings=settings, secrets=held)
        yield Beside(server, caller, client, token, system)
    finally:
        server.close()


def secret_of(name: str) -> str:
    """As declared tests have it."""
    return f"test-{name}".ljust(8, "-")
