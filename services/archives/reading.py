"""Archives for readers, inside a transaction of the tenant: what there is, and a run of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from infra import ids
from infra.pagination import Page
from infra.problems import NotFound, Problem, Unavailable
from services.archives import files, large
from services.archives.files import ArchiveDamaged
from services.archives.tables import Archive
from services.engine import reading as runs
from services.engine.reading import Row

MOST: Final = 32 * 1024 * 1024
"""Bytes of an archived run that are held in memory for a reader."""


class RunArchived(Problem):
    """The run ended long ago and is in an archive now. Read it there: `archived` says where."""

    name = "run-archived"
    title = "The run is in an archive"
    status = 410


class ArchivesAway(Unavailable):
    """The folder of archives is not set, or cannot be read, where the API runs. The operator sets it right."""

    name = "archives-away"
    title = "The archives cannot be read here"


class ArchiveUnreadable(Problem):
    """A file of an archive is missing or damaged. Nothing of it is shown; bring the file back from a copy."""

    name = "archive-unreadable"
    title = "An archive cannot be read"


class ArchivedRunTooLong(Problem):
    """The archived run is longer than the API shows. The operator reads it from the files."""

    name = "archived-run-too-long"
    title = "The archived run is too long to be shown"
    status = 422


async def list_archives(session: AsyncSession, tenant: UUID, page: Page) -> Sequence[Archive]:
    """Newest first; one more than the page holds."""
    query = select(Archive).where(Archive.tenant_id == tenant)
    if page.after is not None:
        query = query.where(Archive.archive_id < UUID(page.after))
    return (await session.scalars(query.order_by(Archive.archive_id.desc()).limit(page.limit + 1))).all()


async def archive_of(session: AsyncSession, tenant: UUID, run: UUID) -> Archive | None:
    """The archive that has the run; the newest where it came into several."""
    query = select(Archive).where(
        Archive.tenant_id == tenant,
        Archive.last_id >= run,
        Archive.first_id <= run,
        literal(run, Uuid) == func.any(Archive.runs),
    )
    found: Archive | None = await session.scalar(query.order_by(Archive.archive_id.desc()).limit(1))
    return found


async def present(session: AsyncSession, tenant: UUID, run: UUID) -> Row:
    """A run that is a row, as `services.engine.reading` reads it.

    Raises:
        NotFound: the tenant has none of this id.
        RunArchived: it is in an archive.
    """
    try:
        return await runs.read_run(session, tenant, run)
    except NotFound:
        found = await archive_of(session, tenant, run)
        if found is None:
            raise
        shown = ids.show("run", run)
        detail = f"It was archived at {found.made_at:%Y-%m-%dT%H:%M:%SZ}; read archives/runs/{shown} for what it did"
        archive = ids.show("arc", found.archive_id)
        raise RunArchived(detail, archive=archive, archived=f"archives/runs/{shown}") from None


async def read_run(
    session: AsyncSession, tenant: UUID, run: UUID, folder: Path | None
) -> tuple[Archive, dict[str, Any]]:
    """An archived run and where it is; the members of its line as they stand there, their parts as raw JSON.

    Raises:
        NotFound: no archive of the tenant has it.
        ArchivesAway, ArchiveUnreadable, ArchivedRunTooLong: see there.
    """
    found = await archive_of(session, tenant, run)
    if found is None:
        raise NotFound
    if folder is None:
        raise ArchivesAway("WAYBILL_ARCHIVE_FOLDER is not set for the API")
    return found, await asyncio.to_thread(_read, folder, found, ids.show("run", run))


def _read(folder: Path, archive: Archive, run: str) -> dict[str, Any]:
    try:
        files.check(folder, archive.file, archive.digest)
        line = files.find(folder, archive.file, run)
    except ArchiveDamaged as error:
        raise ArchiveUnreadable(
            f"Archive {ids.show('arc', archive.archive_id)}: its file is missing or damaged"
        ) from error
    if line is None:
        raise ArchiveUnreadable(f"Archive {ids.show('arc', archive.archive_id)} does not hold the run")
    if (size := sum(len(part) for part in large.pieces(line))) > MOST:
        raise ArchivedRunTooLong(f"It has {size} bytes; `waybill archive show {run}` writes it out", size=size)
    members: dict[str, Any] = msgspec.json.decode(b"".join(large.pieces(line)), type=dict[str, msgspec.Raw])
    return members
