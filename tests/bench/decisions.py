"""Decisions of many people at once through the API: `python -m tests.bench.decisions [--tasks 1000] [--people 8]`.

Prints JSON: how many a second, the seconds that a decision took for its person, from the first try to the answer, how
often they were told to come again, and what was lost, which is nothing or the exit status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.faults.plant import PATIENT, UNHURRIED
from tests.portal.site import Site
from tests.stories.crowd import gathered


async def measure(tasks: int, people: int, home: Path) -> dict[str, Any]:
    """One server and one worker; all decisions are sent within the same second."""
    async with Site(home, settings={**PATIENT, **UNHURRIED}) as site:
        crowd = await gathered(site, "bench", people)
        try:
            crowd.town.start_worker()
            wanted = await crowd.wishes(await crowd.asked(tasks))
            began = time.perf_counter()
            await crowd.decide(wanted, seconds=60.0 + tasks)
            took = time.perf_counter() - began
            kept = await crowd.town.rows("SELECT 1 FROM app.human_task_decision WHERE tenant_id = $1 AND NOT is_void")
        finally:
            crowd.town.stop()
    each = sorted(crowd.took)
    middle, late = each[len(each) // 2], each[len(each) * 95 // 100]
    return {
        "tasks": tasks,
        "people": people,
        "decisions_per_s": round(tasks / took, 1),
        "seconds": {"median": round(middle, 2), "p95": round(late, 2), "all": round(took, 2)},
        "answers": {str(status): count for status, count in sorted(crowd.told.items())},
        "lost": tasks - len(kept),
    }


def main(*words: str) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--people", type=int, default=8)
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as home:
        found = asyncio.run(measure(given.tasks, given.people, Path(home) / "home"))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
    return 1 if found["lost"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
