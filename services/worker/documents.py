"""Removes the files of documents that are over, and then their rows. Safe to repeat and to run twice at once."""

from __future__ import annotations

from typing import Final

from infra.database import Database
from infra.objects.store import Store

_MOST: Final = 200


async def drop(database: Database, store: Store) -> int:
    """Answers how many. A file comes first: a row without one is found again, a file without a row would never be.

    Raises:
        StoreAway: the rest stays for the next round.
    """
    dropped = 0
    while True:
        async with database.doors() as connection:
            rows = await connection.fetch("SELECT * FROM app.documents_to_drop($1)", _MOST)
        for row in rows:
            await store.remove(row["tenant_id"], row["document_id"])
        async with database.doors() as connection:
            gone: int = await connection.fetchval(
                "SELECT app.drop_documents($1, $2)",
                [row["tenant_id"] for row in rows],
                [row["document_id"] for row in rows],
            )
        dropped += gone
        if len(rows) < _MOST:
            return dropped
