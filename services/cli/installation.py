"""The parts of `waybill up`: services, schema, demo, processes. Each step says what it does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from infra import database_roles as roles
from infra.embedded import ports, processes
from infra.embedded.children import bound, launch
from infra.embedded.home import Home
from infra.embedded.postgres import Postgres, tail
from infra.embedded.stack import Endpoints
from infra.embedded.valkey import Valkey
from infra.settings import Settings, child_environment
from services.cli import running, stored_keys
from services.cli.service import Service
from services.cli.supervisor import WORKER_PATIENCE, Program, Supervisor, ending

READY_LIMIT: Final = 60.0
_GIVE_UP_AFTER: Final = 3
ERP_SECONDS: Final = 0.3
"""How long the simulated ERP takes for an answer, as real ones do: so a person can watch a run move."""


_COLUMN: Final = 15


def aligned(name: str, text: str) -> str:
    """A line for the operator: what it is about, and what is said."""
    return f"{name:<{_COLUMN}}{text}"


class NotStarted(RuntimeError):
    """A part did not come up; the message says which, why, and where its log is."""


class Installation:
    """One `waybill up` in a locked home."""

    def __init__(self, home: Home, settings: Settings, say: Callable[[str], None]) -> None:
        self.home = home
        self.settings = settings
        self.embedded_database = not settings.database_url
        self.embedded_redis = not settings.redis_url
        self.demo: running.Demo | None = None
        self.api_url = ""
        self._say = say
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._services: list[Service] = []
        self._ports: list[ports.Held] = []
        self._supervisor = Supervisor(say, self.publish)
        self._endpoints: Endpoints | None = None

    @property
    def endpoints(self) -> Endpoints:
        if self._endpoints is None:
            raise NotStarted("the services are not started yet")
        return self._endpoints

    def start_services(self) -> None:
        """PostgreSQL and Valkey, where no outside one is set."""
        given = self.settings
        if not self.embedded_database and not (given.worker_database_url and given.migrator_database_url):
            raise NotStarted(
                "WAYBILL_DATABASE_URL is set; WAYBILL_WORKER_DATABASE_URL and WAYBILL_MIGRATOR_DATABASE_URL are needed "
                "with it. `waybill database prepare --admin-url URL` makes the roles and prints all three."
            )
        urls = (given.database_url, given.worker_database_url, given.migrator_database_url)
        self._say_which_services()
        if self.embedded_database:
            self._postgres = Postgres(self.home)
            self._postgres.start()
            self._services.append(Service("PostgreSQL", self._postgres))
            postgres = self._postgres
            urls = (postgres.url(roles.APP), postgres.url(roles.WORKER), postgres.url(roles.MIGRATOR))
        redis_url = given.redis_url
        if self.embedded_redis:
            self._valkey = Valkey(self.home)
            self._valkey.start()
            self._services.append(Service("Valkey", self._valkey))
            redis_url = self._valkey.url()
        self._endpoints = Endpoints(
            database_url=urls[0], worker_database_url=urls[1], migrator_database_url=urls[2], redis_url=redis_url
        )

    def _say_which_services(self) -> None:
        embedded = {"PostgreSQL": self.embedded_database, "Valkey": self.embedded_redis}
        names = " and ".join(name for name, is_embedded in embedded.items() if is_embedded)
        if names:
            is_new = self.embedded_database and not (self.home.folder / "postgres").exists()
            self._say(aligned("database", f"{'making' if is_new else 'starting'} {names}"))

    def migrate(self) -> None:
        """Bring the database to this version, in a process of its own that alone gets the migrator's password."""
        changes = {"WAYBILL_MIGRATOR_DATABASE_URL": self.endpoints.migrator_database_url}
        if done := self._run_once("migrate", _command("migrate"), changes).strip():
            self._say(aligned("migrations", done))

    def prepare_key_files(self) -> None:
        """Make the keys, in a new installation only: one that was lost is never replaced in silence.

        Raises:
            NotStarted: a file is missing or another than the one that sealed what is stored.
        """
        command = [sys.executable, "-m", "services.cli.stored_keys"]
        wrong = self._run_once("stored_keys", command, self._both_roles())
        if wrong:
            raise NotStarted(wrong)

    def start_erp(self) -> None:
        """The demo client's simulated ERP, on the port that it had before."""
        port = self._hold(ports.take(self.home.port("erp")))
        self.home.remember_port("erp", port)
        self.home.secret("erp-token")
        command = [sys.executable, "-m", "services.connectors.simulators", "erp", "--port", str(port)]
        command += ["--data", str(self.home.folder / "erp.sqlite")]
        command += ["--token-file", str(self.home.secrets / "erp-token"), "--latency", str(ERP_SECONDS)]
        program = Program(self.home, "erp", command, self.environment())
        self.settings = msgspec.structs.replace(self.settings, demo_erp_url=f"http://127.0.0.1:{port}")
        self._supervisor.start(program)

    def start_processes(self) -> None:
        """API and worker, side by side."""
        self._say(aligned("services", "starting the API and the worker"))
        wanted = self.settings.api_port
        port = self._hold(ports.following(wanted, self.settings.api_host))
        if port != wanted:
            self._say(f"Port {wanted} is busy; the API takes {port}.")
        host = self.settings.api_host
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
        self.api_url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        changes = {"WAYBILL_API_PORT": str(port), **self._keys_of_api()}
        changes["WAYBILL_DATABASE_URL"] = self.endpoints.database_url
        self._supervisor.start(Program(self.home, "api", _command("api"), self.environment(changes)))
        changes = {"WAYBILL_WORKER_DATABASE_URL": self.endpoints.worker_database_url}
        environment = self.environment(changes)
        self._supervisor.start(Program(self.home, "worker", _command("worker"), environment, patience=WORKER_PATIENCE))

    def _hold(self, held: ports.Held) -> int:
        """Keep the port until `stop`, through every new start of its program."""
        self._ports.append(held)
        return held.port

    def portal_url(self, host: str) -> str:
        """Where a browser on this machine finds the portal of `host`, which browsers lead here (RFC 6761, 6.3)."""
        return f"http://{host}:{self.api_url.rpartition(':')[2]}/"

    def seed(self) -> None:
        """The demo partners with all that belongs to them; found again when they exist."""
        changes = {**self._both_roles(), **self._keys_of_api()}
        if not (self.home.secrets / "operator-key").exists():
            self._say(aligned("demo", "making two partners with a client and a portal each"))
        self.demo = msgspec.json.decode(self._run_once("seed", _command("seed"), changes), type=running.Demo)

    def wait_until_ready(self) -> None:
        """Return when the API says that it is ready.

        Raises:
            NotStarted: it ended again and again, took longer than a minute, or another answers at its address too.
        """
        program = next(each for each in self._supervisor.programs if each.name == "api")
        deadline = time.monotonic() + READY_LIMIT
        while time.monotonic() < deadline and program.crashes < _GIVE_UP_AFTER:
            if _ready(self.api_url):
                _alone(self.api_url, program)
                return
            for each in self._supervisor.programs:
                each.tend(self._say)
            time.sleep(0.05)
        raise NotStarted(f"The API did not start. The end of {program.child.log}:\n{tail(program.child.log)}")

    def publish(self) -> None:
        """Tell other commands what runs."""
        pids = {each.name: each.child.pid for each in self._supervisor.programs}
        if self._postgres is not None:
            pids["postgres"] = self._postgres.pid
        if self._valkey is not None:
            pids["valkey"] = self._valkey.pid
        known = {name: processes.identify(pid) for name, pid in pids.items() if pid is not None}
        children = {name: identity for name, identity in known.items() if identity is not None}
        state = running.State(
            supervisor=processes.own(),
            children=children,
            endpoints=self.endpoints,
            api_url=self.api_url,
            demo=self.demo,
        )
        running.write(self.home, state)

    def run(self) -> None:
        """Tend everything until KeyboardInterrupt."""
        self._supervisor.run(self._tend_services)

    def _tend_services(self) -> None:
        for log in self.home.logs.glob("*.log"):
            bound(log)
        # A list, as in the supervisor: each is looked after.
        again = [service for service in self._services if service.tend(self._say)]
        if again:
            self.publish()

    def stop(self) -> None:
        """End everything in reverse; safe to repeat and at any point of the start."""
        self._supervisor.stop()
        if self._valkey is not None:
            self._valkey.stop()
        if self._postgres is not None:
            self._postgres.stop()
        for held in self._ports:
            held.release()
        running.clear(self.home)

    def end_at_once(self) -> None:
        """In a signal handler: `stop` waits for no program any more. The services still close their data."""
        self._supervisor.end_at_once()

    def environment(self, changes: dict[str, str] | None = None) -> dict[str, str]:
        """For a process of ours: of the databases only what `changes` names."""
        return {
            "WAYBILL_DATABASE_URL": "",
            "WAYBILL_WORKER_DATABASE_URL": "",
            "WAYBILL_MIGRATOR_DATABASE_URL": "",
            "WAYBILL_REDIS_URL": self.endpoints.redis_url,
            "WAYBILL_HOME": str(self.home.folder),
            "WAYBILL_KEK_FILE": str(self.settings.kek_file),
            "WAYBILL_AUDIT_KEY_FILE": str(self.settings.audit_key_file),
            "WAYBILL_EGRESS_LOOPBACK": "true" if self.settings.egress_loopback else "false",
            "WAYBILL_DEMO_ERP_URL": self.settings.demo_erp_url,
            **(changes or {}),
        }

    def _both_roles(self) -> dict[str, str]:
        urls = self.endpoints
        return {"WAYBILL_DATABASE_URL": urls.database_url, "WAYBILL_WORKER_DATABASE_URL": urls.worker_database_url}

    def _keys_of_api(self) -> dict[str, str]:
        """What the API is told of keys: it seals for workers, opens what is its own, and unwraps no tenant's key."""
        changes = {"WAYBILL_KEK_FILE": os.devnull, "WAYBILL_KEK_OLD_FILES": ""}
        changes["WAYBILL_SERVICE_KEY_FILE"] = str(self.settings.service_key)
        if not self.settings.kms_key:
            changes["WAYBILL_KEK_PUBLIC_FILE"] = str(self.home.folder / stored_keys.PUBLIC)
        return changes

    def _run_once(self, name: str, command: list[str], changes: dict[str, str]) -> str:
        log = self.home.logs / f"{name}.log"
        environment = child_environment(self.environment(changes))
        with log.open("ab") as stream:
            done = subprocess.run(  # noqa: S603 - our own command
                launch(command), stdout=subprocess.PIPE, stderr=stream, env=environment, check=False, text=True
            )
        if done.returncode != 0:
            raise NotStarted(f"`waybill {name}` failed ({ending(done.returncode)}). The end of {log}:\n{tail(log)}")
        return done.stdout


def _ready(url: str) -> bool:
    """Whether the API answers 200. By hand: an HTTP client would cost this process more than all else it does."""
    place = url.removeprefix("http://")
    host, port = place.rsplit(":", 1)
    request = f"GET /health/ready HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2) as line:
            line.sendall(request.encode())
            return line.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def _alone(url: str, program: Program) -> None:
    """Raises NotStarted when a process that `program` did not start listens at its port: the two would share calls."""
    port = int(url.rpartition(":")[2])
    strangers = {pid for pid in processes.listening(port) if processes.session(pid) not in {program.child.pid, None}}
    if strangers:
        raise NotStarted(f"Port {port} is also listened to by process {min(strangers)}. End it, or set another port.")


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "services.cli.main", *words]


def leftover(home: Home) -> list[Path]:
    """What of ours lies in the home's folder, but for the backups, which are for the time after it."""
    names = ("postgres", "valkey", "logs", "run", "secrets", "audit-heads", "objects", "drops", "ports.json", "VERSION")
    files = [home.folder / name for name in names]
    return [path for path in (*files, *home.folder.glob("erp.sqlite*")) if path.exists() or path.is_symlink()]
