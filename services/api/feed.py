"""What changed among a tenant's runs, for those who watch (ADR 0015).

Messages from the workers say where to look; a poll behind them finds what they left out. Both end in one read of the
tenant's own rows, shared by all of its watchers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Final
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, Scope, surviving
from infra.pagination import Page
from services.api.notice_view import view
from services.api.run_view import ENDED, summary
from services.engine import notices, reading
from services.engine.reading import Mark
from services.engine.tables import NoticeRow

POLL_SECONDS: Final = 2.0
SPACING_SECONDS: Final = 0.2
"""Between two reads of one tenant's runs, so that a flood costs it ten and not a thousand reads a second (F-23)."""
MOST_ROWS: Final = 100
MOST_RUNG: Final = 1_000
MOST_WAITING: Final = 256
MOST_NOTICES: Final = 20


class Watcher:
    """One reader: the latest of each run that is still to be sent. Never longer than `MOST_WAITING` (F-23).

    Attributes:
        changed: set when there is something to take, or when it is over.
        is_over: the reader is to be let go.
    """

    def __init__(self, run: UUID | None = None) -> None:
        """`run`: the only one of interest."""
        self._run = run
        self._waiting: dict[UUID, bytes] = {}
        self._notices: list[bytes] = []
        self._lagging = False
        self.changed = asyncio.Event()
        self.is_over = False

    def offer(self, run: UUID, shown: bytes) -> None:
        if self._lagging or self._run not in {None, run}:
            return
        self._waiting.pop(run, None)  # the newest last
        self._waiting[run] = shown
        if len(self._waiting) > MOST_WAITING:
            self.lose()
        self.changed.set()

    def note(self, notice: bytes) -> None:
        """Tell a notice, unless one run alone is of interest; the oldest give way."""
        if self._run is None:
            self._notices = [*self._notices[1 - MOST_NOTICES :], notice]
            self.changed.set()

    def notices(self) -> list[bytes]:
        """Those to be sent, as JSON. To be taken before the runs."""
        taken, self._notices = self._notices, []
        return taken

    def lose(self) -> None:
        """More changed than is kept: the reader is told to read its list again."""
        self._waiting.clear()
        self._lagging = True
        self.changed.set()

    def take(self) -> tuple[list[bytes], bool]:
        """The runs to be sent, as JSON, and whether more were lost before them."""
        taken, lost = list(self._waiting.values()), self._lagging
        self._waiting.clear()
        self._lagging = False
        self.changed.clear()
        if self.is_over:
            self.changed.set()
        return taken, lost

    def leave(self) -> None:
        self.is_over = True
        self.changed.set()


class TenantFeed:
    """One tenant's runs while somebody watches them."""

    def __init__(self, database: Database, tenant: UUID, gate: asyncio.Semaphore) -> None:
        """`gate` bounds how many tenants are read at once."""
        self._database = database
        self._tenant = tenant
        self._gate = gate
        self._watchers: set[Watcher] = set()
        self._known: dict[UUID, Mark] = {}
        self._in_sight: frozenset[UUID] = frozenset()
        self._rung: set[UUID] = set()
        self._notices: list[NoticeRow] = []
        self._noted: frozenset[UUID] = frozenset()
        self._woken = asyncio.Event()
        self._poll_at = 0.0
        self._is_flooded = False
        self._is_ready = False
        self._readying = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._watchers)

    @contextmanager
    def watched_by(self, watcher: Watcher) -> Iterator[None]:
        self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)

    def ring(self, run: UUID) -> None:
        if len(self._rung) < MOST_RUNG:
            self._rung.add(run)
        else:
            self._is_flooded = True
        self._woken.set()

    def ring_all(self) -> None:
        """Look at everything now."""
        self._poll_at = 0.0
        self._woken.set()

    def release(self) -> None:
        for watcher in self._watchers:
            watcher.leave()

    async def ready(self) -> None:
        """Returns when every change from now on will be seen. Raises as the database does."""
        async with self._readying:
            if not self._is_ready:
                self._known = await self._marks()
                self._in_sight = frozenset(self._known)
                self._noted = frozenset(one.notice_id for one in self._notices)
                self._is_ready = True

    async def run(self) -> None:
        """Look whenever something rang or the time has come, until cancelled."""
        while True:
            left = self._poll_at - clock.monotonic()
            if left > 0 and not self._rung:
                timer = asyncio.get_running_loop().call_later(left, self._woken.set)
                await self._woken.wait()
                timer.cancel()
            self._woken.clear()
            with surviving("reading changes"):
                await self._look()
            # Whatever comes now is read together.
            await asyncio.sleep(SPACING_SECONDS)

    async def _look(self) -> None:
        if self._is_flooded:
            # Read first: if that fails, the flood is still to be told.
            marks = await self._marks()
            self._is_flooded = False
            self._rung.clear()
            self._known = marks
            self._in_sight = frozenset(self._known)
            for watcher in self._watchers:
                watcher.lose()
            self._note()
            return
        if self._poll_at <= clock.monotonic():
            self._compare(await self._marks())
            self._note()
        batch = list(self._rung)[:MOST_ROWS]
        if not batch:
            return
        # Out before the read: what rings during it is read once more.
        self._rung.difference_update(batch)
        try:
            await self._tell(batch)
        except BaseException:
            self._rung.update(batch)
            raise

    async def _marks(self) -> dict[UUID, Mark]:
        async with self._gate, self._database.session(Scope.tenant(self._tenant)) as session:
            marks = await reading.read_marks(session, self._tenant)
            self._notices = await notices.listed(session, self._tenant, Page(MOST_NOTICES), None)
        self._poll_at = clock.monotonic() + POLL_SECONDS
        return marks

    def _note(self) -> None:
        """Tell the notices that were not there before."""
        fresh = [one for one in reversed(self._notices) if one.notice_id not in self._noted]
        self._noted = frozenset(one.notice_id for one in self._notices)
        for one in fresh:
            shown = msgspec.json.encode(view(one))
            for watcher in self._watchers:
                watcher.note(shown)

    def _compare(self, marks: dict[UUID, Mark]) -> None:
        """Ring for the runs that are not as they were told."""
        self._rung.update(run for run, mark in marks.items() if self._known.get(run) != mark)
        # One that was open and is not in sight any more has ended, or newer ones stand before it.
        out_of_sight = {run: mark for run, mark in self._known.items() if run not in marks and mark[1] not in ENDED}
        self._rung.update(out_of_sight)
        self._known = {run: mark for run, mark in self._known.items() if run in marks} | out_of_sight
        self._in_sight = frozenset(marks)

    async def _tell(self, runs: Collection[UUID]) -> None:
        async with self._gate, self._database.session(Scope.tenant(self._tenant)) as session:
            rows = await reading.read_runs(session, self._tenant, runs)
        for row in sorted(rows, key=itemgetter("run_id")):
            run, mark = row["run_id"], reading.mark(row)
            before = self._known.pop(run, None)
            if before != mark or run in self._in_sight:
                self._known[run] = mark
            if before != mark:
                shown = msgspec.json.encode(summary(row))
                for watcher in self._watchers:
                    watcher.offer(run, shown)
