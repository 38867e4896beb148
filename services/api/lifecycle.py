"""A run's lifecycle events for one caller: its journal, masked as the caller sees it, then rendered (ADR 0022)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.database import surviving
from infra.pagination import Page, cut
from services.api import payloads
from services.api.call import Call
from services.api.errors import BadParameter
from services.api.event_stream import block
from services.api.feed import Watcher
from services.api.run_view import ENDED
from services.archives import reading as archives
from services.engine import lifecycle, reading, values
from services.engine.lifecycle import MIGRATED, OVER, Event, Line, Rendering, Subject, members
from services.engine.reading import Move

LAST_EVENT_ID: Final = "Last-Event-ID"
_ID: Final = re.compile(r"(?P<run>run_[0-9a-z]{26})-(?P<seq>[0-9]{1,9})(\.[0-9]{1,9})?", re.ASCII)
_AGAIN_SECONDS: Final = 1.0


class Teller:
    """One run for one caller, from a line on; the lines are taken once and in their order."""

    def __init__(
        self, request: Call, row: reading.Row, moves: Sequence[Move] = (), under_way: Sequence[str] = ()
    ) -> None:
        """`row`: the run, as read; `under_way`: tasks that are, before the first line that is taken."""
        definition = {name: row[f"workflow_{name}"] for name in ("namespace", "name", "version")}
        if moves:  # it began as a run of another version
            definition["version"] = moves[0].version
        self._request = request
        self._row = row
        tenant = request.tenant.tenant_id
        self._rendering = Rendering(Subject(tenant=tenant, run=row["run_id"], definition=definition), under_way)

    async def events(self, rows: Sequence[reading.Row]) -> list[tuple[Event, bytes]]:
        """What lines of the journal tell, each event with its JSON text."""
        written = await payloads.written(self._request, self._row, [row["data"] for row in rows])
        told: list[tuple[Event, bytes]] = []
        for row in rows:
            data = _shown(row["data"], payloads.DATA[self._request.payloads](row["data"], written))
            if row["kind"] == MIGRATED:
                data = dict(members(row["data"]))  # nothing of the client's is in it
            line = Line(seq=row["seq"], at=row["at"], kind=row["kind"], reference=row["reference"], data=data)
            told += [(event, values.encode(event)) for event in self._rendering.events(line)]
            if data:
                await asyncio.sleep(0)  # masking a page of large lines takes a while; others want to be served
        return told


def _shown(stored: str | None, seen: Any) -> dict[str, Any]:
    """The members of a line's data, as far as `seen`, which is raw JSON, a mask for the whole, or None.

    An event that tells of an error has one whoever reads it: at least its kind, as the run itself.
    """
    if isinstance(seen, msgspec.Raw):
        return dict(members(bytes(seen).decode()))
    whole = members(stored)
    shown = {} if seen is None else dict.fromkeys(whole, seen)
    if "error" in whole:
        shown["error"] = payloads.kind_of_error(bytes(whole["error"]).decode(), frozenset())
    return shown


class Following:
    """What a stream of one run's events tells: those behind `after`, those that come, until the run's end is told."""

    def __init__(self, request: Call, row: reading.Row, page: Page, after: str | None) -> None:
        """`after`: the last event that the reader has; else the page's position. The page's limit is that of a read."""
        self._request = request
        self._row = row
        self._known = after
        self._next = int(page.after or -1) + 1 if after is None else place(after, row["run_id"])
        self._limit = page.limit
        self._teller: Teller | None = None

    @property
    def is_through(self) -> bool:
        """Whether the reader has the run's last event already."""
        last = f"{ids.show('run', self._row['run_id'])}-{self._row['seq'] - 1}"
        return self._row["state"] in ENDED and self._known == last

    async def __call__(self, watcher: Watcher) -> list[bytes]:
        watcher.take()
        with surviving("reading a run's lifecycle"):
            return await self._blocks(watcher)
        asyncio.get_running_loop().call_later(_AGAIN_SECONDS, watcher.changed.set)
        return []

    async def _blocks(self, watcher: Watcher) -> list[bytes]:
        tenant, run = self._request.tenant.tenant_id, self._row["run_id"]
        page = Page(self._limit, str(self._next - 1) if self._next else None)
        async with self._request.resources.feeds.gate, self._request.transaction() as session:
            if self._teller is None:
                moves = await reading.read_moves(session, tenant, run)
                under_way = await reading.read_under_way(session, tenant, run, self._next, moves) if self._next else []
                self._teller = Teller(self._request, self._row, moves, under_way)
            rows = await reading.read_journal(session, tenant, run, page)
        kept, more = cut(rows, page, lambda row: str(row["seq"]))
        if more is not None:
            watcher.changed.set()
        told = await self._teller.events(kept)
        if kept:
            self._next = kept[-1]["seq"] + 1
            # A run that was tried again goes on behind an end.
            if more is None and kept[-1]["kind"] in OVER:
                watcher.leave()
        return [block(b"lifecycle", event["id"].encode(), text) for event, text in self._unknown(told)]

    def _unknown(self, told: list[tuple[Event, bytes]]) -> list[tuple[Event, bytes]]:
        known, self._known = self._known, self._known if not told else None
        names = [event["id"] for event, _ in told]
        return told[names.index(known) + 1 :] if known in names else told


def place(event: str, run: UUID) -> int:
    """The line that the event of this id is of.

    Raises:
        BadParameter: it is none of this run's.
    """
    found = _ID.fullmatch(event)
    if found is None or found["run"] != ids.show("run", run):
        raise BadParameter(f"'{LAST_EVENT_ID}' is no id of this run's lifecycle events", parameter=LAST_EVENT_ID)
    return int(found["seq"])


async def batch(request: Call, run: UUID, page: Page) -> tuple[bytes, str | None]:
    """The events of a page of lines as a JSON array, and the page's last position, None when nothing follows.

    Raises:
        NotFound: the tenant has no such run.
    """
    tenant, first = request.tenant.tenant_id, int(page.after or -1) + 1
    async with request.transaction() as session:
        row = await archives.present(session, tenant, run)
        rows = await reading.read_journal(session, tenant, run, page)
        kept, last = cut(rows, page, lambda line: str(line["seq"]))
        # Only few kinds of line tell of the tasks around them, and a page that begins at the beginning knows those.
        is_needed = first > 0 and any(line["kind"] in lifecycle.ABOUT_TASKS for line in kept)
        moves = await reading.read_moves(session, tenant, run)
        under_way = await reading.read_under_way(session, tenant, run, first, moves) if is_needed else []
    told = await Teller(request, row, moves, under_way).events(kept)
    return b"[" + b",".join([text for _, text in told]) + b"]", last
