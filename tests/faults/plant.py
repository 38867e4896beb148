"""A whole installation of a test's own: real PostgreSQL, Valkey, simulated ERP, API and workers, each killable."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import msgspec

from infra import egress, migrate
from infra.embedded.ports import choose
from infra.embedded.stack import Stack
from infra.encryption.key_file import create_kek_file
from infra.encryption.secret import Secret
from infra.settings import child_environment, load
from services.cli import demo
from services.connectors.simulators import systems
from tests.faults import warm
from tests.faults.observed import Observed
from tests.faults.seedling import Seedling
from tests.patience import PATIENCE, Pauses

NOBODY = UUID(int=0)
LEASE_SECONDS = 1.0
PATIENT_SECONDS = 3.0
PATIENT = {"WAYBILL_LEASE_SECONDS": str(PATIENT_SECONDS)}
"""Of workers that are to lose nothing: on a busy machine one may renew a lease of a second too late."""
UNBLAMED = "99"
"""Deaths after which a run is set aside: no machine is so busy that leases of a second lapse as often."""
UNHURRIED = {"WAYBILL_API_RATE": "100000", "WAYBILL_API_BURST": "1000000"}
"""Of an API that is to take whatever comes: rates have tests of their own."""


class Plant(Observed):
    """Use as `async with Plant(folder) as plant`. Every process it started is gone when it ends."""

    application = "services.api.app:create_app"

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, str] | None = None,
        stack: Stack | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`stack`: services that run already, in `folder`; it ends with the plant. `settings` of every process."""
        self.settings = dict(settings or {})
        self.home = folder
        self._seedling = Seedling.get() if stack is None else None
        if self._seedling is not None:
            self._seedling.plant_in(folder)
        self.stack = stack or Stack.start(folder, overrides=overrides)
        self.workers: list[subprocess.Popen[bytes]] = []
        self._others: list[subprocess.Popen[bytes]] = []
        self._logs: dict[int, Path] = {}
        self.api_url = ""
        self.erp_url = ""
        self.erp_urls: list[str] = []
        self._systems: dict[str, subprocess.Popen[bytes]] = {}
        self.key = ""
        self._client = egress.Client(egress.Guard(allow_loopback=True))

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _start(self) -> None:
        await self._client.__aenter__()
        if self._seedling is None:
            create_kek_file(self.home / "secrets" / "kek")
            await migrate.upgrade(self.stack.endpoints.migrator_database_url)
            self.erp_url = await self.start_erp()
            self.key = (await demo.seed(load(self.environment()))).api_key
        else:
            self.erp_url = await self.start_erp(self._seedling.erp_port)
            self.key = self._seedling.key
            await self._lead_to_erp()
        self.start_api()
        await self.answers(self.api_url + "/health/ready")

    async def __aexit__(self, *_: object) -> None:
        self.part()
        await self._client.close()
        for process in (*self.workers, *self._others):
            end(process)
        self.stack.stop()

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        urls = self.stack.endpoints
        return child_environment(
            {
                "WAYBILL_HOME": str(self.home),
                "WAYBILL_DATABASE_URL": urls.database_url,
                "WAYBILL_LIVE_OWNERS": "reported",
                "WAYBILL_WORKER_DATABASE_URL": urls.worker_database_url,
                "WAYBILL_REDIS_URL": urls.redis_url,
                "WAYBILL_DEMO_ERP_URL": self.erp_url,
                "WAYBILL_EGRESS_LOOPBACK": "true",
                "WAYBILL_LEASE_SECONDS": str(LEASE_SECONDS),
                "WAYBILL_SOLO_DEATHS": UNBLAMED,
                "WAYBILL_POLL_SECONDS": "0.3",  # ten looks a second of an idle worker take a sixth of a processor
                # What the simulated ERP is asked, and told to fail at, is a test's.
                "WAYBILL_CHECK_SECONDS": "0",
                "WAYBILL_LOG_LEVEL": "warning",
                **self.settings,
                **(changes or {}),
            }
        )

    def _spawn(self, name: str, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        path = self.home / "logs" / f"{name}-{len(self._logs)}.log"
        if warm.can(environment):
            process = warm.WarmStarter.get().start(command, environment, path)
            self._logs[process.pid] = path
            return process
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], env=dict(environment), stdout=log, stderr=log, start_new_session=True
            )
        self._logs[process.pid] = path
        return process

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        """What the process and its children have written."""
        return self._logs[process.pid].read_text(encoding="utf-8", errors="replace")

    async def beside(self, url: str) -> dict[str, Any]:
        """Where else the system at this address listens, as soon as it has told."""
        async with asyncio.timeout(PATIENCE):
            while "\n" not in (told := self.log_of(self._systems[url])):
                await asyncio.sleep(0.05)
        found: dict[str, Any] = msgspec.json.decode(told.partition("\n")[0])
        return found

    async def _lead_to_erp(self) -> None:
        """The demo's connection, where the port that it was made for is somebody else's now."""
        await self.query(
            "UPDATE app.connection SET settings = jsonb_set(settings::jsonb, '{base_url}', to_jsonb($1::text)) "
            "WHERE settings ->> 'base_url' <> $1",
            self.erp_url,
        )

    async def start_erp(self, port: int | None = None) -> str:
        """One more simulated ERP, with books of its own; its address, on `port` where that is free."""
        url = await self.start_system("erp", port)
        self.erp_urls.append(url)
        return url

    async def start_system(self, name: str, port: int | None = None, books: Mapping[str, Any] | None = None) -> str:
        """One more simulated system of that kind, whose secret is the ERP's token; its address. It knows `books`."""
        url = f"http://127.0.0.1:{choose(port)}"
        self.erp_token = self.stack.home.secret("erp-token")
        data = self.home / f"{name}-{len(self._others)}.sqlite"
        if books:
            system = systems.start(name, data, self.erp_token)
            system.learn(books)
            system.close()
        command = ["services.connectors.simulators", name, "--port", url.rpartition(":")[2], "--data", str(data)]
        command += ["--token-file", str(self.home / "secrets" / "erp-token")]
        process = self._spawn(name, command, self.environment())
        self._others.append(process)
        self._systems[url] = process
        await self.answers(url + "/_control/state?keys=0")
        return url

    def start_api(self, changes: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        port = choose(None)
        self.api_url = f"http://127.0.0.1:{port}"
        command = ["granian", "--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port", str(port)]
        command += ["--loop", "uvloop", "--no-ws", self.application]
        self.api = self._spawn("api", command, self.environment(changes))
        self._others.append(self.api)
        return self.api

    def start_worker(
        self, crash_point: str = "", *, changes: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        environment = self.environment(
            {"WAYBILL_CRASH_POINTS": "1" if crash_point else "0", "WAYBILL_CRASH_POINT": crash_point, **(changes or {})}
        )
        words = ["services.worker.fleet", "services.worker.entry", "--processes", "1", "--threads", "1"]
        self.workers.append(self._spawn("worker", words, environment))
        return self.workers[-1]

    async def answers(self, url: str, seconds: float = 60.0) -> None:
        """Return when a GET of `url` is 200."""
        until = time.monotonic() + seconds
        looks = Pauses()
        while True:
            with contextlib.suppress(egress.Failed):
                if (await self.request("GET", url)).status == 200:
                    return
            if time.monotonic() > until:
                raise TimeoutError(url)
            await looks.pause()

    async def request(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None, key: str = ""
    ) -> egress.Response:
        """`url` absolute, or a path of the API; `key` instead of the demo client's."""
        target = url if url.startswith("http") else self.api_url + url
        content = b"" if body is None else msgspec.json.encode(body)
        given = {"content-type": "application/json"} if body is not None else {}
        origin = egress.canonical_origin(target)
        key = self.erp_token if origin in self._systems else key or self.key
        return await self._client.send(
            NOBODY,
            egress.Request(
                method=method,
                url=target,
                body=content,
                headers={**given, **(headers or {})},
                credentials={"authorization": Secret(f"Bearer {key}")} if key else {},
                destination=egress.Destination(allowed_origins=(origin,), allow_http=True),
            ),
        )

    async def send(self, number: int | str, *, key: str = "", **changes: Any) -> egress.Response:
        """Post order `number`; its event id and business key follow from it."""
        event = {
            "specversion": "1.0",
            "id": f"order-{number}",
            "source": "/tests/shop",
            "type": "order.captured",
            "subject": f"PO-{number}",
            "data": order(number) | changes,
        }
        form = {"content-type": "application/cloudevents+json"}
        return await self.request("POST", "/v1/events", event, headers=form, key=key)

    async def send_until_taken(self, number: int | str, seconds: float = 120.0, *, key: str = "") -> None:
        """Post as a careful sender would: again, while the answer is 503 or none."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with contextlib.suppress(egress.Failed):
                answer = await self.send(number, key=key)
                if answer.status == 202:
                    return
                if answer.status != 503:
                    raise AssertionError(f"{answer.status}: {answer.body[:300]!r}")
            await asyncio.sleep(0.1)
        raise TimeoutError(str(number))

    async def faults(self, **modes: Any) -> None:
        """Set the simulated ERP's failure modes; none heals it."""
        await self.faults_of(self.erp_url, **modes)

    async def faults_of(self, url: str, **modes: Any) -> None:
        """Likewise, of the simulated system at `url`."""
        assert (await self.request("PUT", url + "/_control/faults", modes)).status == 200

    async def erp_state(self, url: str = "") -> dict[str, Any]:
        """What the simulated ERP counts, or the system at `url`."""
        answer = await self.request("GET", (url or self.erp_url) + "/_control/state")
        found: dict[str, Any] = msgspec.json.decode(answer.body)
        return found


def order(number: int | str) -> dict[str, Any]:
    """Of an item that no load uses up."""
    return {
        "number": f"PO-{number}",
        "customer": "LOAD-001",
        "currency": "USD",
        "lines": [
            {"item": "BULK-1", "quantity": 1, "unit_price": {"amount": 10, "currency": "USD"}},
        ],
    }


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process with everything it started: of a worker the parent, the process that works and its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)


@contextmanager
def paused(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process and its children stand still."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGCONT)
