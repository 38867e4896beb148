"""Writes ended runs whose time has come into files, and removes their rows when the file is durable (ADR 0034; S-86).

One batch of one tenant is one transaction: its runs are locked, written, read back, and removed with the commit that
says where they are. Killed before it, the rows are still there, and the file is one that nobody refers to.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import clock, crash_points, ids
from infra.database import Database, surviving
from infra.ids import TenantId
from infra.settings import Settings
from services.archives import files, retention, rows
from services.archives.files import FORMAT, SUFFIX, Manifest, Writer, Written
from services.archives.retention import Rules

_log: Final = logging.getLogger(__name__)
_NOBODY: Final = UUID(int=0)
_TENANTS: Final = 1_000
_LOOKED: Final = 2_000
_MOST: Final = 200
"""Runs of a batch; its rows are locked while it is written."""
_GROUP: Final = 20
_LINES: Final = 2_000
"""Of journals that are read at once, or KiB of large values."""
_BYTES: Final = 32 * 1024 * 1024
"""Of lines in a file, short of its last group: a reader unpacks it to find one run."""
_WRITING_SECONDS: Final = 5.0
ROUND_SECONDS: Final = 180.0
"""Then a round ends, wherever it is; the next one goes on there."""


class Archiving(msgspec.Struct, frozen=True):
    """Where an installation archives, and by which rules."""

    folder: Path
    rules: Rules

    @classmethod
    def of(cls, settings: Settings) -> Archiving | None:
        """None: it does not."""
        return None if settings.archive_folder is None else cls(settings.archive_folder, Rules.of(settings))


async def archive_due(database: Database, folder: Path, rules: Rules, seconds: float = ROUND_SECONDS) -> int:
    """One round over the tenants, a batch of each in turn until nothing is due; answers how many runs were archived.

    Safe to run in several processes: a tenant is in the hands of one of them.
    """
    until, archived = clock.monotonic() + seconds, 0
    async with database.doors() as connection:
        before = ids.least_of(await _now(connection) - timedelta(days=rules.floor))
        found = await connection.fetch("SELECT * FROM app.archive_turns($1, $2)", before, _TENANTS)
    left = [TenantId(row[0]) for row in found]
    while left and clock.monotonic() < until:
        again = []
        for tenant in left:
            with surviving("archiving runs"):
                batch = await _Batch(database, folder, rules, tenant).archive()
                archived += batch.archived
                if not batch.is_through:
                    again.append(tenant)
            if clock.monotonic() >= until:
                break
        left = again
    if archived:
        _log.info("archived", extra={"runs": archived})
    return archived


class _Done(msgspec.Struct, frozen=True):
    """`is_through`: the search has come to the end of the tenant's runs, or somebody else is at it."""

    archived: int
    is_through: bool


class _Batch:
    def __init__(self, database: Database, folder: Path, rules: Rules, tenant: TenantId) -> None:
        self._database = database
        self._folder = folder
        self._rules = rules
        self._tenant = tenant

    async def archive(self) -> _Done:
        async with self._database.tenant(self._tenant) as connection:
            key = f"archives of {self._tenant}"
            if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", key):
                return _Done(0, is_through=True)
            found = await self._due(connection)
            runs = list(found["runs"])
            position, archived = found["last"], 0
            for part in _months(runs):
                made, behind = await self._write(connection, part, dict(zip(runs, found["lines"], strict=True)))
                archived += made
                if behind is not None:
                    position = behind
                    break
            await connection.execute(
                "INSERT INTO app.archive_round (tenant_id, behind, looked_at) VALUES ($1, $2, clock_timestamp()) "
                "ON CONFLICT (tenant_id) DO UPDATE SET behind = excluded.behind, looked_at = excluded.looked_at",
                self._tenant,
                position,
            )
        if archived:
            crash_points.pass_by("archive.removed")
        return _Done(archived, is_through=position is None)

    async def _due(self, connection: Any) -> Any:
        """Runs that are due, locked; none where nothing of the tenant is old enough."""
        now = await _now(connection)
        periods = await retention.periods(connection, self._tenant, self._rules)
        cutoffs = {one.deployment: now - timedelta(days=one.days) for one in periods}
        behind = await connection.fetchval("SELECT behind FROM app.archive_round WHERE tenant_id = $1", self._tenant)
        return await connection.fetchrow(
            "SELECT * FROM app.due_runs($1, $2, $3, $4, $5, $6)",
            behind or _NOBODY,
            ids.least_of(max(cutoffs.values(), default=datetime.fromtimestamp(0, UTC))),
            list(cutoffs),
            list(cutoffs.values()),
            _LOOKED,
            _MOST,
        )

    async def _write(self, connection: Any, runs: Sequence[UUID], lengths: dict[UUID, int]) -> tuple[int, UUID | None]:
        """One file of runs of one month; answers how many, and the last one where the others are for another."""
        month, archive = _month_of(runs[0]), ids.new()
        file = f"{ids.show('ten', self._tenant)}/{month:%Y-%m}/{ids.show('arc', archive)}{SUFFIX}"
        until, done, behind, size = clock.monotonic() + _WRITING_SECONDS, list[UUID](), None, 0
        with Writer(self._folder, file) as writer:
            await asyncio.to_thread(writer.open)
            for group in _groups(runs, lengths):
                lines = await rows.lines(connection, self._tenant, group)
                await asyncio.to_thread(writer.add, [line for _, line in lines])
                done += [run for run, _ in lines]
                size += sum(len(line) for _, line in lines)
                if (size > _BYTES or clock.monotonic() > until) and group[-1] != runs[-1]:
                    behind = group[-1]
                    break
            if not done:
                return 0, behind
            written = await asyncio.to_thread(writer.finish)
        await asyncio.to_thread(files.write_manifest, self._folder, self._manifest(file, month, done, written))
        crash_points.pass_by("archive.written")
        statement = "SELECT app.remove_runs($1, $2, $3, $4, $5, $6)"
        await connection.execute(statement, archive, month, file, written.size, written.digest, done)
        return len(done), behind

    def _manifest(self, file: str, month: date, runs: Sequence[UUID], written: Written) -> Manifest:
        return Manifest(
            format=FORMAT,
            tenant=ids.show("ten", self._tenant),
            month=f"{month:%Y-%m}",
            file=file,
            runs=len(runs),
            first=ids.show("run", runs[0]),
            last=ids.show("run", runs[-1]),
            size=written.size,
            sha256=written.digest.hex(),
        )


async def _now(connection: Any) -> datetime:
    found: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return found


def _month_of(run: UUID) -> date:
    return datetime.fromtimestamp((run.int >> 80) / 1000, UTC).date().replace(day=1)


def _months(runs: Sequence[UUID]) -> Iterator[list[UUID]]:
    """`runs`, which are in their order, by the month in which they began."""
    part: list[UUID] = []
    for run in runs:
        if part and _month_of(run) != _month_of(part[0]):
            yield part
            part = []
        part.append(run)
    if part:
        yield part


def _groups(runs: Sequence[UUID], lengths: dict[UUID, int]) -> Iterator[list[UUID]]:
    """Few enough to hold in memory at once; a long one is alone."""
    group: list[UUID] = []
    total = 0
    for run in runs:
        if group and (len(group) == _GROUP or total + lengths[run] > _LINES):
            yield group
            group, total = [], 0
        group.append(run)
        total += lengths[run]
    if group:
        yield group
