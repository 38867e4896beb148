"""The sole writer of run state: checkpoints of many runs in one call (group commit, engine.md).

A flush starts as soon as the one before it is done, with everything that arrived meanwhile; a single checkpoint on an
idle worker is written at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, crash_points
from infra.database import Database, through_outage
from infra.telemetry import instruments
from services.engine import payload_rows
from services.engine.changes import Pair
from services.engine.payloads import Kept
from services.engine.subscriptions import Subscription

Outcome = Literal["committed", "repeated", "asked", "suspended", "lost"]
IfAsked = Literal["stop", "tell", "refuse"]
"""What a checkpoint does with a person's wish to suspend the run; the door says more (`80_checkpoint.sql`)."""


class Entry(msgspec.Struct, frozen=True):
    """One line of a run's journal; `data` is JSON text or None. `at` None: the time of its commit.

    The database keeps lines in order and out of the future, whatever `at` says.
    """

    kind: str
    reference: str
    name: str
    data: str | None = None
    at: datetime | None = None


class Usage(msgspec.Struct, frozen=True):
    """Units of `kind`, metered at the journal's line `seq`."""

    seq: int
    kind: str
    quantity: int


class Audit(msgspec.Struct, frozen=True):
    """A decision of the engine, for the tenant's audit."""

    audit_id: UUID
    action: str
    target: str
    after: str


