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
from infra.database import Database, divide, is_outage
from infra.ids import TenantId
from infra.problems import Problem
from services.engine import operating, repeating
from services.engine.operating import RunNotSuspended
from services.engine.repeating import RunNotFaulted
from tenants.audit import writing as audit

_log: Final = logging.getLogger(__name__)
MOST: Final = 200
"""Runs that one preview holds; a filter that finds more gives the oldest of them."""
COUNTED: Final = 10_000
SECONDS: Final = 20.0
"""After these no other batch is begun with in the same request."""
_BATCH: Final = 20

Outcome = Literal["retried", "resumed", "changed", "refused", "left"]
Left = Literal["left"]
Made = TypeVar("Made", bound=str)
Seens = Sequence[tuple[UUID, int]]
"""Ids, and the number that each was seen with."""
Act = Callable[[Any, UUID, int], Coroutine[Any, Any, Made]]
"""What is done with one of a batch, inside its transaction."""
Batch = Callable[[Any, Seens], Coroutine[Any, Any, Sequence[tuple[UUID, Made]]]]


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
        errors: types of the fault.
        connection: that the run's deployment is bound to.
        since, until: when the run faulted or was set aside.
    """

    state: Literal["faulted", "suspended"]
    deployment: UUID | None = None
    workflow: str | None = None
    template: str | None = None
    errors: Sequence[str] | None = None
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
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM json_each_text(d.bindings) b WHERE b.value = $7)
      OR EXISTS (SELECT 1 FROM app.connection_choice c WHERE c.tenant_id = r.tenant_id AND c.run_id = r.run_id
                   AND c.connection_id::text = $7))
    AND ($8::timestamptz IS NULL OR s.since >= $8) AND ($9::timestamptz IS NULL OR s.since < $9)
    AND NOT EXISTS (SELECT 1 FROM app.run c WHERE c.tenant_id = $1 AND c.compensates = r.run_id)
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
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM json_each_text(d.bindings) b WHERE b.value = $7)
      OR EXISTS (SELECT 1 FROM app.connection_choice c WHERE c.tenant_id = r.tenant_id AND c.run_id = r.run_id
                   AND c.connection_id::text = $7))
    AND ($8::timestamptz IS NULL OR s.since >= $8) AND ($9::timestamptz IS NULL OR s.since < $9)
    AND NOT EXISTS (SELECT 1 FROM app.run c WHERE c.tenant_id = $1 AND c.compensates = r.run_id)
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
        only.errors,
        None if only.connection is None else str(only.connection),
        only.since,
        only.until,
        COUNTED,
        MOST,
    )
    query = _FOUND if only.errors is None else _FOUND_OF_ERROR
    rows = [dict(row) for row in await connection.fetch(query, *arguments)]
    count = [row.pop("count") for row in rows]
    return [Standing(**row) for row in rows], max(count, default=0)


async def drive(database: Database, tenant: TenantId, runs: Seens, actor: str) -> list[tuple[UUID, Outcome]]:
    """Retry or resume each of `runs`, run and lines that were seen; a batch and its record are one commit.

    One that is not as it was seen is left alone and said to be `changed`. Safe to repeat: what was done the first time
    has changed since.
    """

    async def one(connection: Any, run: UUID, seen: int) -> Outcome:
        return await _one(connection, tenant, run, seen, actor)

    async def batch(connection: Any, some: Seens) -> list[tuple[UUID, Outcome]]:
        held = await hold(connection, [run for run, _ in some])
        done = [(run, await beside(connection, run, seen, one) if run in held else "left") for run, seen in some]
        await record(connection, tenant, actor, "runs.redriven", counted(done))
        return done

    return await in_batches(database, tenant, runs, batch)


async def in_batches(
    database: Database, tenant: TenantId, things: Seens, act: Batch[Made]
) -> list[tuple[UUID, Made | Left]]:
    """What `act` makes of some of `things` at once, in one commit; those that no time is left for are `left`."""
    divide(len(things), _BATCH)
    until = clock.monotonic() + SECONDS
    done: list[tuple[UUID, Made | Left]] = []
    for at in range(0, len(things), _BATCH):
        some = things[at : at + _BATCH]
        if clock.monotonic() < until:
            async with database.tenant(tenant) as connection:
                done += await act(connection, some)
        else:
            done += [(thing, "left") for thing, _ in some]
    return done


async def hold(connection: Any, runs: Sequence[UUID]) -> set[UUID]:
    """Those of `runs` that nobody else has in hand at this moment, locked until the commit; nobody is waited for."""
    return set(await connection.fetchval("SELECT app.hold_runs($1)", runs))


async def beside(connection: Any, thing: UUID, seen: int, act: Act[Made]) -> Made | Literal["refused"]:
    """One of a batch: what fails for a reason of its own takes no other along."""
    await connection.execute("SAVEPOINT beside")
    try:
        return await act(connection, thing, seen)
    except Exception as error:
        if is_outage(error):
            raise
        await connection.execute("ROLLBACK TO SAVEPOINT beside")
        if not isinstance(error, Problem):
            _log.exception("one of many could not be acted on", extra={"one": str(thing)})
        return "refused"


def counted(done: Sequence[tuple[UUID, str]]) -> dict[str, int]:
    """How many came to what."""
    return dict(Counter(outcome for _, outcome in done))


async def record(connection: Any, tenant: TenantId, actor: str, action: str, after: dict[str, Any]) -> None:
    """In the commit of the batch, so that neither is there without the other."""
    await audit.write(connection, tenant, actor=actor, action=action, target=ids.show("ten", tenant), after=after)


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
