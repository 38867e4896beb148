"""Installs a real Tryton 8.2 beside the product, in an environment of its own, and makes a pristine database.

`python -m tests.counterparts.tryton.install --home DIR [--serve --port N]`, called by `make counterparts`. Safe to
repeat: finished parts are kept. About 20 s for the packages and 50 s for the database on two cores.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.counterparts import packages

HERE: Final = Path(__file__).parent
DATABASE: Final = "erp"
USER: Final = "connector"
PASSWORD: Final = "connector-pass-for-tests"  # noqa: S105 (a database made for tests, on loopback)
MODULES: Final = ("sale", "stock", "account_invoice_stock", "sale_credit_limit")


def folder(home: Path) -> Path:
    """Where Tryton lives under the product's data folder."""
    return home.absolute() / "counterparts" / "tryton"


def is_installed(home: Path) -> bool:
    return _is_filled(folder(home))


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Callers at the same time wait for one another."""
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True)
    with lock(place / "install.lock"):
        if not (place / "installed.txt").exists() or _wanted() != (place / "installed.txt").read_text():
            _install_packages(place)
        if not _is_filled(place):
            _make_database(place)
    return place


def write_configuration(data: Path, port: int, address: str = "sqlite://") -> Path:
    """A server configuration for the databases at `address`, or in `data`; returns its path."""
    path = data / "trytond.conf"
    path.touch(0o600)
    path.write_text(
        f"[database]\nuri = {address}\npath = {data}\n[web]\nlisten = 127.0.0.1:{port}\n"
        f"[session]\nauthentications = password\n"
    )
    return path


def fresh(place: Path, data: Path) -> None:
    """A new ERP in `data`: a copy of the pristine database, some milliseconds."""
    data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place / "pristine.sqlite", data / f"{DATABASE}.sqlite")


def _wanted() -> str:
    return (HERE / "requirements.txt").read_text()


def _is_filled(place: Path) -> bool:
    """With the database that is filled as `seed.py` fills it now."""
    filled = place / "filled.txt"
    return (place / "pristine.sqlite").exists() and filled.exists() and filled.read_text() == _seed()


def _seed() -> str:
    return hashlib.sha256((HERE / "seed.py").read_bytes()).hexdigest()


def _install_packages(place: Path) -> None:
    packages.install(place / "venv", HERE / "requirements.txt")
    (place / "installed.txt").write_text(_wanted())


def _make_database(place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place) as folder_name:
        data = Path(folder_name)
        database = data / f"{DATABASE}.sqlite"
        database.touch()  # Tryton opens a database only when its file exists
        fill(place, data)
        (place / "pristine.dump").unlink(missing_ok=True)
        database.rename(place / "pristine.sqlite")
    (place / "filled.txt").write_text(_seed())


def fill(place: Path, data: Path, address: str = "sqlite://") -> None:
    """Make an ERP of the empty database, with customers, items and the connector's user."""
    configuration = write_configuration(data, 8000, address)
    password = data / "password"
    password.touch(0o600)
    password.write_text(secrets.token_urlsafe(24) + "\n")
    admin: list[str | Path] = [place / "venv/bin/trytond-admin", "-c", configuration, "-d", DATABASE]
    update = ["--email", "admin@example.com", "-u", *MODULES, "--activate-dependencies"]
    _run([*admin, *update], TRYTONPASSFILE=str(password))
    # Which database it is for is read as it is imported, before it is told.
    _run([place / "venv/bin/python", HERE / "seed.py", configuration, DATABASE], TRYTOND_CONFIG=str(configuration))


def _run(command: list[str | Path], **environment: str) -> None:
    done = subprocess.run(command, env={**os.environ, **environment}, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"{Path(command[0]).name} failed with exit code {done.returncode}")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Whoever else wants it waits until the block ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _serve(place: Path, port: int) -> None:
    data = place / "data"
    if not (data / f"{DATABASE}.sqlite").exists():
        fresh(place, data)
    configuration = write_configuration(data, port)
    command: list[str | Path] = [place / "venv/bin/trytond", "-c", configuration, "-d", DATABASE]
    with subprocess.Popen(command) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        try:
            server.wait()
        except KeyboardInterrupt:
            server.terminate()


def _simulator(home: Path) -> tuple[str, Path]:
    """The address of the home's simulated ERP, as `waybill up` remembers it, and the file with its token."""
    try:
        port = json.loads((home / "ports.json").read_text())["erp"]
    except (OSError, ValueError, KeyError):
        port = "PORT"  # nothing was started yet; `waybill up` prints the address
    return f"http://127.0.0.1:{port}", home.absolute() / "secrets" / "erp-token"


def main() -> None:
    arguments = argparse.ArgumentParser(description="Install and start a real Tryton 8.2 beside the product")
    arguments.add_argument("--home", type=Path, default=Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    arguments.add_argument("--serve", action="store_true", help="start it in the foreground")
    arguments.add_argument("--port", type=int, default=8069)
    given = arguments.parse_args()
    place = install(given.home)
    password = place / "password"
    password.touch(0o600)
    password.write_text(PASSWORD)
    simulator, token = _simulator(given.home)
    sys.stdout.write(
        f"Tryton 8.2 is installed in {place}\n"
        "To send the demo client's orders into it, change the connection and nothing else:\n"
        f"  waybill connection update erp --connector tryton --set base_url=http://127.0.0.1:{given.port}"
        f" --set allow_http=true --set database={DATABASE} --set user={USER}"
        f" --secret-file password={shlex.quote(str(password))}\n"
        "And back to the simulator:\n"
        f"  waybill connection update erp --connector erp-simulator --set base_url={simulator}"
        f" --set allow_http=true --secret-file token={shlex.quote(str(token))}\n"
    )
    sys.stdout.flush()
    if given.serve:
        _serve(place, given.port)


if __name__ == "__main__":
    main()
