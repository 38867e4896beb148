"""Removes the files of documents that are over, and then their rows. Safe to repeat and to run twice at once."""

from __future__ import annotations

from typing import Any, Final

from infra.database import Database
from infra.objects.store import Store, StoreAway

_MOST: Final = 200
_IN_VAIN: Final = 3
"""So few files of a batch are gone where the store itself is away."""


async def drop(database: Database, store: Store) -> int:
    """Answers how many. A file comes first: a row without one is found again, a file without a row would never be.

    Raises:
        StoreAway: of a file at least, which stays for the next round; it kept no other.
    """
    dropped = 0
    while True:
        async with database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.documents_to_drop($1)", _MOST)
        removed, away = await _removed(store, rows)
        async with database.doors() as connection:
            gone: int = await connection.fetchval(
                "SELECT app.drop_documents($1, $2)",
                [row["tenant_id"] for row in removed],
                [row["document_id"] for row in removed],
            )
        dropped += gone
        if away is not None and (len(rows) < _MOST or len(removed) <= _IN_VAIN):
            raise away
        if len(rows) < _MOST:
            return dropped


async def _removed(store: Store, rows: list[Any]) -> tuple[list[Any], StoreAway | None]:
    """Those whose files are gone, and why others are not; a store that is away altogether is not asked for each."""
    removed: list[Any] = []
    away: StoreAway | None = None
    for asked, row in enumerate(rows):
        try:
            await store.remove(row["tenant_id"], row["document_id"])
        except StoreAway as error:
            away = error
            if asked >= _IN_VAIN and not removed:
                break
        else:
            removed.append(row)
    return removed, away
