"""What was done for a claimed run and is not committed yet; it becomes the run's checkpoints, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Final

from services.engine import decisions, state, values
from services.engine.claims import Claim
from services.engine.journal import Checkpoint, Entry, Journal, Outcome, Usage
from services.engine.state import Snapshot

SHOWN_SECONDS: Final = 0.1
"""A call that takes longer is shown while it lasts, for one commit more; below it nobody would see it."""


class Progress:
    """One for each claim. Its lines carry the time at which they were noted."""

    def __init__(self, claim: Claim, journal: Journal) -> None:
        self._claim = claim
        self._journal = journal
        self._seq = claim.seq
        self._entries: list[Entry] = []
        self._usage: list[Usage] = []
        self._shown: asyncio.Future[Outcome] | None = None

    def note(self, entries: list[state.Entry]) -> None:
        at = self._claim.moment()
        for entry in entries:
            data = values.encode(entry.data).decode() if entry.data else None
            self._entries.append(Entry(entry.kind, entry.reference, entry.name, data, at))

    def add(self, kind: str, reference: str = "", name: str = "", data: str | None = None) -> None:
        """One line that is the engine's and not the workflow's; `data` is JSON text."""
        self._entries.append(Entry(kind, reference, name, data, self._claim.moment()))

    def meter(self, kind: str) -> None:
        """One unit, at the next line. Calls of branches that were answered together are one row."""
        seq, quantity = self._seq + len(self._entries), 1
        same = next((one for one in self._usage if (one.seq, one.kind) == (seq, kind)), None)
        if same is not None:
            self._usage.remove(same)
            quantity += same.quantity
        self._usage.append(Usage(seq, kind, quantity))

    @contextlib.contextmanager
    def showing(self, snapshot: Snapshot) -> Iterator[None]:
        """While a call is under way: what waits for a commit gets one when the call takes long.

        Without it the first call after a claim, which needs no commit before it, would be seen only with its answer.
        `snapshot` stands at the call.
        """
        if not self._entries:
            yield
            return
        timer = asyncio.get_running_loop().call_later(SHOWN_SECONDS, self._show, snapshot)
        try:
            yield
        except BaseException:
            if self._shown is not None:
                self._shown.cancel()
            raise
        finally:
            timer.cancel()

    async def held(self) -> bool:
        """Whether the run is still ours, as far as what was shown tells. To be asked before the next commit.

        Raises:
            asyncpg.PostgresError: the database refuses what was shown.
        """
        shown, self._shown = self._shown, None
        return shown is None or await shown != "lost"

    async def commit(self, run_state: str, **columns: Any) -> bool:
        """Commit what was done; False when the run is somebody else's now.

        Raises:
            asyncpg.PostgresError: the database refuses it and would refuse it again.
        """
        return await self._journal.commit(self._checkpoint(run_state, **columns)) != "lost"

    def _show(self, snapshot: Snapshot) -> None:
        made = self._checkpoint("running", snapshot=state.encode(snapshot), attempt=decisions.attempt(snapshot))
        self._shown = self._journal.submit(made)

    def _checkpoint(self, run_state: str, **columns: Any) -> Checkpoint:
        """Of all that was done so far; from here on the next one is gathered."""
        tasks = sum(entry.kind == "task.completed" for entry in self._entries)
        if tasks:
            self._usage.append(Usage(self._seq + len(self._entries) - 1, "task", tasks))
        made = Checkpoint(
            tenant_id=self._claim.tenant_id,
            run_id=self._claim.run_id,
            fence=self._claim.fence,
            seq=self._seq,
            state=run_state,
            entries=self._entries,
            usage=self._usage,
            **{"attempt": 1, **columns},
        )
        self._seq += len(self._entries)
        self._entries, self._usage = [], []
        return made
