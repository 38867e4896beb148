"""Removes what deleted clients had: rows, and the files of their archives (ADR 0042, S-79). Safe to repeat."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from infra import ids
from infra.database import Database, surviving
from infra.objects.store import Store

_log: Final = logging.getLogger(__name__)
_MOST: Final = 2_000


async def erase(database: Database, folder: Path | None, backup_days: int, store: Store | None = None) -> int:
    """Go on with every deletion that is not done; answers how many rows were removed.

    Without a `folder` a client that has archives is not done: its files are where another worker finds them. `store`
    has the files of documents; None: there are none. With the last row the certificate is told that backups are gone in
    `backup_days`; what is set later changes it no more.
    """
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.open_deletions()")
    removed = 0
    for row in rows:
        with surviving("erasing a deleted client"):
            removed += await _rows(database, row["client_id"], backup_days, files_gone=False)
            if row["archives"] and folder is None:
                _log.warning("archives of a deleted client wait for a worker that has their folder")
                continue
            if store is not None:
                for tenant in row["tenants"] or ():
                    await store.clear(tenant)
            if folder is not None:
                await asyncio.to_thread(_remove_files, folder, row["tenants"] or ())
            removed += await _rows(database, row["client_id"], backup_days, files_gone=True)
    return removed


async def _rows(database: Database, client: UUID, backup_days: int, *, files_gone: bool) -> int:
    removed, gone = 0, 1
    while gone:
        async with database.doors() as connection:
            gone = await connection.fetchval(
                "SELECT app.erase_rows($1, $2, $3, $4)", client, _MOST, files_gone, backup_days
            )
        removed += gone
    return removed


def _remove_files(folder: Path, tenants: Sequence[UUID]) -> None:
    """Raises OSError."""
    for tenant in tenants:
        place = folder / ids.show("ten", tenant)
        if place.exists():
            shutil.rmtree(place)
