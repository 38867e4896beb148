"""SQL through the wheel's own `psql`: the bootstrap needs no driver and no event loop."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.settings import child_environment

LIMIT: Final = 120.0
"""Seconds for all statements of one call; the longest is the copy or the removal of a whole database."""
_CONNECT_SECONDS: Final = "10"


class SqlFailed(RuntimeError):
    """A statement or program failed; the message is the server's, without the statement."""


def run(
    folder: Path,
    connection: Mapping[str, str],
    statements: list[str],
    names: Mapping[str, str],
    *,
    limit: float = LIMIT,
) -> str:
    """Run `statements` in order, stopping at the first that fails; what they return, as text.

    Args:
        folder: with the programs.
        connection: libpq's variables.
        statements: without closing semicolons.
        names: psql variables.
        limit: seconds for all of them.

    Raises:
        SqlFailed: a statement failed, or there was no answer in time.
    """
    script = "".join(f"{statement};\n" for statement in statements)
    command = [str(folder / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    command += [word for name, value in names.items() for word in ("-v", f"{name}={value}")] + ["-f", "-"]
    return program(command, connection, script, limit=limit)


def program(command: list[str], connection: Mapping[str, str], script: str = "", *, limit: float | None = None) -> str:
    """Run one of PostgreSQL's client programs to its end; its output.

    Args:
        command: argument list.
        connection: libpq's variables; a server that does not answer is given up after 10 s.
        script: for standard input.
        limit: seconds, after which it is killed; None for what takes as long as there is data.

    Raises:
        SqlFailed: it ended with an error, or was still running after `limit`.
    """
    name = Path(command[0]).name
    environment = child_environment({"PGCONNECT_TIMEOUT": _CONNECT_SECONDS, **connection})
    try:
        done = subprocess.run(  # noqa: S603 - our own programs
            command, input=script, env=environment, capture_output=True, text=True, check=False, timeout=limit
        )
    except subprocess.TimeoutExpired:
        raise SqlFailed(f"{name} was still waiting for PostgreSQL after {limit:g} s and was ended") from None
    if done.returncode != 0:
        raise SqlFailed(done.stderr.strip() or f"{name} ended with {done.returncode}")
    return done.stdout.strip()
