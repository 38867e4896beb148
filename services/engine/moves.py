"""Which runs a migration can move, and their moves in bounded batches: a batch and its records are one commit."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from infra import clock, crash_points, ids
from infra.database import Database
from infra.ids import TenantId
from services.engine import payload_rows, payloads, values
from services.engine.migrating import Migration, Moved, Plan, Standing, open_plan
from services.engine.payloads import PayloadUnreadable
from services.engine.sameness import Stuck
from tenants.audit import writing as audit

MOST: Final = 200
"""Runs that one preview stands for."""
EXAMINED: Final = 500
"""Runs that one preview looks at; the next one goes on behind them."""
COUNTED: Final = 10_000
SECONDS: Final = 15.0
"""After these no other batch is begun with in the same request."""
_BATCH: Final = 25
_PAGE: Final = 50
_EXAMPLES: Final = 5

Outcome = Literal["migrated", "already", "changed", "refused", "left"]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that cannot move for one reason: `reference` of the task that keeps them, empty for the run itself."""

    reference: str
    detail: str
    count: int
    examples: list[UUID]


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan would do.

    Attributes:
        count: runs of the revision that stand still, counted to `COUNTED`; `busy` are under way or in line.
        examined: of the former, behind the given one; `runs` can move, `refusals` tell of the others.
        behind: the last one that was looked at, where there are more.
    """

    count: int
    busy: int
    examined: int
    runs: list[Standing]
    refusals: list[Refusal]
    behind: UUID | None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a run; of one that was refused, why."""

    run_id: UUID
    outcome: Outcome
    detail: str | None = None


_STANDING: Final = """
(SELECT run_id, seq, fence, state, suspect, business_key, program, revision, snapshot, waiting_for::text AS waiting_for
 FROM app.run WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3 AND state = 'waiting' AND lane IS NULL
   AND lease_until IS NULL AND ($4::uuid IS NULL OR run_id > $4) ORDER BY run_id LIMIT $5)
UNION ALL
(SELECT run_id, seq, fence, state, suspect, business_key, program, revision, snapshot, waiting_for::text FROM app.run
 WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3 AND state = 'suspended'
   AND ($4::uuid IS NULL OR run_id > $4) ORDER BY run_id LIMIT $5)
ORDER BY run_id LIMIT $5
"""
"""In two parts, each in the order of an index."""
_COUNT: Final = """
SELECT count(*) FILTER (WHERE stands) AS count, count(*) FILTER (WHERE NOT stands) AS busy FROM (
  SELECT state = 'suspended' OR (state = 'waiting' AND lane IS NULL AND lease_until IS NULL) AS stands FROM app.run
  WHERE tenant_id = $1 AND deployment_id = $2 AND revision = $3
    AND state IN ('pending', 'running', 'waiting', 'suspended') LIMIT $4) r
"""
_HELD: Final = """
SELECT run_id, seq, fence, state, suspect, business_key, program, revision, snapshot, waiting_for::text AS waiting_for
FROM app.run WHERE tenant_id = $1 AND run_id = ANY ($2)
"""


async def preview(connection: Any, tenant: TenantId, migration: Migration, behind: UUID | None = None) -> Preview:
    """The oldest runs that the plan can move, behind the given one; `connection` is in a transaction of the tenant."""
    of = (tenant, migration.plan.deployment, migration.plan.former)
    counted = await connection.fetchrow(_COUNT, *of, COUNTED)
    movable: list[Standing] = []
    refused: dict[tuple[str, str], list[UUID]] = {}
    examined, is_through = 0, False
    while examined < EXAMINED and len(movable) < MOST and not is_through:
        page = [Standing(**row) for row in await connection.fetch(_STANDING, *of, behind, _PAGE)]
        is_through = len(page) < _PAGE
        for run in page:
            if len(movable) == MOST:
                is_through = False
                break
            examined, behind = examined + 1, run.run_id
            try:
                migration.move(await _whole(connection, tenant, run))
                movable.append(msgspec.structs.replace(run, snapshot=None))
            except Stuck as stuck:
                refused.setdefault((stuck.reference, stuck.detail), []).append(run.run_id)
            await asyncio.sleep(0)  # a large snapshot takes a while; others want to be served
    return Preview(
        count=counted["count"],
        busy=counted["busy"],
        examined=examined,
        runs=movable,
        refusals=[
            Refusal(reference=reference, detail=detail, count=len(runs), examples=runs[:_EXAMPLES])
            for (reference, detail), runs in sorted(refused.items(), key=lambda one: -len(one[1]))
        ],
        behind=None if is_through else behind,
    )


