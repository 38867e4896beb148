"""Processor time and memory of process trees, from the kernel's own books. Linux only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_CHILD: Final = b"expressions/child.py"

EXPRESSIONS: Final = "expressions"
"""The group of the evaluator processes, whichever process started them."""


def trees(roots: Mapping[str, int]) -> dict[str, list[int]]:
    """The living processes of each group's root and everything below it; evaluators are a group of their own."""
    parents: dict[int, list[int]] = {}
    for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        fields = _fields(pid)
        if fields:
            parents.setdefault(int(fields[1]), []).append(pid)
    found: dict[str, list[int]] = {name: [] for name in (*roots, EXPRESSIONS)}
    for name, root in roots.items():
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            found[EXPRESSIONS if _is_evaluator(pid) else name].append(pid)
            waiting += parents.get(pid, [])
    return found


def seconds(pids: list[int]) -> float:
    """User and system seconds of the processes, and of their children that have ended."""
    return sum(sum(int(value) for value in fields[11:15]) for pid in pids if (fields := _fields(pid))) / _TICK


def resident(pids: list[int]) -> float:
    """MiB; pages that several processes share are counted in each."""
    return sum(_number(Path(f"/proc/{pid}/statm"), lambda text: int(text.split()[1])) for pid in pids) * _PAGE / 2**20


def proportional(pids: list[int]) -> float:
    """MiB; a page that several processes share is divided among them."""

    def share(text: str) -> int:
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))

    return sum(_number(Path(f"/proc/{pid}/smaps_rollup"), share) for pid in pids) / 1024


def machine() -> dict[str, float]:
    """Seconds since its start that the whole machine was busy, and that its host took away."""
    user, nice, system, _, _, interrupts, soft, stolen = (
        int(value) / _TICK for value in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    )
    return {"busy": user + nice + system + interrupts + soft, "stolen": stolen}


def _fields(pid: int) -> list[str]:
    """What stands behind the name in `/proc/PID/stat`, state first; empty once the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _is_evaluator(pid: int) -> bool:
    try:
        return _CHILD in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _number(file: Path, read: Callable[[str], int]) -> int:
    try:
        return read(file.read_text(encoding="ascii"))
    except OSError:
        return 0
