"""Installs a real server of S3 (moto) beside the product: `python -m tests.counterparts.s3.install`. Under a minute."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import Final

from tests.counterparts import packages

HERE: Final = Path(__file__).parent


def folder(home: Path) -> Path:
    return home.absolute() / "counterparts" / "s3"


def is_installed(home: Path) -> bool:
    mark = folder(home) / "installed.txt"
    return mark.exists() and mark.read_text() == (HERE / "requirements.txt").read_text()


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Callers at the same time wait for one another."""
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(home):
            packages.install(place / "venv", HERE / "requirements.txt")
            shutil.copyfile(HERE / "requirements.txt", place / "installed.txt")
    return place


if __name__ == "__main__":
    install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
