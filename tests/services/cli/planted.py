"""A row of each thing that is sealed one by one, in a database that asks for nothing around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from infra import ids
from infra.embedded.stack import Stack
from infra.encryption.installed import bound
from infra.encryption.key_provider import KeyWrapper
from services.cli.sealed_columns import BOUND_TO, SEALED
from tests.superuser import connected

_ONE_BY_ONE = {one.kind: one for one in SEALED if one.bound_to is not None}
_INTO = {
    "provider": (
        "INSERT INTO app.identity_provider (partner_id, provider_id, name, issuer, client_id, algorithm, secret) "
        "VALUES ($1, $2, 'x', 'https://x.example', 'x', 'RS256', $3)"
    ),
    "second factor": "INSERT INTO app.totp (partner_id, account_id, sealed) VALUES ($1, $2, $3)",
    "inbound webhook": (
        "INSERT INTO app.inbound_secret (tenant_id, hook_id, version, sealed, last4) VALUES ($1, $2, 3, $3, '')"
    ),
    "document key": "INSERT INTO app.document_key (tenant_id, version, wrapped) VALUES (coalesce($2::uuid, $1), 3, $3)",
    "mail": (
        "INSERT INTO app.mail (partner_id, mail_id, kind, recipient, recipient_name, facts, sealed) "
        "VALUES ($1, $2, 'people.invited', 'n@acme.example', '', '{}', $3)"
    ),
}
_KEYS = {"provider": "provider_id", "second factor": "account_id", "inbound webhook": "hook_id", "mail": "mail_id"}


class Planted(msgspec.Struct, frozen=True):
    """`rows`: by kind, what its value is bound by."""

    stack: Stack
    database: str
    rows: dict[str, dict[str, Any]]

    async def stored(self) -> dict[str, tuple[bytes, bytes]]:
        """By kind, the value as it is stored, and what it is bound to."""
        found = {}
        async with connected(self.stack, self.database) as admin:
            here = str(await admin.fetchval("SELECT installation_id FROM app.installation"))
            for kind, row in self.rows.items():
                table, _, column = _ONE_BY_ONE[kind].name.partition(".")
                query = f"SELECT {column} FROM app.{table} WHERE {_KEYS.get(kind, 'tenant_id')} = $1"  # noqa: S608
                found[kind] = (await admin.fetchval(query, row["id"]), bound(here, BOUND_TO[kind](row)))
        return found


async def plant(stack: Stack, database: str, wrappers: Mapping[str, KeyWrapper]) -> Planted:
    """One of each kind, whose value is the kind's own name; `wrappers` by who opens them."""
    assert _INTO.keys() == _ONE_BY_ONE.keys(), "a kind has no row here"
    rows = {}
    async with connected(stack, database) as admin:
        await admin.execute("SET session_replication_role = replica")
        here = str(await admin.fetchval("SELECT installation_id FROM app.installation"))
        for kind, column in _ONE_BY_ONE.items():
            thing: UUID = ids.new()
            tenant = thing if kind == "document key" else ids.new()
            rows[kind] = {"tenant_id": tenant, "id": thing, "version": 3}
            context = bound(here, BOUND_TO[kind](rows[kind]))
            value = await wrappers[column.opened_by].wrap(kind.encode(), context)
            await admin.execute(_INTO[kind], tenant, thing, value)
    return Planted(stack, database, rows)
