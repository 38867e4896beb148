"""Brings what the API's own key sealed from one key to another (ADR 0054)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from infra.database import Database
from infra.encryption.errors import SecretUnreadable
from infra.encryption.key_provider import KeyProvider
from tenants.identity import second_factors
from tenants.identity.openid import providers

Bound = Mapping[str, Callable[[Any], bytes]]
"""By kind, what the secret in a row (`tenant_id`, `id`, `version`) is bound to."""
_AT_ONCE: Final = 200
_FIRST: Final = (UUID(int=0), 0)
_OWN: Final[Bound] = {
    "provider": lambda row: providers.sealed_for(row["id"]),
    "second factor": lambda row: second_factors.sealed_for(row["id"]),
}


async def reseal(database: Database, keys: KeyProvider, others: Bound) -> tuple[int, int]:
    """Seal all under the key that `keys` wraps with; answers how many, and how many do not open and are left.

    `database` is of the worker's role; `others` are what is not identity's. Safe to repeat and to break off: each batch
    is a commit, and what somebody changes meanwhile keeps its change.
    """
    done, unreadable, place, bound = 0, 0, _FIRST, {**_OWN, **others}
    while True:
        async with database.doors() as connection:
            query = "SELECT * FROM app.service_seals($1, $2, $3, $4)"
            rows = await connection.fetch(query, keys.id, *place, _AT_ONCE)
        if not rows:
            return done, unreadable
        place, made = (rows[-1]["id"], rows[-1]["version"]), []
        for row in rows:
            context = bound[row["kind"]](row)
            try:
                value = await keys.unwrap(row["sealed"], context)
            except SecretUnreadable:
                unreadable += 1
                continue
            made.append((row["kind"], row["id"], row["version"], row["sealed"], await keys.wrap(value, context)))
        if made:
            async with database.doors() as connection:
                query = "SELECT app.reseal_service($1, $2, $3, $4, $5)"
                done += await connection.fetchval(query, *(list(column) for column in zip(*made, strict=True)))
