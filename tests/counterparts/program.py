"""Programs of a counterpart: one that is run to its end, and a server of a test's own on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_PATIENCE = 120.0


def run(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
    """Raises SystemExit with what it wrote."""
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{' '.join(map(str, command[:2]))} failed with exit code {done.returncode}")


@contextmanager
def serving(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    folder: Path,
    *,
    port: int,
    log: Path,
    account: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """It listens on `port` until the block ends. `account`: whose it is, where it is not ours, as `Popen` takes it.

    Raises:
        RuntimeError: it does not, with the end of what it wrote to `log`.
    """
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out, **account or {})
    try:
        _wait(server, port, log)
        yield
    finally:
        server.terminate()
        server.wait(_PATIENCE)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise RuntimeError("it did not start:\n" + log.read_text(errors="replace")[-2000:])
