"""Nine tenants of three partners, whose calls meet on eight connections, ten thousand times and more (S-19)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final

from infra import migrate, settings
from infra.embedded.stack import Stack
from infra.encryption.key_file import create_kek_file
from tests.faults.plant import UNHURRIED
from tests.nightly.outcome import Outcome
from tests.services.api.interleaving_machine import interleave

PART = "calls of nine tenants, interleaved"
PROVES = "S-19"
EXAMPLES: Final = 60
STEPS: Final = 40
LEAST: Final = 10_000


async def one_round(folder: Path, _random: Random, outcome: Outcome, *, examples: int = EXAMPLES) -> None:
    """The machine draws its own dice; each example goes on in the world of those before it."""
    with Stack.start(folder) as stack:
        create_kek_file(folder / "secrets" / "kek")
        await migrate.upgrade(stack.endpoints.migrator_database_url)
        given = settings.load(
            {
                "WAYBILL_HOME": str(folder),
                "WAYBILL_DATABASE_URL": stack.endpoints.database_url,
                "WAYBILL_REDIS_URL": stack.endpoints.redis_url,
                **UNHURRIED,
                "WAYBILL_LOG_LEVEL": "error",
            }
        )
        done = await asyncio.to_thread(interleave, given, examples, STEPS)
    outcome.note = f"{done} operations; after each eight of them all tables compared"
    if examples == EXAMPLES and done < LEAST:
        raise AssertionError(f"only {done} operations of the {LEAST} that S-19 asks for")