async def execute(
    database: Database, tenant: TenantId, plan: Plan, runs: Sequence[tuple[UUID, int]], actor: str
) -> list[Done]:
    """Move each of `runs`, run and lines that were seen, as far as it still stands as it was seen.

    A batch is one commit: the moves, a line in each journal, a record of each and one of the whole. Safe to repeat:
    what was moved is said to be `already`.

    Raises:
        InvalidMigration, RevisionUnreadable: nothing was moved.
    """
    until = clock.monotonic() + SECONDS
    done: list[Done] = []
    async with database.tenant(tenant) as connection:
        migration = await open_plan(connection, tenant, plan)
    for batch in _batches(runs):
        if done and clock.monotonic() > until:
            done += [Done(run_id=run, outcome="left") for run, _ in batch]
            continue
        async with database.tenant(tenant) as connection:
            moved = await _Batch(connection, migration, actor).move(tenant, batch)
        done += moved
    return done


async def _whole(connection: Any, tenant: TenantId, run: Standing) -> Standing:
    """With the large values of its snapshot. Raises Stuck where they cannot be read."""
    if run.snapshot is None or not payloads.has_holes(run.snapshot):
        return run
    try:
        text = await payload_rows.whole(connection, tenant, run.run_id, run.snapshot)
    except PayloadUnreadable as error:
        raise Stuck("", error.detail) from None
    return msgspec.structs.replace(run, snapshot=text)


def _batches(runs: Sequence[tuple[UUID, int]]) -> Iterator[Sequence[tuple[UUID, int]]]:
    for at in range(0, len(runs), _BATCH):
        yield runs[at : at + _BATCH]


class _Batch:
    """Moves in one transaction."""

    def __init__(self, connection: Any, migration: Migration, actor: str) -> None:
        self._connection = connection
        self._migration = migration
        self._plan = migration.plan
        self._actor = actor

    async def move(self, tenant: TenantId, runs: Sequence[tuple[UUID, int]]) -> list[Done]:
        rows = await self._connection.fetch(_HELD, tenant, [run for run, _ in runs])
        standing = {row["run_id"]: Standing(**row) for row in rows}
        done = [await self._one(tenant, run, seen, standing.get(run)) for run, seen in runs]
        await self._record(tenant, done)
        return done

    async def _one(self, tenant: TenantId, run: UUID, seen: int, standing: Standing | None) -> Done:
        if standing is not None and standing.revision == self._plan.next:
            return Done(run_id=run, outcome="already")
        if standing is None or standing.seq != seen or standing.revision != self._plan.former:
            return Done(run_id=run, outcome="changed")
        try:
            moved = self._migration.move(await _whole(self._connection, tenant, standing))
        except Stuck as stuck:
            return Done(run_id=run, outcome="refused", detail=stuck.detail)
        outcome = await self._connection.fetchval(
            "SELECT app.migrate_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            run,
            self._actor,
            ids.new(),
            seen,
            standing.fence,
            self._plan.former,
            self._plan.next,
            moved.snapshot,
            moved.waiting_for,
            self._told(moved),
        )
        crash_points.pass_by("migration.moved", ids.show("run", run))
        return Done(run_id=run, outcome=outcome)

    def _told(self, moved: Moved) -> str:
        """The data of the journal's line."""
        before, after = self._migration.versions
        told = {
            "actor": self._actor,
            "from": {"revision": self._plan.former, "version": before},
            "to": {"revision": self._plan.next, "version": after},
            "map": self._plan.pairs,
            "moved": moved.moved,
        }
        return values.encode(told).decode()

    async def _record(self, tenant: TenantId, done: Sequence[Done]) -> None:
        counts: dict[str, int] = dict(Counter(one.outcome for one in done))
        after = {"from": self._plan.former, "to": self._plan.next, **counts}
        target = ids.show("dep", self._plan.deployment)
        await audit.write(
            self._connection, tenant, actor=self._actor, action="runs.migrated", target=target, after=after
        )
