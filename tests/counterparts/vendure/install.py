"""Vendure 3.7 from npm in a folder of its own, which takes minutes once, and servers of it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.counterparts.tryton.server import free_port
from tests.patience import PATIENCE

HERE: Final = Path(__file__).parent
PACKAGES: Final = ("@vendure/core@3.7.3", "better-sqlite3@12.11.1")
VERSION: Final = "Vendure 3.7.3"
SUPERADMIN: Final = secrets.token_urlsafe(24)
_BEFORE: Final = "2026-10-01"
_PATIENCE: Final = 120.0


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    place = home.absolute() / "counterparts" / "vendure"
    wanted = " ".join(PACKAGES)
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (place / "package.json").write_text('{ "private": true }\n')
        _run(place, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", f"--before={_BEFORE}", *PACKAGES)
        # The two that are compiled, or fetched compiled.
        _run(place, "npm", "rebuild", "better-sqlite3", "bcrypt", "--foreground-scripts")
        (place / "made.txt").write_text(wanted)
    return place


@contextmanager
def running(place: Path, data: Path) -> Iterator[int]:
    """Serve a new and empty shop from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it does not serve.
    """
    port = free_port()
    shutil.copyfile(HERE / "server.mjs", place / "server.mjs")
    own = {"PORT": str(port), "DB": str(data / "shop.sqlite"), "SUPERADMIN": SUPERADMIN}
    environment = {**os.environ, **own, "VENDURE_DISABLE_TELEMETRY": "true"}
    with (data / "log").open("w") as log:
        command = ["node", "server.mjs"]
        server = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)
    try:
        _wait(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise RuntimeError("Vendure did not start")


def _run(place: Path, *command: str) -> None:
    environment = {**os.environ, "VENDURE_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, cwd=place, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{' '.join(command[:2])} failed with exit code {done.returncode}")


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
