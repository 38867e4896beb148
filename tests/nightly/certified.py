"""Connectors called beside the real systems that are installed, with answers lost and late in between (F-03)."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from random import Random
from typing import Final

from tests.counterparts.conftest import ASKED
from tests.counterparts.tryton.install import is_installed
from tests.nightly.outcome import Outcome

PART: Final = "connectors beside the real systems"
PROVES: Final = "F-03"
_SECONDS: Final = 900.0
_WAY: Final = "way"
_STATIONS: Final = frozenset({"rt", "oscar", "vendure"})
"""Systems that an order of the example goes through, beside Tryton."""


def installed(home: Path) -> list[str]:
    """Those that `make counterparts TEST=NAME` has made, and the way of an order where all of them are there."""
    found = [name for name in ASKED if (home.absolute() / "counterparts" / name / "made.txt").exists()]
    return [*found, _WAY] if {*found} >= _STATIONS and is_installed(home) else found


async def one_round(folder: Path, random: Random, outcome: Outcome, *, names: list[str]) -> None:
    """The tests of each, one after another. Raises AssertionError with the end of what one said."""
    del random
    for name in names:
        command = [sys.executable, "-m", "pytest", f"tests/counterparts/{name}", f"--basetemp={folder}-{name}"]
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**os.environ, "COUNTERPART": name},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            told, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
        except TimeoutError:
            process.kill()
            raise AssertionError(f"{name}: not over after {_SECONDS:g} s") from None
        assert process.returncode == 0, f"{name}: {told.decode(errors='replace')[-500:]}"
        outcome.runs += 1
    outcome.note = ", ".join(names)
