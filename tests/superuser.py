"""Rows of every tenant, read and written as the cluster's own superuser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from infra.embedded.stack import Stack


@asynccontextmanager
async def connected(stack: Stack, database: str = "waybill") -> AsyncIterator[Any]:
    """An asyncpg connection."""
    way = stack.postgres.admin_environment(database)
    connection = await asyncpg.connect(
        host=way["PGHOST"],
        port=int(way["PGPORT"]),
        user=way["PGUSER"],
        password=way["PGPASSWORD"],
        database=way["PGDATABASE"],
    )
    try:
        yield connection
    finally:
        await connection.close()
