"""Counterparts' Python packages, each in an environment of its own beside the product."""

from __future__ import annotations

import argparse
import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

import msgspec
import pytest


class Beside(msgspec.Struct, frozen=True):
    """What is installed from a file of requirements, into `name` below the product's data."""

    name: str
    requirements: Path
    how: str
    """The module that installs it when it is run."""

    def folder(self, home: Path) -> Path:
        return home.absolute() / "counterparts" / self.name

    def is_installed(self, home: Path) -> bool:
        mark = self.folder(home) / "installed.txt"
        return mark.exists() and mark.read_text() == self.requirements.read_text()

    def install(self, home: Path) -> Path:
        """Install what is missing; returns the folder. Callers at the same time wait for one another."""
        place = self.folder(home)
        place.mkdir(parents=True, exist_ok=True)
        with (place / "install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.is_installed(home):
                install(place / "venv", self.requirements)
                (place / "installed.txt").write_text(self.requirements.read_text())
        return place

    def at_hand(self) -> Path:
        """Its folder, for a test: in CI it is installed, elsewhere the test is skipped without it."""
        home = Path(os.environ.get("WAYBILL_HOME", ".waybill"))
        if os.environ.get("CI") != "true" and not self.is_installed(home):
            pytest.skip(f"{self.name} is not installed: run `python -m {self.how}`")
        return self.install(home)

    def run(self) -> None:
        """`--home DIR`: the product's data."""
        arguments = argparse.ArgumentParser(description=f"Install {self.name} beside the product")
        arguments.add_argument("--home", type=Path, default=Path(os.environ.get("WAYBILL_HOME", ".waybill")))
        sys.stdout.write(f"{self.name} is installed in {self.install(arguments.parse_args().home)}\n")


def install(environment: Path, requirements: Path) -> None:
    """Make the environment anew. By uv, which takes a twentieth of pip's processor time. Raises SystemExit."""
    venv.create(environment, with_pip=False, clear=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet"]
    where: list[str | Path] = ["--python", environment / "bin/python", "--requirements", requirements]
    done = subprocess.run([*install, *where], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"The packages of {requirements} could not be installed")
