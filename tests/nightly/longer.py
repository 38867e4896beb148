"""Tests that are too long for each run of the tests: those with the mark `night`."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from random import Random
from typing import Final

from tests.nightly.outcome import Outcome

PART: Final = "tests too long for each run"
PROVES: Final = "F-01, F-03, F-19"
SECONDS: Final = 1_800.0


async def one_round(folder: Path, random: Random, outcome: Outcome) -> None:
    """All of them once. Raises AssertionError with the end of what they said."""
    del random
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-m", "night", f"--basetemp={folder}-longer"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        process.kill()
        raise AssertionError(f"not over after {SECONDS:g} s") from None
    last = told.decode(errors="replace").strip()
    assert process.returncode == 0, last[-500:]
    found = re.search(r"(\d+) passed(?:, (\d+) skipped)?", last)
    assert found, last[-500:]
    outcome.runs += int(found[1])
    outcome.note = f"{found[1]} passed, {found[2] or 0} skipped for want of a system"
