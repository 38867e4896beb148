"""A call of a declared connector beside the same in code: `python -m tests.bench.connector [--turns 60]`.

The other side is the simulated ERP in a process of its own. Three ways ask it for a customer's credit over one kept
connection and give the same answer, by turns of so many calls: plain code over `egress.Client`, a connector that is
code, and the manifest. What is printed are ratios of the turns to the plain one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec

from infra.egress import Client, Destination, Guard, Request
from infra.encryption.secret import Secret
from infra.redaction import Hider
from services.connectors.builtin import all_connectors
from services.connectors.function import ConnectorFunction
from services.connectors.registry import Registry
from services.connectors.sdk.answers import expect_success, read_json
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import Context, OpenConnection
from services.connectors.sdk.manifest import Manifest
from services.engine.functions import Call, Done

TENANT, CONNECTION = UUID(int=1), UUID(int=2)
TOKEN: Final = Secret("benchmark-token")
CUSTOMER: Final = "ACME-001"
_OPERATION: Final = "erp.customers.credit"


class Plain:
    """The call as somebody would write it for one place, with what a call may not do without."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._destination = Destination(allowed_origins=(url,), allow_http=True)

    async def __call__(self) -> Any:
        request = Request(
            method="GET",
            url=f"{self._url}/customers/{CUSTOMER}",
            headers={"Accept": "application/json"},
            credentials={"Authorization": Secret(f"Bearer {TOKEN.reveal()}")},
            timeout=5.0,
            destination=self._destination,
        )
        answer = await self._client.send(TENANT, request)
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
        return _credit(msgspec.json.decode(answer.body))


def _credit(found: Any) -> Any:
    limit, currency = None, found["currency"]
    if found["credit_limit"] is not None:
        limit = {"amount": found["credit_limit"], "currency": currency}
    return {
        "customer": found["code"],
        "found": True,
        "limit": limit,
        "exposure": {"amount": found["exposure"], "currency": currency},
        "available": limit and {"amount": limit["amount"] - found["exposure"], "currency": currency},
    }


class Code:
    """A connector that is a class; of the manifest it has what is no code: settings and schemas."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = msgspec.structs.replace(
            manifest, operations=tuple(one for one in manifest.operations if one.name == _OPERATION)
        )

    async def call(self, operation: str, values: Any, context: Context) -> Any:
        del operation
        token = context.secrets["token"].reveal()
        answer = await context.send(
            "GET",
            f"customers/{quote(values['customer'], safe='')}",
            headers={"Accept": "application/json"},
            credentials={"Authorization": Secret(f"Bearer {token}")},
        )
        return _credit(read_json(expect_success(answer, context)))


class ByFunction:
    """The call as a workflow's task makes it, past breakers and limits, which need a database."""

    def __init__(self, client: Client, url: str, connector: Connector) -> None:
        secrets = {"token": TOKEN}
        self._connection = OpenConnection(
            id=CONNECTION,
            connector="erp-simulator",
            settings={"base_url": url, "allow_http": True, "timeout_seconds": 5},
            secrets=secrets,
            ref="con_0",
            hider=Hider(secrets.values()),  # the worker keeps it with the connection
        )
        self._function = ConnectorFunction(Registry([connector]), self, client)
        self._call = Call(
            function="connector:1.0.0@default",
            arguments={"connection": "erp", "operation": _OPERATION, "input": {"customer": CUSTOMER}},
            reference="/do/0/call",
            key="key-of-the-call",
            tenant=TENANT,
            run=UUID(int=3),
            bindings={"erp": CONNECTION},
        )

    async def open(self, _tenant: UUID, _connection: UUID) -> OpenConnection:
        return self._connection

    async def __call__(self) -> Any:
        answer = await self._function(self._call)
        if isinstance(answer, Done):
            return answer.output
        raise RuntimeError(repr(answer))


class Spent(msgspec.Struct, frozen=True):
    """Microseconds of one call: on the clock, and of this process."""

    clock: float
    cpu: float


Turn = tuple[Spent, Spent, Spent]
"""Plain, in a connector that is code, and by the manifest."""


async def measure(turns: int, calls: int) -> list[Turn]:
    declared = next(one for one in all_connectors() if one.manifest.name == "erp-simulator")
    async with _erp() as url, Client(Guard(allow_loopback=True)) as client:
        plain = Plain(client, url)
        code, manifest = (ByFunction(client, url, one) for one in (Code(declared.manifest), declared))
        if not await plain() == await code() == await manifest():
            raise RuntimeError("the calls give different answers")
        return [
            (await _spent(plain, calls), await _spent(code, calls), await _spent(manifest, calls)) for _ in range(turns)
        ]


async def _spent(call: Callable[[], Awaitable[Any]], calls: int) -> Spent:
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        await call()
    return Spent((time.perf_counter() - clock) / calls * 1e6, (time.process_time() - cpu) / calls * 1e6)


@asynccontextmanager
async def _erp() -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "token").write_text(TOKEN.reveal())
        given = ["--port", "0", "--data", f"{folder}/erp.sqlite", "--token-file", f"{folder}/token"]
        started = [sys.executable, "-m", "services.connectors.simulators", "erp", *given]
        process = await asyncio.create_subprocess_exec(*started, stdout=asyncio.subprocess.PIPE)
        try:
            if process.stdout is None:
                raise RuntimeError("the simulator has no output")
            yield json.loads(await process.stdout.readline())["address"]
        finally:
            process.terminate()
            await process.communicate()


def rows(found: list[Turn]) -> list[str]:
    """Lines for clock and processor: medians in microseconds, and the ratios' medians, lowest and highest."""
    lines = []
    for name in ("clock", "cpu"):
        turns = [tuple(getattr(one, name) for one in turn) for turn in found]
        plain, code, manifest = (statistics.median(one) for one in zip(*turns, strict=True))
        line = f"{name:6} {plain:6.0f} {code:6.0f} {manifest:8.0f}"
        for over, under in ((1, 0), (2, 0), (2, 1)):
            ratios = [turn[over] / turn[under] for turn in turns]
            line += f"   {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        lines.append(line)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.connector")
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--calls", type=int, default=100, help="in a turn")
    asked = parser.parse_args()
    print("µs a call plain code manifest   code/plain   manifest/plain   manifest/code")  # noqa: T201
    for line in rows(asyncio.run(measure(asked.turns, asked.calls))):
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
