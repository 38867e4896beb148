"""Vendure 3.7 from npm in a folder of its own, which takes minutes once, and servers of it."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.embedded.ports import choose
from tests.counterparts import program

HERE: Final = Path(__file__).parent
PACKAGES: Final = ("@vendure/core@3.7.3", "better-sqlite3@12.11.1")
VERSION: Final = "Vendure 3.7.3"
SUPERADMIN: Final = secrets.token_urlsafe(24)
_BEFORE: Final = "2026-10-01"


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Raises SystemExit."""
    place = home.absolute() / "counterparts" / "vendure"
    wanted = " ".join(PACKAGES)
    if not (place / "made.txt").exists() or (place / "made.txt").read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        (place / "package.json").write_text('{ "private": true }\n')
        given = ["--ignore-scripts", "--no-audit", "--no-fund", f"--before={_BEFORE}", *PACKAGES]
        program.run(["npm", "install", *given], _environment(), place)
        # The two that are compiled, or fetched compiled.
        compiled = ["better-sqlite3", "bcrypt", "--foreground-scripts"]
        program.run(["npm", "rebuild", *compiled], _environment(), place)
        (place / "made.txt").write_text(wanted)
    return place


@contextmanager
def running(place: Path, data: Path) -> Iterator[int]:
    """Serve a new and empty shop from `data` until the block ends; gives the port.

    Raises:
        RuntimeError: it does not serve.
    """
    port = choose(None)
    shutil.copyfile(HERE / "server.mjs", place / "server.mjs")
    own = {"PORT": str(port), "DB": str(data / "shop.sqlite"), "SUPERADMIN": SUPERADMIN}
    with program.serving(["node", "server.mjs"], _environment() | own, place, port=port, log=data / "log"):
        yield port


def _environment() -> dict[str, str]:
    return {**os.environ, "VENDURE_DISABLE_TELEMETRY": "true"}


if __name__ == "__main__":
    sys.stdout.write(f"{install(Path(os.environ.get('WAYBILL_HOME', '.waybill')))}\n")
