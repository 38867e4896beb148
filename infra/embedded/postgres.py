"""The embedded PostgreSQL: a cluster in the home, reached by the product's roles over loopback with passwords.

The superuser exists for the bootstrap, upgrades and backups only, and only over the socket in a private folder.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra import database_roles as roles
from infra.embedded import binaries, ports, psql, runtime, user
from infra.embedded.children import Child
from infra.embedded.cluster import ADMIN, DATA, Cluster, swap
from infra.embedded.home import Home, write_private

START_LIMIT: Final = 120.0
"""Seconds; a crash recovery replays up to 1 GiB of log."""

TRIES: Final = 3
PAUSE: Final = 0.25
"""Seconds after the first try that failed; doubled by each."""

# Who may come in. The superuser never over TCP; nobody without a password.
_ACCESS: Final = (
    f"local all {ADMIN} scram-sha-256\n"
    f'host "/^waybill(_[a-z0-9_]+)?$" {",".join(roles.LOGINS)} 127.0.0.1/32 scram-sha-256\n'
)


class StartFailed(RuntimeError):
    """A server did not come up; the message holds the end of its log."""


class Postgres:
    """One cluster. `start` and `stop` may alternate as often as wanted; the data stays.

    Args:
        home: locked by the caller.
        parameters: server parameters over ours (`{"max_connections": "20"}`).
        durable: False trades safety against power loss for speed; tests only.
        major: which PostgreSQL of the wheel; another than the present one for upgrades only.
        folder: name of the cluster's folder; another than `data` for upgrades only.
    """

    def __init__(
        self,
        home: Home,
        *,
        parameters: Mapping[str, str] | None = None,
        durable: bool = True,
        major: int = binaries.MAJOR,
        folder: str = DATA,
    ) -> None:
        self.home = home
        self._lease = ports.Lease()
        self._parameters = dict(parameters or {})
        self._durable = durable
        self._user = user.choose()
        self._parent = user.data_parent(home, self._user)
        self.bin = user.reachable_install(binaries.postgres_install(major), self._user) / "bin"
        self.cluster = Cluster(home, self._parent / folder, self.bin, major, self._user)
        self._socket = Path()
        self._child = Child(home, "postgres", stop_signal=signal.SIGINT, death=signal.SIGINT, user=self._user.launch)

    @property
    def port(self) -> int:
        """The port of its start; the same at every start of this handle."""
        return self._lease.port

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it runs."""
        return self._child.pid

    def returncode(self) -> int | None:
        return self._child.returncode()

    def start(self) -> None:
        """Make the cluster if there is none, and return when it accepts connections.

        Raises:
            WrongVersion: the data is of another major version.
            StartFailed: the server ended; see its words.
        """
        swap(self._parent)
        self.cluster.check_version()
        self.cluster.end_orphan()
        fresh = self.cluster.make(durable=self._durable)
        if not fresh and not (self.home.secrets / ADMIN).exists():
            self.cluster.reset_admin()
        self._socket = runtime.make(self.home.folder, self._user)
        for leftover in self._socket.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)
        for attempt in range(TRIES):
            self._lease.take(self.home.port("postgres") if attempt == 0 else None)
            if self._come_up():
                break
            self.cluster.end_orphan()
            time.sleep(PAUSE * 2**attempt)
        else:
            self._lease.end()
            raise StartFailed(f"PostgreSQL did not start. The end of {self._child.log}:\n{tail(self._child.log)}")
        self._lease.given_out = True
        self.home.remember_port("postgres", self.port)
        self._bootstrap()

    def _come_up(self) -> bool:
        access = self._parent / "access.conf"
        self.cluster.hand_over(access, _ACCESS.encode())
        parameters = {
            "hba_file": str(access),
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": f'"{self._socket}"',
            "log_line_prefix": "%m [%p] %q%u@%d ",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "200",
            **({} if self._durable else {"fsync": "off", "full_page_writes": "off"}),
            **self._parameters,
        }
        words = [word for name, value in parameters.items() for word in ("-c", f"{name}={value}")]
        self._child.start([str(self.bin / "postgres"), "-D", str(self.cluster.data), *words], {"PGDATA": ""})
        deadline = time.monotonic() + START_LIMIT
        while self._child.returncode() is None and time.monotonic() < deadline:
            if self._ready():
                return True
            time.sleep(0.01)
        self._child.stop()
        return False

    def _ready(self) -> bool:
        # The status line in the pid file is what pg_ctl waits for; no connection is spent on looking.
        try:
            lines = (self.cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self._child.pid) and lines[7].strip() == "ready"  # noqa: PLR2004

    def _bootstrap(self) -> None:
        """Create what is missing of roles and database, once per version of their statements."""
        passwords = {name: self.home.secret(name) for name in roles.LOGINS}
        stamp = self._parent / "bootstrapped"
        state = self.cluster.fingerprint(passwords)
        if stamp.exists() and stamp.read_text(encoding="ascii") == state:
            return
        self.run_sql(roles.role_statements(passwords, superuser=True))
        if roles.DATABASE not in self.run_sql(["SELECT datname FROM pg_database"]).splitlines():
            self.create_database(roles.DATABASE)
        self.run_sql(roles.database_statements(), roles.DATABASE)
        self.run_sql(["REVOKE ALL ON DATABASE postgres FROM PUBLIC", "REVOKE ALL ON DATABASE template1 FROM PUBLIC"])
        write_private(stamp, state.encode())

    def create_database(self, name: str, template: str | None = None) -> None:
        """A further database with its layout; `template` is copied with all it holds, and nobody may be in it."""
        self.run_sql(['CREATE DATABASE :"name" TEMPLATE :"template"'], name=name, template=template or "template1")
        self.run_sql(roles.database_statements(name), name)

    def drop_database(self, name: str) -> None:
        """Remove it, connections included."""
        self.run_sql(['DROP DATABASE IF EXISTS :"name" WITH (FORCE)'], name=name)

    def run_sql(self, statements: list[str], database: str = "postgres", **names: str) -> str:
        """Run as the superuser over the socket; rows as text, one a line, values separated by `|`.

        `:"name"` in a statement stands for the quoted identifier given as `name`, `:'name'` for a quoted text.

        Raises:
            psql.SqlFailed: with the server's words.
        """
        return psql.run(self.bin, self.admin_environment(database), statements, names)

    def admin_environment(self, database: str = "postgres") -> dict[str, str]:
        """Variables of libpq for the programs of `bin` (`pg_dump`, `psql`), as the superuser."""
        return {
            "PGHOST": str(self._socket),
            "PGPORT": str(self.port),
            "PGUSER": ADMIN,
            "PGPASSWORD": self.home.secret(ADMIN),
            "PGDATABASE": database,
        }

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """Address of `database` for one of the login roles; holds the password."""
        return f"postgresql://{role}:{self.home.secret(role)}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything is written. Safe to repeat."""
        self._child.stop(patience=30)
        self.cluster.end_backends()
        self._lease.end()
        if self._socket.name:
            shutil.rmtree(self._socket, ignore_errors=True)

    def stop_immediate(self) -> None:
        """As a power cut: no checkpoint, the next start recovers from the log. For failure tests (F-06)."""
        self._child.stop(patience=30, by=signal.SIGQUIT)


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file."""
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
