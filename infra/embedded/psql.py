"""SQL through the wheel's own `psql`: the bootstrap needs no driver and no event loop."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.settings import child_environment


class SqlFailed(RuntimeError):
    """A statement or program failed; the message is the server's, without the statement."""


def run(folder: Path, connection: Mapping[str, str], statements: list[str], names: Mapping[str, str]) -> str:
    """Run `statements` in order, stopping at the first that fails; what they return, as text.

    Args:
        folder: with the programs.
        connection: libpq's variables.
        statements: without closing semicolons.
        names: psql variables.
    """
    script = "".join(f"{statement};\n" for statement in statements)
    command = [str(folder / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    command += [word for name, value in names.items() for word in ("-v", f"{name}={value}")] + ["-f", "-"]
    return program(command, connection, script)


def program(command: list[str], connection: Mapping[str, str], script: str = "") -> str:
    """Run one of PostgreSQL's client programs to its end; its output.

    Raises:
        SqlFailed: it ended with an error.
    """
    done = subprocess.run(  # noqa: S603 - our own programs
        command, input=script, env=child_environment(connection), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SqlFailed(done.stderr.strip() or f"{Path(command[0]).name} ended with {done.returncode}")
    return done.stdout.strip()
