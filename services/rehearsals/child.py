"""A rehearsal in a process of its own, which ends: `python -m services.rehearsals.child`, asked and answered in JSON.

It knows no secret of the installation and no database; what it takes of the machine is bounded.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from typing import Any, Final

import msgspec

from infra import collector
from services.rehearsals.rehearsing import Verdict, run_package
from template_library import catalog

SECONDS: Final = 100
"""Of a processor, and of time."""
_MEMORY: Final = 1024 * 1024 * 1024
_FILES: Final = 512
_LARGEST_FILE: Final = 64 * 1024 * 1024
_LINES: Final = 20
_LONGEST: Final = 500


class Asked(msgspec.Struct, frozen=True):
    """A package of this installation. `parameters` stand where a scenario names none of its own."""

    name: str
    version: str
    parameters: dict[str, Any] = {}


async def _rehearsed(asked: Asked) -> list[Verdict]:
    async with asyncio.timeout(SECONDS):
        found = await run_package(catalog.builtin().find(asked.name, asked.version), asked.parameters)
    return [Verdict(one.name, [line[:_LONGEST] for line in one.wrong[:_LINES]]) for one in found]


def main() -> None:
    """Reads what is asked from standard input and writes the verdicts to standard output."""
    collector.leave_at_the_end()
    for what, most in (
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_DATA, _MEMORY),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
    ):
        _, hard = resource.getrlimit(what)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_rehearsed(asked))))


if __name__ == "__main__":
    main()