class Message(msgspec.Struct, frozen=True):
    """What the relay tells the outside; `body` is a CloudEvent in JSON."""

    outbox_id: UUID
    topic: str
    body: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation has achieved since its last one.

    Attributes:
        seq: journal lines of the run before this checkpoint; `entries` follow on.
        delay: seconds until a waiting run is due, else None.
        snapshot: what the interpreter needs to go on; None once the run has ended.
        listens: whether an event may move the run.
        subscriptions: what it listens for, when that has changed; `since`: events from then on count.
        read: events of its inbox that were delivered to it.
        if_asked: `stop` fulfils a wish to suspend it; `tell` while calls are under way; `refuse` writes nothing then.
        kept: large values that it refers to and that are not stored yet.
    """

    tenant_id: UUID
    run_id: UUID
    fence: int
    seq: int
    state: str
    attempt: int
    entries: list[Entry]
    snapshot: bytes | None = None
    delay: float | None = None
    output: str | None = None
    error: str | None = None
    waiting_for: str | None = None
    usage: list[Usage] = []
    audit: list[Audit] = []
    messages: list[Message] = []
    listens: bool = False
    subscriptions: list[Subscription] | None = None
    since: datetime | None = None
    read: list[UUID] = []
    if_asked: IfAsked = "stop"
    kept: list[Kept] = []


_Waiting = tuple[Checkpoint, asyncio.Future[Outcome], list[payload_rows.Row]]
"""With whoever waits for it, and its large values as they are stored."""


class Journal:
    """One for the process; start it with `run`."""

    def __init__(self, database: Database, changed: Callable[[Iterable[Pair]], None] = lambda _: None) -> None:
        """`changed` is told the tenant and run of every checkpoint after its commit; it must not wait nor raise."""
        self._database = database
        self._changed = changed
        self._waiting: list[_Waiting] = []
        self._packing: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self.flushes = 0

    async def commit(self, checkpoint: Checkpoint) -> Outcome:
        """Write `checkpoint`; returns after its commit. Safe to repeat, and repeated here through an outage.

        Raises:
            asyncpg.PostgresError: the database refuses this checkpoint and would refuse it again.
        """
        return await self.submit(checkpoint)

    def submit(self, checkpoint: Checkpoint) -> asyncio.Future[Outcome]:
        """Have `checkpoint` written with the next flush; what `commit` would give or raise comes in the future."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if checkpoint.kept:
            task = asyncio.create_task(self._pack(checkpoint, future))
            self._packing.add(task)
            task.add_done_callback(self._packing.discard)
        else:
            self._enqueue(checkpoint, future, [])
        return future

    async def _pack(self, checkpoint: Checkpoint, future: asyncio.Future[Outcome]) -> None:
        """Before it stands in line, so that the checkpoints of other runs do not wait for it."""
        of = (checkpoint.tenant_id, checkpoint.run_id, checkpoint.fence)
        try:
            kept = await payload_rows.packed(*of, checkpoint.kept)
        except Exception as error:  # noqa: BLE001 (handed to the activation it belongs to)
            _settle(future, error)
        else:
            self._enqueue(checkpoint, future, kept)

    def _enqueue(self, checkpoint: Checkpoint, future: asyncio.Future[Outcome], kept: list[payload_rows.Row]) -> None:
        self._waiting.append((checkpoint, future, kept))
        self._arrived.set()

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._flush(batch)

    async def _flush(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._write(
                [checkpoint for checkpoint, _, _ in batch], [row for _, _, kept in batch for row in kept]
            )
        except Exception as error:  # noqa: BLE001 (handed to the activation it belongs to)
            if len(batch) == 1:
                _settle(batch[0][1], error)
                return
            # One bad row must not take the others along: each is written again on its own.
            for single in batch:
                await self._flush([single])
            return
        for checkpoint, future, _ in batch:
            _settle(future, outcomes[checkpoint.run_id])

    async def _write(self, batch: list[Checkpoint], kept: list[payload_rows.Row]) -> dict[UUID, Outcome]:
        self.flushes += 1
        crash_points.pass_by("checkpoint.before")
        parameters, began = parameters_of(batch), clock.monotonic()
        rows = await through_outage(lambda: self._call(parameters, kept), "checkpoint")
        crash_points.pass_by("checkpoint.committed")
        self._changed([(checkpoint.tenant_id, checkpoint.run_id) for checkpoint in batch])
        instruments.FLUSH_CHECKPOINTS.record(len(batch))
        instruments.FLUSH_DURATION.record(clock.monotonic() - began)
        for row in rows:
            instruments.COMMITS.add(1, row["outcome"])
        return {row["run_id"]: row["outcome"] for row in rows}

    async def _call(self, parameters: list[list[Any]], kept: list[payload_rows.Row]) -> list[Any]:
        async with self._database.doors() as connection:
            if not kept:
                return list(await connection.fetch(CALL, *parameters))
            async with connection.transaction():
                await connection.execute(payload_rows.KEEP, *_columns(kept, 6))
                return list(await connection.fetch(CALL, *parameters))


CALL: Final = "SELECT * FROM app.checkpoint_runs(" + ", ".join(f"${n}" for n in range(1, 43)) + ")"  # noqa: S608 (numbers)


def _settle(future: asyncio.Future[Outcome], result: Outcome | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def parameters_of(batch: list[Checkpoint]) -> list[list[Any]]:
    """The door's parameters, column by column; a row of a later column names its run by place, counted from 1."""
    places = list(enumerate(batch, 1))
    journal = [
        (p, c.seq + n, e.kind, e.reference, e.name, e.data, e.at) for p, c in places for n, e in enumerate(c.entries)
    ]
    usage = [(p, u.seq, u.kind, u.quantity) for p, c in places for u in c.usage]
    audit = [(p, a.audit_id, a.action, a.target, a.after) for p, c in places for a in c.audit]
    messages = [(p, m.outbox_id, m.topic, m.body) for p, c in places for m in c.messages]
    heard = [
        (p, n, s.type, msgspec.json.encode(s.attributes).decode(), c.since)
        for p, c in places
        for n, s in enumerate(c.subscriptions or ())
    ]
    read = [(p, event) for p, c in places for event in c.read]
    return [
        [c.tenant_id for c in batch],
        [c.run_id for c in batch],
        [c.fence for c in batch],
        [c.seq for c in batch],
        [len(c.entries) for c in batch],
        [c.state for c in batch],
        [c.attempt for c in batch],
        [c.delay for c in batch],
        [c.snapshot for c in batch],
        [c.output for c in batch],
        [c.error for c in batch],
        [c.waiting_for for c in batch],
        *_columns(journal, 7),
        *_columns(usage, 4),
        *_columns(audit, 5),
        *_columns(messages, 4),
        [c.listens for c in batch],
        [None if c.subscriptions is None else len(c.subscriptions) for c in batch],
        *_columns(heard, 5),
        *_columns(read, 2),
        [c.if_asked for c in batch],
    ]


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
