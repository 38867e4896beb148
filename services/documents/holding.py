"""Looks again into documents that are held, since what looks into them was away when they came."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from infra.database import Database, surviving
from infra.encryption import stream
from infra.objects.store import ObjectMissing
from services.documents.documents import Documents, shown
from services.documents.keys import bound_to

_log: Final = logging.getLogger(__name__)
SECONDS: Final = 60.0
_MOST: Final = 10


async def look_after(database: Database, documents: Documents, seconds: float = SECONDS) -> None:
    """Every `seconds`, until cancelled."""
    while documents.scanner is not None:
        await asyncio.sleep(seconds)
        with surviving("looking into documents that are held"):
            await look(database, documents, seconds)
    await asyncio.Event().wait()


async def look(database: Database, documents: Documents, seconds: float = SECONDS) -> int:
    """One round; answers how many are held no longer. Safe to run in every process at once."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT * FROM app.documents_to_scan($1, $2)", _MOST, seconds)
    decided = 0
    for row in rows:
        with surviving("looking into a document"):
            decided += await _one(database, documents, row)
    return decided


async def _one(database: Database, documents: Documents, row: Any) -> bool:
    if documents.scanner is None:
        return False
    tenant, document = row["tenant_id"], row["document_id"]
    key = await documents.keys.open(tenant, document, row["key_version"], row["wrapped"], row["sealed_key"])
    try:
        content = stream.unseal(key, bound_to(tenant, document), documents.store.get(tenant, document))
        verdict = await documents.scanner.look(content)
    except ObjectMissing:
        _log.error("a document's file is not in the store", extra={"document": shown(document)})
        return False
    if verdict == "unscanned":
        return False
    async with database.doors() as connection:
        await connection.execute("SELECT app.note_scan($1, $2, $3)", tenant, document, verdict)
    return True
