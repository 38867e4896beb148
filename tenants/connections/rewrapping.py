"""Another key-encryption key takes the place of one: every tenant's key is wrapped anew, and stays the same (F-30).

What it seals is not touched, so everything opens before, during and after, as long as both key-encryption keys are
readable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from infra.database import Database
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from infra.encryption.tenant_key import context

_AT_ONCE: Final = 500
_FIRST: Final = UUID(int=0)


class Rewrapped(msgspec.Struct, frozen=True):
    """`changed`: keys that were wrapped anew. `unreadable`: `(tenant, version)` of those that no key here unwraps."""

    changed: int
    unreadable: list[tuple[UUID, int]]


class Wrapping(msgspec.Struct, frozen=True):
    """What one key wraps, of one kind (`services/cli/sealed_columns.py`). `id` has 8 bytes; `provider` may be empty."""

    id: bytes
    kind: str
    provider: str
    things: int


async def rewrap(database: Database, keys: KeyProvider, tell: Callable[[int], None] = lambda _: None) -> Rewrapped:
    """Wrap every tenant's key by the key that `keys` wraps with. `database` is of the worker's role.

    Safe to repeat and to break off: each batch is a commit, and a row that changed meanwhile is left to the next round.
    `tell` hears how many are done. Ends when a whole round finds nothing that could be changed.

    Raises:
        KeyServiceUnavailable: the key service is away; what was done is done.
    """
    async with database.doors() as connection:
        installation = str(await connection.fetchval("SELECT installation_id FROM app.installation"))
    changed = 0
    while True:
        before, unreadable, place = changed, [], (_FIRST, 0)
        while rows := await _batch(database, keys, place):
            place = (rows[-1]["tenant_id"], rows[-1]["version"])
            made = await asyncio.gather(*(_anew(keys, installation, row) for row in rows))
            unreadable += [(row["tenant_id"], row["version"]) for row, new in zip(rows, made, strict=True) if not new]
            changed += await _put(database, keys, [(row, new) for row, new in zip(rows, made, strict=True) if new])
            tell(changed)
        if changed == before:
            return Rewrapped(changed, unreadable)


async def wrappings(database: Database) -> list[Wrapping]:
    """Which keys wrap how many things; `database` is of the worker's role."""
    async with database.doors() as connection:
        rows = await connection.fetch("SELECT id, kind, provider, things FROM app.wrapped_by()")
    return [Wrapping(row["id"], row["kind"], row["provider"], row["things"]) for row in rows]


async def _batch(database: Database, keys: KeyProvider, place: tuple[UUID, int]) -> list[Any]:
    async with database.doors() as connection:
        query = "SELECT tenant_id, version, wrapped FROM app.keys_to_rewrap($1, $2, $3, $4)"
        return list(await connection.fetch(query, keys.id, *place, _AT_ONCE))


async def _anew(keys: KeyProvider, installation: str, row: Any) -> bytes:
    """Empty where it does not unwrap."""
    bound = context(installation, row["tenant_id"], row["version"])
    try:
        return await keys.wrap(await keys.unwrap(row["wrapped"], bound), bound)
    except SecretUnreadable:
        return b""


async def _put(database: Database, keys: KeyProvider, made: list[tuple[Any, bytes]]) -> int:
    """Compare and set; how many rows still had what they were read with."""
    if not made:
        return 0
    async with database.doors() as connection:
        changed: int = await connection.fetchval(
            "SELECT app.rewrap_keys($1, $2, $3, $4, $5)",
            keys.name,
            [row["tenant_id"] for row, _ in made],
            [row["version"] for row, _ in made],
            [row["wrapped"] for row, _ in made],
            [new for _, new in made],
        )
    return changed
