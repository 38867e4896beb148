"""Everything that the documents offer, asked in every wrong way that they let one think of (S-95)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from infra.database import Database
from tests.faults.plant import UNHURRIED, Plant
from tests.nightly.outcome import Outcome
from tests.services.api.contract_askers import Asker, holder_of, make_askers, signed_in
from tests.services.api.contract_check import ONE_FORM, check

PART = "the documents of the API and the portal, by schemathesis"
PROVES = "S-95"
SECONDS: Final = 330.0
"""Of all campaigns together. Each repeats until its share is spent, with other dice each time."""
PATIENCE: Final = 900.0
"""A campaign may need a minute beside its share to end, and an installation begins before them."""
EXAMPLES: Final = 5
"""Of each operation before the next one has its turn, so that every operation has one in any share."""
_FOLLOWING: Final = ("examples", "coverage", "fuzzing", "stateful")
_ASKING: Final = ("examples", "coverage", "fuzzing")


class _Portal(Plant):
    application = "services.portal.app:create_app"


class Campaign(msgspec.Struct, frozen=True):
    """`share`: of the seconds."""

    name: str
    asker: Asker
    share: float
    only: str = ""
    phases: tuple[str, ...] = _ASKING


async def one_round(folder: Path, random: Random, outcome: Outcome, *, seconds: float = SECONDS) -> None:
    """By keys of a client, its partner and the operator, and by a person of the partner's with a session."""
    async with _Portal(folder, settings=UNHURRIED) as plant:
        database = await Database(plant.stack.endpoints.database_url, pool_size=2).open()
        try:
            todo = await _campaigns(database, plant)
        finally:
            await database.close()
        told = []
        for one in todo:
            given: dict[str, Any] = {"examples": EXAMPLES, "seed": random.randrange(2**31)}
            given |= {"only": one.only, "phases": one.phases, "budget": max(1, round(seconds * one.share))}
            # So many calls without a key would be held up as a stranger's (S-66), and not answered 401 each.
            given |= {"without": ("ignored_auth",)}
            found = await asyncio.to_thread(check, folder / one.name, plant.api_url, one.asker, **given)
            told.append(f"{found.requests} by {one.name}")
            outcome.note = "requests: " + ", ".join(told)
            assert found.failures == [], "\n".join(found.failures)
            assert found.requests > 0, one.name
        outcome.note += "; no server error, nothing undocumented"


async def _campaigns(database: Database, plant: Plant) -> list[Campaign]:
    holder = await holder_of(database, plant.key)
    askers = await make_askers(database, holder)
    hana = await signed_in(database, holder, plant.api_url)
    # The operator's last: it may disable whom the others are of.
    return [
        Campaign("a client's key", askers.client, 0.4, ONE_FORM, _FOLLOWING),
        Campaign("a session on the portal", hana, 0.3),
        Campaign("a partner's key", askers.partner, 0.15, ONE_FORM),
        Campaign("the operator's key", askers.operator, 0.15, ONE_FORM),
    ]
