"""Child processes that leave nothing behind: each dies with us, and what survives is found by the next start."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from infra.embedded import processes
from infra.embedded.home import Home
from infra.settings import child_environment

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
LOG_LIMIT: Final = 16 * 2**20
GRACE: Final = 5.0


def launch(command: list[str], *, death: signal.Signals = signal.SIGTERM, user: str = "-") -> list[str]:
    """`command` as started by the launcher. Call from the main thread: the kernel takes that thread for the parent."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(int(death)), str(os.getpid()), user, *command]


def bound(log: Path) -> None:
    """Once `log` is longer than LOG_LIMIT bytes, move what it holds to one older copy beside it.

    Its writer may go on: it appends to the emptied file. What it writes within the copying may be lost.
    """
    try:
        if log.stat().st_size <= LOG_LIMIT:
            return
    except OSError:
        return
    draft = log.with_suffix(".log.part")
    try:
        shutil.copyfile(log, draft)
        draft.replace(log.with_suffix(".log.1"))
    except OSError:
        # A full disk most of all: then the room counts more than the old lines.
        draft.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        os.truncate(log, 0)


class Child:
    """One named child process with a log file and a record of its identity in the home.

    Args:
        home: where log (`logs/NAME.log`) and record (`run/NAME.json`) lie.
        name: unique within the home.
        stop_signal: asks the process to end cleanly.
        death: what the kernel sends it when we die.
        user: how the launcher changes the user.
    """

    def __init__(
        self,
        home: Home,
        name: str,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        death: signal.Signals = signal.SIGTERM,
        user: str = "-",
    ) -> None:
        self.home = home
        self.name = name
        self.log = home.logs / f"{name}.log"
        self._stop_signal = stop_signal
        self._death = death
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def returncode(self) -> int | None:
        """Exit code of a process that ended by itself (negative: the signal), None while it runs or never ran."""
        return None if self._process is None else self._process.poll()

    def start(self, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        """Start `command` with `environment` laid over ours."""
        bound(self.log)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                launch(command, death=self._death, user=self._user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=child_environment({**(environment or {}), "WAYBILL_HOME": str(self.home.folder)}),
            )
        identity = processes.identify(self._process.pid)
        if identity is not None:
            self.home.record(self.name).write_bytes(msgspec.json.encode(identity))

    def send(self, number: signal.Signals) -> None:
        """Signal the process alone, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, patience: float = GRACE, *, by: signal.Signals | None = None) -> None:
        """Ask it to end, wait `patience` seconds, then end its whole group. Safe to repeat."""
        process = self._process
        if process is None:
            return
        self.send(by or self._stop_signal)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            process.wait()
        else:
            _kill_group(process.pid)
        self.home.record(self.name).unlink(missing_ok=True)
        self._process = None


def _kill_group(leader: int) -> None:
    """End what is left of the session that `leader` opened. The id is not reused while a member lives."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def reap_orphans(home: Home, patience: float = GRACE) -> list[str]:
    """End the processes that a killed owner of `home` left behind; hold the home's lock.

    Returns:
        the names of those that still ran.
    """
    found: list[tuple[str, processes.Identity]] = []
    for record in sorted(home.run.glob("*.child.json")):
        try:
            identity = msgspec.json.decode(record.read_bytes(), type=processes.Identity)
        except (OSError, msgspec.MsgspecError):
            # Half written when the power went: nobody to find by it.
            record.unlink(missing_ok=True)
            continue
        name = record.name.removesuffix(".child.json")
        left = [identity] if identity.alive() else processes.group(identity.pid, f"WAYBILL_HOME={home.folder}")
        found += [(name, member) for member in left]
        record.unlink(missing_ok=True)
    end_all([identity for _, identity in found], patience)
    return sorted({name for name, _ in found})


def end_all(
    identities: list[processes.Identity], patience: float = GRACE, *, by: signal.Signals = signal.SIGTERM
) -> None:
    """Ask each to end, and kill the groups of those that still live after `patience` seconds."""
    for identity in identities:
        if identity.alive():
            os.kill(identity.pid, by)
            # A stopped process hears nothing else.
            os.kill(identity.pid, signal.SIGCONT)
    deadline = time.monotonic() + patience
    while any(identity.alive() for identity in identities) and time.monotonic() < deadline:
        time.sleep(0.02)
    for identity in identities:
        if identity.alive():
            _kill_group(identity.pid)
            while identity.alive():
                time.sleep(0.02)
