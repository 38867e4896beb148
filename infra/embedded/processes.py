"""Who a process id belongs to. Ids are reused, so a process is known by its id and the moment it started."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

_LISTENS: Final = "0A"


class Identity(msgspec.Struct, frozen=True):
    """A process, for good: `started` is opaque and differs for any later process with the same id."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return started(self.pid) == self.started


def identify(pid: int) -> Identity | None:
    """The process that has `pid` now, or None."""
    moment = started(pid)
    return None if moment is None else Identity(pid, moment)


def own() -> Identity:
    """This process."""
    identity = identify(os.getpid())
    if identity is None:
        raise RuntimeError("this system does not tell when a process started; /proc or ps is needed")
    return identity


def started(pid: int) -> str | None:
    """A text that only the process living as `pid` has, or None when none lives."""
    if sys.platform != "linux":
        return _ask(pid, "lstart=")
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces; what follows is: state, then 18 fields, then the start in clock ticks.
    fields = text.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot}/{fields[19]}"


def command(pid: int) -> str:
    """The command line of `pid`, words separated by spaces; empty when it cannot be seen."""
    if sys.platform != "linux":
        return _ask(pid, "command=") or ""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def folder(pid: int) -> Path | None:
    """The folder that `pid` works in, where the system tells."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def inside(place: Path, word: str) -> list[Identity]:
    """The processes that work in the folder `place` and have `word` in their command line (Linux)."""
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]
    found = [identify(pid) for pid in pids if folder(pid) == place and word in command(pid)]
    return [identity for identity in found if identity is not None]


def session(pid: int) -> int | None:
    """The process that opened the session of `pid`, None when that is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def listening(port: int) -> set[int]:
    """The processes of ours that listen on the TCP port `port` (Linux; elsewhere always empty)."""
    sockets = {name for table in ("tcp", "tcp6") for name in _listeners(Path("/proc/net") / table, port)}
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        with contextlib.suppress(OSError):
            if str(link.readlink()) in sockets:
                found.add(int(link.parts[2]))
    return found


def _listeners(table: Path, port: int) -> Iterator[str]:
    """As a descriptor's link shows them."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return
    for fields in map(str.split, lines):
        if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
            yield f"socket:[{fields[9]}]"


def group(leader: int, mark: str) -> list[Identity]:
    """The members of the process group of `leader` whose environment holds the line `mark` (Linux).

    A leader's id may name a stranger's group by now; the mark tells ours.
    """
    found: list[Identity] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            marked = mark.encode() in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        identity = identify(int(entry.name)) if marked and fields[2] == str(leader) else None
        if identity is not None:
            found.append(identity)
    return found


def _ask(pid: int, column: str) -> str | None:
    answer = subprocess.run(["ps", "-p", str(pid), "-o", column], capture_output=True, text=True, check=False)  # noqa: S603, S607 - fixed words and a number
    return answer.stdout.strip() or None
