"""Brings what is sealed one by one from one key to another (ADR 0054)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from infra.database import Database
from infra.encryption.errors import SecretUnreadable
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import KeyProvider
from services.cli.sealed_columns import BOUND_TO, Opener

_AT_ONCE: Final = 200
_FIRST: Final = (UUID(int=0), 0)


class Resealed(msgspec.Struct, frozen=True):
    """How many were sealed anew, and how many do not open with the keys that are here and are left."""

    changed: int
    unreadable: int


async def reseal(database: Database, keys: KeyProvider, opener: Opener) -> Resealed:
    """Seal all that `opener` opens under the key that `keys` wraps with; `database` is of the worker's role.

    Safe to repeat and to break off: each batch is a commit, and what somebody changes meanwhile keeps its change.

    Raises:
        KeyServiceUnavailable: the key service is away; what was done is done.
    """
    here = InstalledKeys(keys, database)
    done, unreadable, place = 0, 0, _FIRST
    while True:
        async with database.doors() as connection:
            query = "SELECT * FROM app.values_to_reseal($1, $2, $3, $4, $5)"
            rows = await connection.fetch(query, opener, keys.id, *place, _AT_ONCE)
        if not rows:
            return Resealed(done, unreadable)
        place, made = (rows[-1]["id"], rows[-1]["version"]), []
        for row in rows:
            context = BOUND_TO[row["kind"]](row)
            try:
                value = await here.unwrap(row["sealed"], context)
            except SecretUnreadable:
                unreadable += 1
                continue
            made.append((row["kind"], row["id"], row["version"], row["sealed"], await here.wrap(value, context)))
        if made:
            async with database.doors() as connection:
                query = "SELECT app.reseal_values($1, $2, $3, $4, $5)"
                done += await connection.fetchval(query, *(list(column) for column in zip(*made, strict=True)))
