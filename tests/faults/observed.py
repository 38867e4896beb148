"""What the runs of an installation come to, read from its database and waited for with a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import asyncpg

from infra.embedded.stack import Stack
from tests import superuser
from tests.patience import Pauses


class Observed:
    """An installation whose `stack` runs. Whoever ends it calls `part`."""

    stack: Stack
    _idle: tuple[Stack, Any] | None = None
    """A connection that nobody uses now, and to which services: one for each look would cost more than the look."""

    async def all_ended(self, count: int, seconds: float = 200.0, *, otherwise: int = 0) -> None:
        """Return when `count` runs are completed. At most `otherwise` may have come to another end by then."""
        until = time.monotonic() + seconds
        looks = Pauses()
        while True:
            states = await self.states()
            astray = sum(states.get(state, 0) for state in ("faulted", "cancelled", "suspended"))
            if astray > otherwise:
                raise AssertionError(f"{states}, of which {otherwise} may end otherwise than completed")
            if states.get("completed", 0) >= count:
                return
            if time.monotonic() > until:
                raise TimeoutError(f"{states} after {seconds} s, wanted {count} completed: {await self.stragglers()}")
            await looks.pause()

    async def until_state(self, state: str, count: int, seconds: float = 120.0) -> None:
        """Return when `count` runs are in `state`."""
        until = time.monotonic() + seconds
        looks = Pauses()
        while (found := await self.states()).get(state, 0) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{found} after {seconds} s, wanted {count} {state}: {await self.stragglers()}")
            await looks.pause()

    async def stragglers(self) -> list[dict[str, Any]]:
        """What the database knows of some runs that have not come to an end: for the message of a test that fails."""
        rows = await self.query(
            "SELECT run_id, business_key, state, lane, attempt, suspect, solo_claims, claimed_by, seq, waiting_for, "
            "error_type, lease_until - clock_timestamp() AS lease, due_at - clock_timestamp() AS due "
            "FROM app.run WHERE state NOT IN ('completed', 'faulted', 'cancelled') ORDER BY created_at LIMIT 5"
        )
        return [dict(row) for row in rows]

    async def states(self) -> dict[str, int]:
        rows = await self.query("SELECT state, count(*)::int AS n FROM app.run GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    async def held(self) -> int:
        """Runs under a living lease: in the hands of a worker now."""
        rows = await self.query("SELECT count(*)::int AS n FROM app.run WHERE lease_until > clock_timestamp()")
        found: int = rows[0]["n"]
        return found

    async def until_held(self, least: int, seconds: float = 60.0) -> None:
        """Return while at least `least` runs are in the hands of workers."""
        until = time.monotonic() + seconds
        while (found := await self.held()) < least:
            if time.monotonic() > until:
                raise TimeoutError(f"{found} runs held, wanted {least}: {await self.states()}")
            await asyncio.sleep(0.02)

    async def query(self, text: str, *values: Any) -> list[Any]:
        """Rows of every tenant, read as the cluster's own superuser."""
        kept, self._idle = self._idle, None
        if kept is not None and kept[0] is self.stack and not kept[1].is_closed():
            # The services may have ended since it was used, and other ones begun.
            with contextlib.suppress(asyncpg.InterfaceError, asyncpg.PostgresConnectionError, OSError):
                return await self._read(kept[1], text, values)
        elif kept is not None:
            kept[1].terminate()
        return await self._read(await superuser.connect(self.stack), text, values)

    async def _read(self, connection: Any, text: str, values: Sequence[Any]) -> list[Any]:
        try:
            rows = list(await connection.fetch(text, *values))
            # As a new one would be: nothing set, nothing locked.
            await connection.reset()
        except BaseException:
            connection.terminate()
            raise
        self.part()
        self._idle = self.stack, connection
        return rows

    def part(self) -> None:
        """Leave the database. Safe to repeat; who asks again comes back."""
        kept, self._idle = self._idle, None
        if kept is not None:
            kept[1].terminate()
