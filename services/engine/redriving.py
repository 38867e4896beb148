"""Many runs that stand still are let go on together: found by a filter, seen before, and done in batches."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from infra import clock, ids
from infra.database import Database, is_outage
from infra.ids import TenantId
from infra.problems import Problem
from services.engine import operating, repeating, values
from services.engine.functions import STANDARD_ERRORS
from services.engine.operating import RunNotSuspended
from services.engine.repeating import RunNotFaulted

_log: Final = logging.getLogger(__name__)
MOST: Final = 200
"""Runs that one preview holds; a filter that finds more gives the oldest of them."""
COUNTED: Final = 10_000
SECONDS: Final = 20.0
"""After these no other batch is begun with in the same request."""
_BATCH: Final = 20

Outcome = Literal["retried", "resumed", "changed", "refused", "left"]
Undone = Literal["refused", "left"]
Made = TypeVar("Made", bound=str)
Act = Callable[[Any, UUID, int], Coroutine[Any, Any, Made]]
"""What is done with one thing inside a transaction of its own: its id, and the number that it was seen with."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a preview saw it; `seq` lines of its journal."""

    run_id: UUID
    seq: int
    state: str
    business_key: str | None
    error_type: str | None
    since: datetime | None


class Seen(Protocol):
    """A run with the number of lines that its journal had."""

    @property
    def run_id(self) -> UUID: ...
    @property
    def seq(self) -> int: ...


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold.

    Attributes:
        error: type of the fault, or the short name of a standard one.
        connection: that the run's deployment is bound to.
        since, until: when the run faulted or was set aside.
    """

    state: Literal["faulted", "suspended"]
    deployment: UUID | None = None
    workflow: str | None = None
    template: str | None = None
    error: str | None = None
    connection: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


_FOUND: Final = """
SELECT f.*, count(*) OVER () AS count FROM (
  SELECT r.run_id, r.seq, r.state, r.business_key, r.error_type, s.since
  FROM app.run r
  JOIN app.deployment_revision d USING (tenant_id, deployment_id, revision)
  JOIN app.workflow_version w USING (tenant_id, workflow_version_id)
  CROSS JOIN LATERAL (SELECT coalesce(r.ended_at, (r.waiting_for ->> 'since')::timestamptz) AS since) s
  WHERE r.tenant_id = $1 AND r.state = $2 AND ($3::uuid IS NULL OR r.deployment_id = $3)
    AND ($4::text IS NULL OR w.name = $4) AND ($5::text IS NULL OR split_part(w.template, '@', 1) = $5)
    AND ($6::text[] IS NULL OR r.error_type = ANY ($6))
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM json_each_text(d.bindings) b WHERE b.value = $7))
    AND ($8::timestamptz IS NULL OR s.since >= $8) AND ($9::timestamptz IS NULL OR s.since < $9)
  ORDER BY r.run_id LIMIT $10
) f ORDER BY f.run_id LIMIT $11
"""
_FOUND_OF_ERROR: Final = """
SELECT f.*, count(*) OVER () AS count FROM (
  SELECT r.run_id, r.seq, r.state, r.business_key, r.error_type, s.since
  FROM (SELECT * FROM app.run WHERE tenant_id = $1 AND error_type = ANY ($6) AND state = $2) r
  JOIN app.deployment_revision d USING (tenant_id, deployment_id, revision)
  JOIN app.workflow_version w USING (tenant_id, workflow_version_id)
  CROSS JOIN LATERAL (SELECT coalesce(r.ended_at, (r.waiting_for ->> 'since')::timestamptz) AS since) s
  WHERE ($3::uuid IS NULL OR r.deployment_id = $3)
    AND ($4::text IS NULL OR w.name = $4) AND ($5::text IS NULL OR split_part(w.template, '@', 1) = $5)
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM json_each_text(d.bindings) b WHERE b.value = $7))
    AND ($8::timestamptz IS NULL OR s.since >= $8) AND ($9::timestamptz IS NULL OR s.since < $9)
  ORDER BY r.run_id LIMIT $10
) f ORDER BY f.run_id LIMIT $11
"""
"""With the types of errors in the place of an index, which a parameter that may be absent would not be."""


async def find(connection: Any, tenant: TenantId, only: Filter) -> tuple[list[Standing], int]:
    """The oldest `MOST` runs of the tenant that `only` finds, and how many there are, counted up to `COUNTED`."""
    arguments = (
        tenant,
        only.state,
        only.deployment,
        only.workflow,
        only.template,
        None if only.error is None else [only.error, STANDARD_ERRORS + only.error],
        None if only.connection is None else str(only.connection),
        only.since,
        only.until,
        COUNTED,
        MOST,
    )
    query = _FOUND if only.error is None else _FOUND_OF_ERROR
    rows = [dict(row) for row in await connection.fetch(query, *arguments)]
    count = [row.pop("count") for row in rows]
    return [Standing(**row) for row in rows], max(count, default=0)


async def drive(
    database: Database, tenant: TenantId, runs: Sequence[tuple[UUID, int]], actor: str
) -> list[tuple[UUID, Outcome]]:
    """Retry or resume each of `runs`, run and lines that were seen; a batch and its record are one commit.

    One that is not as it was seen is left alone and said to be `changed`. Safe to repeat: what was done the first time
    has changed since.
    """
    until = clock.monotonic() + SECONDS
    done: list[tuple[UUID, Outcome]] = []
    for at in range(0, len(runs), _BATCH):
        batch = runs[at : at + _BATCH]
        if clock.monotonic() < until:
            async with database.tenant(tenant) as connection:
                done += await _batch(connection, tenant, batch, actor)
        else:
            done += [(run, "left") for run, _ in batch]
    return done


async def _batch(
    connection: Any, tenant: TenantId, batch: Sequence[tuple[UUID, int]], actor: str
) -> list[tuple[UUID, Outcome]]:
    """Nobody is waited for: a run that somebody else has in hand at this moment is `left`."""
    held = set(await connection.fetchval("SELECT app.hold_runs($1)", [run for run, _ in batch]))
    done: list[tuple[UUID, Outcome]] = []
    for run, seen in batch:
        done.append((run, await _beside(connection, tenant, run, seen, actor) if run in held else "left"))
    counts: dict[str, int] = dict(Counter(outcome for _, outcome in done))
    await connection.execute(
        "INSERT INTO app.audit (tenant_id, audit_id, actor, action, target, after) "
        "VALUES ($1, $2, $3, 'runs.redriven', $4, $5)",
        tenant,
        ids.new(),
        actor,
        ids.show("ten", tenant),
        values.encode(counts).decode(),
    )
    return done


async def _beside(connection: Any, tenant: TenantId, run: UUID, seen: int, actor: str) -> Outcome:
    """One of a batch: what fails for a reason of its own takes no other along."""
    await connection.execute("SAVEPOINT beside")
    try:
        return await _one(connection, tenant, run, seen, actor)
    except Exception as error:
        if is_outage(error):
            raise
        await connection.execute("ROLLBACK TO SAVEPOINT beside")
        if not isinstance(error, Problem):
            _log.exception("a run could not be driven", extra={"run": ids.show("run", run)})
        return "refused"


async def each(
    database: Database, tenant: TenantId, things: Sequence[tuple[UUID, int]], act: Act[Made]
) -> list[tuple[UUID, Made | Undone]]:
    """What `act` makes of each of `things`, in a commit of its own; after `SECONDS` what is left is `left`."""
    until, done = clock.monotonic() + SECONDS, []
    for thing, seen in things:
        outcome: Made | Undone = "left"
        if clock.monotonic() < until:
            outcome = await _alone(database, tenant, thing, seen, act)
        done.append((thing, outcome))
    return done


async def _alone(
    database: Database, tenant: TenantId, thing: UUID, seen: int, act: Act[Made]
) -> Made | Literal["refused"]:
    """One that fails for a reason of its own keeps no other from its turn."""
    try:
        async with database.tenant(tenant) as connection:
            return await act(connection, thing, seen)
    except Problem:
        return "refused"
    except Exception as error:
        if is_outage(error):
            raise
        _log.exception("one of many could not be acted on", extra={"one": str(thing)})
        return "refused"


async def _one(connection: Any, tenant: TenantId, run: UUID, seen: int, actor: str) -> Outcome:
    row = await connection.fetchrow("SELECT state, seq FROM app.run WHERE tenant_id = $1 AND run_id = $2", tenant, run)
    if row is None or row["seq"] != seen:
        return "changed"
    try:
        if row["state"] == "suspended":
            await operating.resume(connection, tenant, run, actor, seen=seen)
            return "resumed"
        await repeating.retry(connection, tenant, run, actor)
    except (RunNotFaulted, RunNotSuspended):
        return "changed"
    return "retried"


def pack(runs: Iterable[Seen]) -> bytes:
    """Runs and their lines, 20 bytes each."""
    return pack_seen((one.run_id, one.seq) for one in runs)


def pack_seen(seen: Iterable[tuple[UUID, int]]) -> bytes:
    """Ids and the number that each was seen with."""
    return b"".join([thing.bytes + number.to_bytes(4, "big") for thing, number in seen])


def unpack(packed: bytes) -> list[tuple[UUID, int]]:
    """What `pack` gave."""
    parts = [packed[at : at + 20] for at in range(0, len(packed), 20)]
    return [(UUID(bytes=part[:16]), int.from_bytes(part[16:], "big")) for part in parts]
