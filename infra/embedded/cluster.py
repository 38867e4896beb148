"""A PostgreSQL data folder while no server runs in it: making, checking, clearing what a crash left."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from infra import database_roles as roles
from infra.embedded import children, processes
from infra.embedded.home import Home, WrongVersion, write_private
from infra.embedded.psql import SqlFailed
from infra.embedded.user import User

ADMIN: Final = "waybill_admin"
DATA: Final = "data"
BESIDE: Final = "data-new"
"""Where an upgrade builds the cluster that takes the name `data` when it is complete."""
_BUILTIN_LOCALE_SINCE: Final = 17
_KILL_LIMIT: Final = 10.0


def major_of(data: Path) -> int | None:
    """Major version of the cluster in `data`, None when there is none."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def swap(parent: Path) -> Path | None:
    """Give a cluster that an upgrade has completed the name `data`; None when there is none.

    Marked before the first rename, so that a crash between the two is made good by whoever comes next.

    Returns:
        where the old data stays.
    """
    mark, beside, data = parent / "swap", parent / BESIDE, parent / DATA
    if not mark.exists():
        return None
    kept = parent / mark.read_text(encoding="ascii")
    if beside.exists():
        if data.exists():
            data.rename(kept)
        beside.rename(data)
    mark.unlink()
    return kept


def mark_complete(parent: Path, old: int) -> None:
    """The cluster beside is whole: `swap` may follow."""
    taken = [parent / f"data-{old}", *(parent / f"data-{old}-{number}" for number in range(2, 1000))]
    kept = next(place for place in taken if not place.exists())
    write_private(parent / "swap", kept.name.encode())


class Cluster(msgspec.Struct, frozen=True):
    """Where a cluster lies and what it is made with.

    Attributes:
        programs: folder with the programs of PostgreSQL `major`.
        user: who runs them.
    """

    home: Home
    data: Path
    programs: Path
    major: int
    user: User

    def check_version(self) -> None:
        """Refuse data of another major version.

        Raises:
            WrongVersion: older data can be brought over by `waybill database upgrade`; newer needs the newer product.
        """
        found = major_of(self.data)
        if found is None or found == self.major:
            return
        if found < self.major:
            raise WrongVersion(
                f"The data in {self.data} is PostgreSQL {found}'s; this version of Waybill brings {self.major}. "
                "`waybill database upgrade` brings it over and keeps the old folder (docs/operator/running.md)."
            )
        raise WrongVersion(
            f"The data in {self.data} is PostgreSQL {found}'s, newer than the {self.major} of this version of Waybill. "
            "Start the newer Waybill, or choose another WAYBILL_HOME."
        )

    def make(self, *, durable: bool) -> bool:
        """Create it unless it is there; whether it was created. A crash on the way leaves nothing that counts."""
        if major_of(self.data) is not None:
            return False
        draft = self.data.with_name("draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.with_name("bootstrapped").unlink(missing_ok=True)
        password = self.data.with_name("password")
        self.hand_over(password, self.home.secret(ADMIN).encode())
        command = [str(self.programs / "initdb"), "-D", str(draft), "-U", ADMIN, "--auth=scram-sha-256", "-E", "UTF8"]
        # A locale of the server's own: the system's may change under an index.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--locale=C", *(builtin if self.major >= _BUILTIN_LOCALE_SINCE else [])]
        command += ["--no-instructions", f"--pwfile={password}", *([] if durable else ["--no-sync"])]
        self._run(command)
        password.unlink()
        draft.replace(self.data)
        return True

    def reset_admin(self) -> None:
        """Give the superuser a new password when the file with the old one is lost."""
        verifier = roles.literal(roles.verifier(self.home.secret(ADMIN)))
        command = [str(self.programs / "postgres"), "--single", "-D", str(self.data), "postgres"]
        self._run(command, f"ALTER ROLE {ADMIN} PASSWORD {verifier}\n")

    def hand_over(self, file: Path, content: bytes) -> None:
        """Write a private file that `user` can read."""
        write_private(file, content)
        if self.user.owner:
            shutil.chown(file, *self.user.owner)

    def _run(self, command: list[str], words: str = "") -> None:
        launched = children.launch(command, death=signal.SIGKILL, user=self.user.launch)
        done = subprocess.run(launched, input=words, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603
        with (self.home.logs / "postgres.log").open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise SqlFailed(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")

    def end_orphan(self) -> None:
        """End a server that still works here after its owner was killed, and clear its pid file.

        PostgreSQL refuses to start while the file names any living process, even a stranger that got the same id.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            pid = None
        identity = processes.identify(pid) if pid is not None and self._serves(pid) else None
        if identity is not None:
            children.end_all([identity], patience=10, by=signal.SIGINT)
        self.end_backends()
        file.unlink(missing_ok=True)

    def end_backends(self) -> None:
        """End what outlives a killed postmaster: each of its processes leads a session of its own.

        One that computes or is stopped does not see that the postmaster is gone, and its hold on the shared memory
        keeps the next server from starting. The log is recovered by the next start.
        """
        left = processes.inside(self.data.resolve(), "postgres")
        for identity in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(identity.pid, signal.SIGKILL)
        deadline = time.monotonic() + _KILL_LIMIT
        while any(identity.alive() for identity in left) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _serves(self, pid: int) -> bool:
        words = processes.command(pid)
        return "postgres" in words and (processes.folder(pid) == self.data.resolve() or str(self.data) in words)

    def fingerprint(self, passwords: Mapping[str, str]) -> str:
        """Changes when the roles' statements, their passwords or the cluster do: then the bootstrap runs again."""
        # The verifiers hold fresh salt each time and must not count.
        statements = [line for line in roles.role_statements(passwords, superuser=True) if "PASSWORD" not in line]
        parts = [*statements, *roles.database_statements(), *passwords.values(), self.home.secret(ADMIN)]
        return sha256("\n".join(parts).encode()).hexdigest()
