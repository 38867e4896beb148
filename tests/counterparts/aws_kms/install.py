"""Installs moto, which answers as AWS KMS does, in an environment of its own beside the product.

`python -m tests.counterparts.aws_kms.install --home DIR`. Safe to repeat. Some seconds and 100 MB.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from pathlib import Path
from typing import Final

from tests.counterparts import packages

HERE: Final = Path(__file__).parent


def folder(home: Path) -> Path:
    """Where moto lives under the product's data folder."""
    return home.absolute() / "counterparts" / "moto"


def is_installed(home: Path) -> bool:
    installed = folder(home) / "installed.txt"
    return installed.exists() and installed.read_text() == _wanted()


def install(home: Path) -> Path:
    """Install what is missing; returns the folder. Callers at the same time wait for one another."""
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True)
    with (place / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(home):
            packages.install(place / "venv", HERE / "requirements.txt")
            (place / "installed.txt").write_text(_wanted())
    return place


def _wanted() -> str:
    return (HERE / "requirements.txt").read_text()


def main() -> None:
    arguments = argparse.ArgumentParser(description="Install moto beside the product")
    arguments.add_argument("--home", type=Path, default=Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    sys.stdout.write(f"moto is installed in {install(arguments.parse_args().home)}\n")


if __name__ == "__main__":
    main()
