"""django-oscar 4.2 with django-oscar-api 3.3 in an environment of its own, and a pristine shop: half a minute, once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.counterparts import packages
from tests.counterparts.tryton.server import free_port
from tests.patience import PATIENCE

HERE: Final = Path(__file__).parent
SITE: Final = HERE / "site"
STAFF: Final = "staff@shop.example"
PASSWORD: Final = "staff-pass"  # noqa: S105 (a shop made for tests, on loopback)
BUYER: Final = ("buyer@shop.example", "buyer-pass")
VERSION: Final = "django-oscar 4.2.1, django-oscar-api 3.3.0"
_PATIENCE: Final = 60.0


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    place = home.absolute() / "counterparts" / "oscar"
    wanted = "".join(file.read_text() for file in [HERE / "requirements.txt", *sorted(SITE.glob("*.py"))])
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        packages.install(place / "venv", HERE / "requirements.txt")
        _run(place, place / "shop.sqlite", "shop.py", "migrate", "-v0")
        _run(place, place / "shop.sqlite", "seed.py")
        (place / "made.txt").write_text(wanted)
    return place


@contextmanager
def running(place: Path, data: Path) -> Iterator[int]:
    """Serve a fresh shop from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it does not serve.
    """
    port = free_port()
    shutil.copyfile(place / "shop.sqlite", data / "shop.sqlite")
    command = _command(place, str(SITE / "shop.py"), "runserver", "--noreload", f"127.0.0.1:{port}")
    with (data / "log").open("w") as log:
        server = subprocess.Popen(command, env=_environment(data / "shop.sqlite"), stdout=log, stderr=log)
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
    raise RuntimeError("the shop did not start")


def _command(place: Path, *words: str) -> list[str]:
    return [str(place / "venv/bin/python"), *words]


def _environment(database: Path) -> dict[str, str]:
    return {**os.environ, "OSCAR_DB": str(database), "PYTHONPATH": str(SITE), "PYTHONDONTWRITEBYTECODE": "1"}


def _run(place: Path, database: Path, script: str, *words: str) -> None:
    command = _command(place, str(SITE / script), *words)
    done = subprocess.run(command, env=_environment(database), check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{script} failed with exit code {done.returncode}")


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
