"""Many runs that stand still are let go on together: found by a filter, seen before, and done one by one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, is_outage
from infra.ids import TenantId
from infra.problems import Problem
from services.engine import operating, repeating
from services.engine.functions import STANDARD_ERRORS
from services.engine.operating import RunNotSuspended
from services.engine.repeating import RunNotFaulted

_log: Final = logging.getLogger(__name__)
MOST: Final = 200
"""Runs that one preview holds; a filter that finds more gives the oldest of them."""
COUNTED: Final = 10_000
SECONDS: Final = 20.0
"""After these no other run is begun with in the same request."""

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
  SELECT r.run_id, r.seq, r.state, r.business_key, r.error ->> 'type' AS error_type, s.since
  FROM app.run r
  JOIN app.deployment_revision d USING (tenant_id, deployment_id, revision)
  JOIN app.workflow_version w USING (tenant_id, workflow_version_id)
  CROSS JOIN LATERAL (SELECT coalesce(r.ended_at, (r.waiting_for ->> 'since')::timestamptz) AS since) s
  WHERE r.tenant_id = $1 AND r.state = $2 AND ($3::uuid IS NULL OR r.deployment_id = $3)
    AND ($4::text IS NULL OR w.name = $4) AND ($5::text IS NULL OR split_part(w.template, '@', 1) = $5)
    AND ($6::text IS NULL OR r.error ->> 'type' = $6 OR r.error ->> 'type' = $10 || $6)
    AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM json_each_text(d.bindings) b WHERE b.value = $7))
    AND ($8::timestamptz IS NULL OR s.since >= $8) AND ($9::timestamptz IS NULL OR s.since < $9)
  ORDER BY r.run_id LIMIT $11
) f ORDER BY f.run_id LIMIT $12
"""


async def find(connection: Any, tenant: TenantId, only: Filter) -> tuple[list[Standing], int]:
    """The oldest `MOST` runs of the tenant that `only` finds, and how many there are, counted up to `COUNTED`."""
    arguments = (
        tenant,
        only.state,
        only.deployment,
        only.workflow,
        only.template,
        only.error,
        None if only.connection is None else str(only.connection),
        only.since,
        only.until,
        STANDARD_ERRORS,
        COUNTED,
        MOST,
    )
    rows = [dict(row) for row in await connection.fetch(_FOUND, *arguments)]
    count = [row.pop("count") for row in rows]
    return [Standing(**row) for row in rows], max(count, default=0)


async def drive(
    database: Database, tenant: TenantId, runs: Sequence[tuple[UUID, int]], actor: str
) -> list[tuple[UUID, Outcome]]:
    """Retry or resume each of `runs`, run and lines that were seen, in a commit of its own.

    One that is not as it was seen is left alone and said to be `changed`. Safe to repeat: what was done the first time
    has changed since.
    """

    async def one(connection: Any, run: UUID, seen: int) -> Outcome:
        return await _one(connection, tenant, run, seen, actor)

    return await each(database, tenant, runs, one)


async def each(
    database: Database, tenant: TenantId, things: Sequence[tuple[UUID, int]], act: Act[Made]
) -> list[tuple[UUID, Made | Undone]]:
    """What `act` makes of each of `things`; after `SECONDS` what is left is `left`."""
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
