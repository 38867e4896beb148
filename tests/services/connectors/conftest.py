from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from infra.egress import Client, Guard, Request
from infra.encryption.secret import Secret
from services.connectors.builtin import all_connectors
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.context import OpenConnection
from services.engine.functions import Answer, Call
from tests import certifying

TENANT, CONNECTION = UUID(int=1), UUID(int=2)
TOKEN = "canary-simulator-token"  # noqa: S105 (a simulator on loopback)


class Simulator:
    """A running simulator process."""

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self.url = ""
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Simulator]:
        """Start it on the folder's data and the port it had before; stop it by SIGTERM."""
        (self._folder / "token").write_text(TOKEN + "\n")
        arguments = ["--port", str(self.port), "--data", str(self._folder / "erp.sqlite")]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.connectors.simulators",
            "erp",
            *arguments,
            "--token-file",
            str(self._folder / "token"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        address = json.loads(await process.stdout.readline())
        self.url, self.port = address["address"], address["port"]
        try:
            yield self
        finally:
            process.terminate()
            await process.communicate()
            assert process.returncode == 0

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request past the connector; the JSON answer, or the status when it has none."""
        request = Request(
            method=method,
            url=self.url + path,
            headers={"Authorization": f"Bearer {TOKEN}", **headers},
            body=b"" if body is None else msgspec.json.encode(body),
        )
        answer = await self._client.send(UUID(int=99), request)
        return answer.status, msgspec.json.decode(answer.body)

    async def faults(self, **faults: Any) -> None:
        assert (await self.send("PUT", "/_control/faults", faults))[0] == 200

    async def state(self) -> Any:
        return (await self.send("GET", "/_control/state"))[1]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


@pytest.fixture
async def simulator(client: Client, tmp_path: Path) -> AsyncIterator[Simulator]:
    certifying.saw("erp-simulator", "the ERP simulator")
    async with Simulator(client, tmp_path).running() as simulator:
        yield simulator


class Desk:
    """The connector function over one connection that a test may change."""

    def __init__(self, client: Client, connection: OpenConnection) -> None:
        self.connection = connection
        self.sender = client
        self.function = ConnectorFunction(Registry(all_connectors()), self, client)

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        assert (tenant, connection_id) == (TENANT, CONNECTION)
        return self.connection

    async def call(
        self,
        operation: str,
        values: Any,
        key: str = "key-1",
        change: dict[str, Any] | None = None,
        *,
        attempt: int = 1,
    ) -> Answer:
        """Call the function; `change` replaces members of the task's `with`."""
        call = self._call(operation, values, key, change)
        return await self.function(msgspec.structs.replace(call, attempt=attempt))

    async def settle(self, operation: str, values: Any, *, age: float) -> Answer:
        """Look for what a call did whose request went out `age` seconds ago."""
        call = self._call(operation, values, "key-1", None)
        return await self.function.settle(msgspec.structs.replace(call, age=age))

    async def may_repeat(self, operation: str, values: Any, change: dict[str, Any] | None = None) -> bool:
        return await self.function.terms(self._call(operation, values, "key-1", change)) is None

    def _call(self, operation: str, values: Any, key: str, change: dict[str, Any] | None) -> Call:
        return Call(
            function="connector:1.0.0@default",
            arguments={"connection": "erp", "operation": operation, "input": values, **(change or {})},
            reference="/do/0/call",
            key=key,
            tenant=TENANT,
            run=UUID(int=3),
            bindings={"erp": CONNECTION},
        )


@pytest.fixture
def desk(client: Client, simulator: Simulator) -> Desk:
    connection = OpenConnection(
        id=CONNECTION,
        connector="erp-simulator",
        settings={"base_url": simulator.url, "timeout_seconds": 1},
        secrets={"token": Secret(TOKEN)},
        ref="con_0",
    )
    return Desk(client, connection)


@pytest.fixture
def order() -> dict[str, Any]:
    line = {"item": "SKU-1", "quantity": 10, "unit_price": {"amount": 1299, "currency": "USD"}}
    return {"reference": "PO-1", "customer": "ACME-001", "currency": "USD", "lines": [line]}


async def store(admin: Any, **connections: UUID) -> None:
    """Rows of the desk's tenant and of its connections, which have ids of their own and no history."""
    await admin.execute("SET session_replication_role = replica")
    await admin.execute(
        "INSERT INTO app.tenant (tenant_id, partner_id, client_id, environment) VALUES ($1, $1, $1, 'live')", TENANT
    )
    for name, connection in connections.items():
        await admin.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, $3, 'erp-simulator', '{}')",
            TENANT,
            connection,
            name,
        )
