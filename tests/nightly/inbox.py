"""An inbox of 100,000 open tasks: each question of a page of it in at most 100 ms (ADR 0099)."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from tests.bench import inbox
from tests.nightly.outcome import Outcome

PART = "an inbox of a hundred thousand tasks"
PROVES = "ADR 0099"
TASKS: Final = 100_000
_TIMES: Final = 30


async def one_round(folder: Path, _random: Random, outcome: Outcome, *, tasks: int = TASKS) -> None:
    """Raises AssertionError where a question's median is above `inbox.LIMIT` milliseconds."""
    found = (await inbox.measure(tasks, _TIMES, folder))["questions"]
    outcome.runs = tasks
    slowest = max(found, key=lambda name: found[name]["ms"])
    highest = max(one["highest"] for one in found.values())
    middle = f"{found[slowest]['ms']:g} ms ({slowest})"
    outcome.note = f"{len(found)} questions, medians at most {middle}; the longest answer {highest:g} ms"
    slow = {name: one["ms"] for name, one in found.items() if one["ms"] > inbox.LIMIT}
    assert not slow, f"above {inbox.LIMIT:g} ms: {slow}"
