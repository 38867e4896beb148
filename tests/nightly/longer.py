"""Tests that are too long for each run of the tests: those with the mark `night`."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Final

from tests.nightly import suite
from tests.nightly.outcome import Outcome

PART: Final = "tests too long for each run"
PROVES: Final = "F-01, F-03, F-19"
SECONDS: Final = 1_800.0


async def one_round(folder: Path, random: Random, outcome: Outcome) -> None:
    """All of them once, with the systems that they take. Raises AssertionError when one failed or was not run."""
    del random
    last = await suite.python(["-m", "pytest", "-m", "night", f"--basetemp={folder}-longer"], SECONDS, CI="true")
    found = re.search(r"(\d+) passed(?:, (\d+) skipped)?", last)
    assert found, last[-500:]
    outcome.runs += int(found[1])
    outcome.note = f"{found[1]} passed"
    assert not found[2], f"{found[2]} were skipped"
