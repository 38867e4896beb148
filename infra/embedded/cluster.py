"""A PostgreSQL data folder while no server runs in it: making, checking, clearing what a crash left."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from infra import database_roles as roles
from infra.embedded import children, processes
from infra.embedded.home import Home, WrongVersion, write_private
from infra.embedded.psql import SqlFailed
from infra.embedded.user import User

ADMIN: Final = "waybill_admin"
_BUILTIN_LOCALE_SINCE: Final = 17


def version(data: Path) -> int | None:
    """Major version of the cluster in `data`, None when there is none."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def check_version(data: Path, wanted: int) -> None:
    """Refuse data of another major version.

    Raises:
        WrongVersion: older data can be brought over by `waybill database upgrade`; newer needs the newer product.
    """
    found = version(data)
    if found is None or found == wanted:
        return
    if found < wanted:
        raise WrongVersion(
            f"The data in {data} is PostgreSQL {found}'s; this version of Waybill brings {wanted}. "
            "`waybill database upgrade` brings it over and keeps the old folder (docs/operator/running.md)."
        )
    raise WrongVersion(
        f"The data in {data} is PostgreSQL {found}'s, newer than the {wanted} that this version of Waybill brings. "
        "Start the newer Waybill, or choose another WAYBILL_HOME."
    )


def make(home: Home, programs: Path, data: Path, user: User, *, major: int, durable: bool) -> bool:
    """Create the cluster unless there is one; whether it was created. A crash on the way leaves nothing that counts."""
    if version(data) is not None:
        return False
    draft = data.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)
    data.with_name("bootstrapped").unlink(missing_ok=True)
    password = data.with_name("password")
    write_private(password, home.secret(ADMIN).encode())
    if user.owner:
        shutil.chown(password, *user.owner)
    command = [str(programs / "initdb"), "-D", str(draft), "-U", ADMIN, "--auth=scram-sha-256", "-E", "UTF8"]
    # A locale of the server's own: the system's may change under an index.
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--locale=C", *(builtin if major >= _BUILTIN_LOCALE_SINCE else [])]
    command += ["--no-instructions", f"--pwfile={password}"] + ([] if durable else ["--no-sync"])
    _run(home, command, user)
    password.unlink()
    draft.replace(data)
    return True


def reset_admin(home: Home, programs: Path, data: Path, user: User) -> None:
    """Give the superuser a new password when the file with the old one is lost."""
    statement = f"ALTER ROLE {ADMIN} PASSWORD {roles.literal(roles.verifier(home.secret(ADMIN)))}\n"
    _run(home, [str(programs / "postgres"), "--single", "-D", str(data), "postgres"], user, statement)


def _run(home: Home, command: list[str], user: User, words: str = "") -> None:
    launched = children.launch(command, death=signal.SIGKILL, user=user.launch)
    done = subprocess.run(launched, input=words, capture_output=True, text=True, check=False, cwd="/")  # noqa: S603
    with (home.logs / "postgres.log").open("a", encoding="utf-8") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode != 0:
        raise SqlFailed(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def fingerprint(home: Home, passwords: Mapping[str, str]) -> str:
    """Changes when the roles' statements, their passwords or the cluster do: then the bootstrap runs again."""
    # The verifiers hold fresh salt each time and must not count.
    statements = [line for line in roles.role_statements(passwords, superuser=True) if "PASSWORD" not in line]
    parts = [*statements, *roles.database_statements(), *passwords.values(), home.secret(ADMIN)]
    return sha256("\n".join(parts).encode()).hexdigest()


def end_orphan(data: Path) -> None:
    """End a server that still works in `data` after its owner was killed, and clear its pid file.

    PostgreSQL refuses to start while the file names any living process, even a stranger that got the same id.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        file.unlink(missing_ok=True)
        return
    identity = processes.identify(pid)
    if identity is not None and _serves(pid, data):
        children.end_all([identity], patience=10, by=signal.SIGINT)
    file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    words = processes.command(pid)
    return "postgres" in words and (processes.folder(pid) == data.resolve() or str(data) in words)
