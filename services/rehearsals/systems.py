"""The simulated systems of a scenario, on free ports of this machine, and the connector function bound to them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import egress, ids
from infra.encryption.secret import Secret
from services.connectors import function as connector
from services.connectors.builtin import all_connectors, offered_connectors
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.connectors.simulators import systems
from services.connectors.simulators.server import Server
from services.connectors.simulators.system import System
from services.engine.expressions.evaluator import Expressions
from services.engine.functions import Answer, Call, Terms
from services.engine.memory import TENANT
from template_library import schemas
from template_library.scenarios import Double

SIMULATED: Final = {kind.connector: name for name, kind in systems.KINDS.items()}
"""Simulators by the connector that speaks with them."""
_OK: Final = 200


class Running(msgspec.Struct, frozen=True):
    """A simulator behind one connection."""

    connection: OpenConnection
    url: str
    token: str
    system: System


class Doubles:
    """The `Connections` of a scenario, and the connector function over them; fills Cautious."""

    def __init__(self, running: dict[str, Running], client: egress.Client, evaluator: Expressions) -> None:
        self._open = {one.connection.id: one.connection for one in running.values()}
        self._bindings = {name: one.connection.id for name, one in running.items()}
        spoken = {one.connector for one in self._open.values()}
        registry = Registry(all_connectors(evaluator, only=spoken))
        self._function = connector.ConnectorFunction(registry, self, client)

    async def open(self, _tenant: UUID, connection_id: UUID) -> OpenConnection:
        return self._open[connection_id]

    async def __call__(self, call: Call) -> Answer:
        return await self._function(self._bound(call))

    async def terms(self, call: Call) -> Terms | None:
        return await self._function.terms(self._bound(call))

    async def settle(self, call: Call) -> Answer:
        return await self._function.settle(self._bound(call))

    def _bound(self, call: Call) -> Call:
        return msgspec.structs.replace(call, bindings=self._bindings)


@asynccontextmanager
async def running(double: Double, client: egress.Client, stands: datetime | None) -> AsyncIterator[Running]:
    """A simulator with books of its own, which are thrown away afterwards. `stands`: when its time begins.

    Raises ValueError: it has no such books, or cannot fail so.
    """
    token = secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="scenario-") as folder:
        system = systems.start(SIMULATED[double.connector], Path(folder) / "books", token, stands)
        simulator = Server(system, "127.0.0.1", 0, token)
        try:
            system.learn(double.books)
            await simulator.listen()
            url = f"http://127.0.0.1:{simulator.port}"
            one = Running(_connection(double, url, token, simulator.beside), url, token, system)
            if double.faults:
                await _control(client, one, "PUT", "faults", msgspec.json.encode(double.faults))
            yield one
        finally:
            simulator.close()


async def state(client: egress.Client, one: Running) -> Any:
    """What the simulator counts."""
    return await _control(client, one, "GET", "state?keys=0")


def _connection(double: Double, url: str, token: str, files: dict[str, str]) -> OpenConnection:
    """`files`: where and by what key and account a simulator is reached that speaks files."""
    manifest = next(one.manifest for one in offered_connectors() if one.manifest.name == double.connector)
    given: dict[str, Any] = {"base_url": url, "allow_http": True}
    if files:
        given = {"base_url": files["files"], "user": files["user"], "host_keys": [files["host_key"]]}
    settings = schemas.with_defaults(manifest.settings, given)
    # Of what a simulator asks for, whatever it is called, its token is the secret part.
    held = {one.name: Secret(token) for one in manifest.secrets if one.name != "private_key"}
    return OpenConnection(id=ids.new(), connector=double.connector, settings=settings, secrets=held)


async def _control(client: egress.Client, one: Running, method: str, path: str, body: bytes = b"") -> Any:
    request = egress.Request(
        method=method,
        url=f"{one.url}/_control/{path}",
        credentials={"Authorization": Secret(f"Bearer {one.token}")},
        body=body,
        destination=egress.Destination(
            allowed_origins=(one.url,), allow_http=True, ports=frozenset({int(one.url.rpartition(":")[2])})
        ),
    )
    answer = await client.send(TENANT, request)
    told = msgspec.json.decode(answer.body)
    if answer.status != _OK:
        raise ValueError(told["detail"])
    return told
