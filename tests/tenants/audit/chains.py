"""Logs that tests seal, export and damage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.signing_key import SigningKey
from infra.ids import TenantId
from tenants.audit import exporting, sealer, service
from tenants.audit.log import ALL, Log, Wanted
from tenants.audit.verifier import Broken, Line, Verified, verify
from tests.superuser import connected

BATCH = 4


def signing_key(folder: Path) -> SigningKey:
    return SigningKey(folder / "audit-key")


async def write(database: Database, tenant: TenantId, count: int, start: int = 0) -> None:
    """`count` rows of as many transactions."""
    for number in range(start, start + count):
        async with database.session(Scope.tenant(tenant)) as session:
            await service.record(
                session, actor="account:acc_1", action="thing.made", target=f"t{number}", after={"number": number}
            )
            await session.commit()


async def write_and_seal(app: Database, worker: Database, tenant: TenantId, key: SigningKey, count: int = 10) -> None:
    """Rows in batches of four; the last one has what is left."""
    await write(app, tenant, count)
    assert await sealer.seal(worker, key, BATCH) >= count


async def exported(app: Database, tenant: TenantId, wanted: Wanted = ALL) -> list[bytes]:
    log = Log("tenant", tenant, Scope.tenant(tenant))
    chunks = [chunk async for chunk in exporting.lines(app, log, wanted)]
    return b"".join(chunks).splitlines(keepends=True)


def verified(lines: list[bytes], key: SigningKey, published: list[bytes] | None = None) -> Verified:
    return verify(lines, [key.public], published or [])


def broken(lines: list[bytes], key: SigningKey, published: list[bytes] | None = None) -> Broken:
    try:
        found = verified(lines, key, published)
    except Broken as error:
        return error
    raise AssertionError(f"it was found whole: {found}")


def parsed(lines: list[bytes]) -> list[Line]:
    return [json.loads(line) for line in lines]


def rows_of(lines: list[bytes]) -> list[Line]:
    return [line for line in parsed(lines) if line["kind"] == "row"]


@asynccontextmanager
async def owner(stack: Stack, endpoints: Endpoints) -> AsyncIterator[Any]:
    """Whoever may do everything in the database: an administrator whom nothing there can stop."""
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        yield connection
