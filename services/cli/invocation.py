"""How the operator calls the command line from the present folder, for hints that can be copied."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path


def line(*words: str) -> str:
    """A shell command that runs `waybill WORDS` as this process was run, whatever PATH holds."""
    program = Path(sys.argv[0])
    if program.suffix == ".py":
        return shlex.join([short(Path(sys.executable)), "-m", "services.cli.main", *words])
    return shlex.join([short(program), *words])


def short(path: Path) -> str:
    """`path` as named from the present folder: relative below it, else absolute; never a bare word."""
    place = Path(os.path.abspath(path))  # noqa: PTH100 - links stay: an environment's python is one
    try:
        relative = str(place.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(place)
    return relative if os.sep in relative else os.path.join(".", relative)  # noqa: PTH118 - a Path drops the dot
