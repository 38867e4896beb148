"""The data folder: what lies where, who may use it, and which version wrote it."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import msgspec

from infra.embedded import processes

UP: Final = "up"
"""The purpose that `waybill down` may end."""


class AlreadyRunning(RuntimeError):
    """Another process uses this home. End it (`waybill down`) or choose another `WAYBILL_HOME`."""


class WrongVersion(RuntimeError):
    """The data was written by another version; the message says which way leads on."""


class Owner(processes.Identity, frozen=True):
    """The process that has a home's lock, and the command that it is (`up`, `database dump`)."""

    purpose: str = ""


class Home:
    """A data folder, mode 0700: `run/`, `logs/`, `secrets/`, `postgres/`, `valkey/`, `backups/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.run = self.folder / "run"
        self.logs = self.folder / "logs"
        self.secrets = self.folder / "secrets"
        self.backups = self.folder / "backups"
        self._lock: int | None = None

    def make(self) -> None:
        """Create what is missing. Safe to repeat."""
        for folder in (self.folder, self.run, self.logs, self.secrets, self.backups):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if stat.S_IMODE(folder.stat().st_mode) & 0o077:
                folder.chmod(0o700)

    def lock(self, purpose: str = "") -> None:
        """Own the home until `unlock` or the death of this process, however sudden.

        Args:
            purpose: the command that does, for others to read.

        Raises:
            AlreadyRunning: another process owns it.
        """
        self.make()
        descriptor = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            owner = self.owner()
            if owner is not None and owner.purpose not in {"", UP}:
                raise AlreadyRunning(
                    f"`waybill {owner.purpose}` works in {self.folder} (process {owner.pid}). Wait for its end."
                ) from None
            raise AlreadyRunning(
                f"Waybill already runs in {self.folder} (process {owner.pid if owner else 'unknown'}). "
                "`waybill down` ends it; another WAYBILL_HOME lets a second one run beside it."
            ) from None
        os.ftruncate(descriptor, 0)
        ours = processes.own()
        os.pwrite(descriptor, msgspec.json.encode(Owner(ours.pid, ours.started, purpose)), 0)
        self._lock = descriptor

    def unlock(self) -> None:
        """Let others use the home. Safe to repeat."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def owner(self) -> Owner | None:
        """The process that owns the home now."""
        try:
            found = msgspec.json.decode((self.run / "lock").read_bytes(), type=Owner)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if found.alive() else None

    def record(self, name: str) -> Path:
        """File with the identity of the child `name`."""
        return self.run / f"{name}.child.json"

    def secret(self, name: str) -> str:
        """A random password that is made at first use and kept in `secrets/NAME`, mode 0600."""
        file = self.secrets / name
        if not file.exists():
            write_private(file, secrets.token_urlsafe(32).encode())
        return file.read_text(encoding="ascii")

    def port(self, name: str) -> int | None:
        """The port that `name` had last."""
        return self._ports().get(name)

    def remember_port(self, name: str, port: int) -> None:
        """Keep `port` for the next start, so that addresses stay."""
        write_private(self.folder / "ports.json", msgspec.json.encode({**self._ports(), name: port}))

    def _ports(self) -> dict[str, int]:
        try:
            return msgspec.json.decode((self.folder / "ports.json").read_bytes(), type=dict[str, int])
        except (OSError, msgspec.MsgspecError):
            return {}

    def stamp(self, version: str) -> None:
        """Note that `version` (digits and dots) uses the data.

        Raises:
            WrongVersion: a newer version wrote it; this one might misread it.
        """
        file = self.folder / "VERSION"
        if file.exists():
            written = file.read_text(encoding="ascii").strip()
            if _digits(written) > _digits(version):
                raise WrongVersion(
                    f"{self.folder} was written by Waybill {written}, this is {version}. "
                    "Start the newer one, or choose another WAYBILL_HOME."
                )
        write_private(file, f"{version}\n".encode())


def write_private(file: Path, content: bytes) -> None:
    """Replace `file` by `content`, mode 0600, in one step: a crash leaves the old or the new one whole."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)


def _digits(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
