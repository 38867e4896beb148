"""Large values of runs in their table: stored with the commit that refers to them, checked whenever they are read."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from infra.database import Database
from services.engine import payloads
from services.engine.payloads import Kept, Large, PayloadUnreadable

CODEC: Final = "zlib"
_LEVEL: Final = 1
_LARGEST: Final = 64 * 1024 * 1024
KEEP: Final = "SELECT app.keep_payloads($1, $2, $3, $4, $5, $6)"
Row = tuple[UUID, UUID, int, bytes, int, bytes]
"""Tenant, run, fence, hash, bytes of the text, and the text packed."""


async def packed(tenant: UUID, run: UUID, fence: int, kept: Collection[Kept]) -> list[Row]:
    """Rows for `KEEP`, in a thread of their own: others go on meanwhile."""
    texts = await asyncio.to_thread(lambda: [zlib.compress(one.text, _LEVEL) for one in kept])
    return [
        (tenant, run, fence, bytes.fromhex(one.digest), len(one.text), body)
        for one, body in zip(kept, texts, strict=True)
    ]


async def insert(connection: Any, tenant: UUID, run: UUID, kept: Collection[Kept]) -> None:
    """Inside a transaction of the tenant, for a run that nobody has in hand yet."""
    rows = await packed(tenant, run, 0, kept)
    await connection.executemany(
        "INSERT INTO app.payload (tenant_id, owner_id, hash, size, codec, body) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT DO NOTHING",
        [(tenant, run, digest, size, CODEC, body) for _, _, _, digest, size, body in rows],
    )


async def stored_bytes(connection: Any, tenant: UUID, run: UUID) -> int:
    """Bytes that the run has stored by reference so far."""
    found = await connection.fetchval(
        "SELECT coalesce(sum(size), 0)::bigint FROM app.payload WHERE tenant_id = $1 AND owner_id = $2", tenant, run
    )
    return int(found)


async def whole(connection: Any, tenant: UUID, run: UUID, text: bytes) -> bytes:
    """`text` of the run without holes; `connection` is in a transaction of the tenant.

    Raises:
        PayloadUnreadable: what a hole names is missing or damaged.
    """
    if not payloads.has_holes(text):
        return text
    return payloads.fill(text, await bodies(connection, tenant, run, payloads.digests(text)))


async def bodies(connection: Any, tenant: UUID, run: UUID, digests: Collection[str]) -> Mapping[str, bytes]:
    """The values of the run by their digests, each checked. Raises PayloadUnreadable."""
    rows = await connection.fetch(
        "SELECT hash, size, codec, body FROM app.payload WHERE tenant_id = $1 AND owner_id = $2 AND hash = ANY ($3)",
        tenant,
        run,
        [bytes.fromhex(one) for one in digests],
    )
    return await opened(rows)


async def opened(rows: Iterable[Any]) -> dict[str, bytes]:
    """Rows of the table as texts by digest, in a thread of their own. Raises PayloadUnreadable."""
    return await asyncio.to_thread(lambda: {row["hash"].hex(): _opened(row) for row in rows})


def _opened(row: Any) -> bytes:
    """What was stored. Raises PayloadUnreadable where it is something else by now (F-26)."""
    digest = row["hash"].hex()
    try:
        opener = zlib.decompressobj()
        text = opener.decompress(row["body"], min(row["size"], _LARGEST) + 1) if row["codec"] == CODEC else b""
    except zlib.error:
        text = b""
    if payloads.digest_of(text) != digest:
        raise PayloadUnreadable(f"the stored value {digest[:12]} is damaged")
    return text


async def open_run(database: Database, tenant: UUID, run: UUID, text: bytes, large: Large) -> bytes:
    """Like `whole`, for whoever takes the run on: `large` knows from then on what is stored."""
    digests = payloads.digests(text)
    async with database.tenant(tenant) as connection:
        found = await bodies(connection, tenant, run, digests)
        large.known(set(found), await stored_bytes(connection, tenant, run))
    return payloads.fill(text, found)
