"""Everything that the API's document offers, asked in every wrong way that it lets one think of (S-95)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.plant import UNHURRIED, Plant
from tests.nightly.outcome import Outcome
from tests.services.api.contract_check import check

PART = "the API's document, by schemathesis"
PROVES = "S-95"
EXAMPLES: Final = 200
PATIENCE: Final = 900.0
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")


async def one_round(folder: Path, random: Random, outcome: Outcome, *, examples: int = EXAMPLES) -> None:
    """By a client's key over every route, links between answers followed."""
    async with Plant(folder, settings=UNHURRIED) as plant:
        found = await asyncio.to_thread(
            check,
            folder / "schemathesis",
            plant.api_url,
            plant.key,
            examples=examples,
            seed=random.randrange(2**31),
            phases=PHASES,
            # A partner's paths lead to the same handlers; the matrix of routes walks them all.
            only=r"^(?!/v1/clients/{client}/{env)",
            # So many calls without a key would be held up as a stranger's (S-66), and not answered 401 each.
            without=("ignored_auth",),
            seconds=PATIENCE - 60,
        )
    outcome.note = f"{found.requests} requests, {examples} examples for each operation"
    assert found.failures == [], "\n".join(found.failures)
    outcome.note += "; no server error, nothing undocumented"
