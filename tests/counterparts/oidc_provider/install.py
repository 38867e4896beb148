"""Installs oidc-provider, a certified OpenID provider in JavaScript, beside the product: 4 MB."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
_FILES: Final = ("package.json", "package-lock.json", "provider.mjs")


def folder(home: Path) -> Path:
    """Where it lives under the product's data folder."""
    return home.absolute() / "counterparts" / "oidc-provider"


def is_installed(home: Path) -> bool:
    return (folder(home) / "node_modules" / "oidc-provider").is_dir()


def install(home: Path) -> Path:
    """Install it unless it is there; returns its folder, with the script of today."""
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copy(HERE / name, place)
    if not is_installed(home):
        command = ["npm", "ci", "--silent", "--ignore-scripts"]
        subprocess.run(command, cwd=place, env=environment(), check=True)
    return place


def environment() -> dict[str, str]:
    """With Node: where the machine has none, the Python environment got one for the documentation pages."""
    path = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    return {**os.environ, "PATH": path}


if __name__ == "__main__":
    print(install(Path(os.environ.get("WAYBILL_HOME", ".waybill"))))  # noqa: T201 (a command)
