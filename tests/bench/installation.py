"""An installation to be measured: embedded PostgreSQL with fsync, Valkey, API and worker as operators start them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from infra import migrate
from infra.database import Database, Scope
from infra.embedded import ports
from infra.embedded.stack import Stack
from infra.encryption.key_file import create_kek_file
from infra.settings import DEFINITIONS, Settings, child_environment, load
from tenants.identity import service as identity
from tests.bench.line import Line
from tests.bench.work import WORKS, Work
from tests.first_keys import first_keys
from tests.patience import PATIENCE
from tests.superuser import connected

_START_SECONDS: Final = 60.0
TRACED: Final = "0.01"
"""Share of traces that are kept beside those with an error."""


class Installation:
    """Use as `async with Installation(folder)`. Settings are the defaults; whatever it started is gone when it ends.

    Attributes:
        keys: an API key for each tenant's client.
    """

    def __init__(self, folder: Path, *, durable: bool = True, changes: Mapping[str, str] | None = None) -> None:
        """`changes` are settings over the defaults; without `durable` a power cut loses data."""
        self._stack = Stack.start(folder, durable=durable)
        self._folder = folder
        self._changes = dict(changes or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.api_port = 0
        self.stub_port = 0
        self._collector_port = 0
        self.keys: list[str] = []

    @property
    def redis_url(self) -> str:
        return self._stack.endpoints.redis_url

    @property
    def settings(self) -> Settings:
        return load(self._environment())

    async def __aenter__(self) -> Self:
        try:
            create_kek_file(self._folder / "secrets" / "kek")
            await migrate.upgrade(self._stack.endpoints.migrator_database_url)
            self.stub_port, self._collector_port = self._start_stub()
            self.api_port = ports.choose(None)
            self._spawn("api", "services.cli.main", "api")
            self._spawn("worker", "services.cli.main", "worker")
            await self._answers()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        self._stack.stop()

    def roots(self) -> dict[str, int]:
        """The first process of each group."""
        services = {"database": self._stack.postgres.pid or 0, "valkey": self._stack.valkey.pid or 0}
        return services | {name: process.pid for name, process in self._processes.items()}

    def _environment(self) -> dict[str, str]:
        """Nothing that the caller's own environment sets counts. Traces and metrics are exported, to the stub."""
        urls = self._stack.endpoints
        return child_environment(
            {
                **{line.name: "" for line in DEFINITIONS},
                "WAYBILL_HOME": str(self._folder),
                "WAYBILL_DATABASE_URL": urls.database_url,
                "WAYBILL_LIVE_OWNERS": "reported",
                "WAYBILL_WORKER_DATABASE_URL": urls.worker_database_url,
                "WAYBILL_REDIS_URL": urls.redis_url,
                "WAYBILL_API_PORT": str(self.api_port or 8420),
                "WAYBILL_EGRESS_LOOPBACK": "true",
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._collector_port or 9}",
                "OTEL_TRACES_SAMPLER_ARG": TRACED,
                **self._changes,
            }
        )

    def _spawn(self, name: str, *words: str) -> None:
        with (self._folder / "logs" / f"bench-{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", *words], env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def _start_stub(self) -> tuple[int, int]:
        """Its port for calls and the one for telemetry."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.stub"], stdout=subprocess.PIPE, start_new_session=True
        )
        self._processes["stub"] = process
        if process.stdout is None:
            raise RuntimeError("the stub has no output")
        with process.stdout as said:
            calls, telemetry = map(int, said.readline().split())
        return calls, telemetry

    async def _answers(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError, EOFError):
                async with Line(self.api_port) as line:
                    if (await line.ask("GET", "/health/ready"))[0] == 200:
                        return
            await asyncio.sleep(0.05)
        raise TimeoutError((self._folder / "logs" / "bench-api.log").read_text(encoding="utf-8")[-2000:])

    async def populate(self, partners: int, clients: int) -> None:
        """Make partners with `clients` each, and deploy every piece of work for each of them, all over the API."""
        operator = await self._operator()
        places: list[str] = []
        async with Line(self.api_port) as line:
            for number in range(partners):
                partner = f"partner-{number}"
                await made(line, operator, "/v1/partners", slug=partner, name=partner)
                key = (await made(line, operator, "/v1/keys", name="bench", partner=partner))["key"]
                for place in range(clients):
                    client = f"client-{place}"
                    await made(line, key, "/v1/clients", slug=client, name=client)
                    places.append(f"{partner}/{client}/live")
                    for work in WORKS.values():
                        await self._deploy(line, key, client, work)
        self.keys += await first_keys(self._stack.endpoints.database_url, *places)

    async def _operator(self) -> str:
        database = await Database(self._stack.endpoints.database_url, pool_size=1).open()
        try:
            async with database.session(Scope.operator()) as session:
                _, text = await identity.create_operator(session, "bench", actor="cli:bench")
                await session.commit()
        finally:
            await database.close()
        return text

    async def _deploy(self, line: Line, key: str, client: str, work: Work) -> None:
        place = f"/v1/clients/{client}/live"
        document = work.document(f"http://127.0.0.1:{self.stub_port}")
        workflow = (await made(line, key, f"{place}/workflows", document=document))["id"]
        await made(line, key, f"{place}/deployments", name=work.name, workflow=workflow)

    async def stub(self, path: str) -> dict[str, Any]:
        async with Line(self.stub_port) as line:
            found: dict[str, Any] = msgspec.json.decode((await line.ask("GET", path))[1])
            return found

    async def query(self, text: str) -> list[Any]:
        """Rows of every tenant, read as the cluster's own superuser."""
        async with connected(self._stack) as connection:
            return list(await connection.fetch(text))


async def made(line: Line, key: str, path: str, **body: str) -> dict[str, Any]:
    """What the API made of `body`."""
    status, answer = await line.ask("POST", path, msgspec.json.encode(body), key=key)
    if status not in {200, 201}:
        raise AssertionError(f"{path}: {status} {answer[:500]!r}")
    found: dict[str, Any] = msgspec.json.decode(answer)
    return found
