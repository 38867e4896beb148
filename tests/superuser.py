"""Rows of every tenant, read and written as the cluster's own superuser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from infra.embedded.stack import Stack


async def connect(stack: Stack, database: str = "waybill") -> Any:
    """An asyncpg connection; whoever asks for it closes it."""
    way = stack.postgres.admin_environment(database)
    return await asyncpg.connect(
        host=way["PGHOST"],
        port=int(way["PGPORT"]),
        user=way["PGUSER"],
        password=way["PGPASSWORD"],
        database=way["PGDATABASE"],
    )


@asynccontextmanager
async def connected(stack: Stack, database: str = "waybill") -> AsyncIterator[Any]:
    """An asyncpg connection."""
    connection = await connect(stack, database)
    try:
        yield connection
    finally:
        await connection.close()
