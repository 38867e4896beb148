"""The secrets that are looked for where none may be, each as whose it is and its value (I7).

Of connections and of webhooks that leave, which tenants' keys seal; and what is sealed one by one: of webhooks that
come in, of providers and second factors, and the links of invitations whose mail waits.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final
from uuid import UUID

from infra import ids
from infra.database import Database
from infra.encryption.key_provider import KeyProvider
from infra.ids import TenantId
from services.cli.sealed_columns import BOUND_TO, Opener
from services.webhooks.rotating import SECRETS
from tenants.connections.errors import ConnectionDisabled
from tenants.connections.grants import Grants
from tenants.connections.opening import open_connection
from tenants.connections.sealing import Row, Sealer
from tenants.connections.secret_uses import SecretUses

Values = list[tuple[str, str]]
_OF_ANY_KEY: Final = 2**31 - 1
_OF_NO_KEY: Final = bytes(8)
_AT_ONCE: Final = 200
_FIRST: Final = (UUID(int=0), 0)
ONE_BY_ONE: Final[dict[str, tuple[str, str, Callable[[bytes], str]]]] = {
    "inbound webhook": ("secret", "hok", bytes.decode),
    "provider": ("client secret", "idp", bytes.decode),
    # As it is shown to be typed.
    "second factor": ("second factor", "acc", lambda secret: base64.b32encode(secret).decode()),
    "mail": ("link", "mail", bytes.decode),
}
"""By kind: what it is, how ids of what has it begin, and its text. A key for documents has none."""


async def of_connections(worker: Database, sealer: Sealer, tenant: TenantId, uses: SecretUses) -> Values:
    """Of those that are in use. Raises SecretUnreadable, KeyServiceUnavailable."""
    opened = []
    async with worker.tenant(tenant) as connection:
        for row in await connection.fetch("SELECT connection_id FROM app.connection WHERE tenant_id = $1", tenant):
            shown = ids.show("con", row["connection_id"])
            try:
                one = await open_connection(sealer, connection, tenant, row["connection_id"])
            except ConnectionDisabled:
                continue
            uses.note(tenant, row["connection_id"], one.secrets)
            opened += [(f"{field} of {shown}", secret.reveal()) for field, secret in one.secrets.items()]
    return opened


async def of_grants(worker: Database, sealer: Sealer, tenant: TenantId) -> Values:
    """What people authorised connections to do. Raises SecretUnreadable, KeyServiceUnavailable."""
    async with worker.tenant(tenant) as connection:
        query = "SELECT connection_id FROM app.connection_grant WHERE tenant_id = $1 AND sealed IS NOT NULL"
        rows = await connection.fetch(query, tenant)
    opened, grants = [], Grants(worker, sealer)
    for row in rows:
        found = await grants.read(tenant, row["connection_id"])
        tokens = None if found is None else found.tokens
        pair = () if tokens is None else (("access", tokens.access), ("refresh", tokens.refresh))
        shown = ids.show("con", row["connection_id"])
        opened += [(f"{kind} token of {shown}", one.reveal()) for kind, one in pair if one is not None]
    return opened


async def of_endpoints(worker: Database, sealer: Sealer, tenant: TenantId) -> Values:
    """What signs webhooks that leave, or did until it was rotated. Raises SecretUnreadable, KeyServiceUnavailable."""
    async with worker.tenant(tenant) as connection:
        rows = await connection.fetch(SECRETS.read, tenant, _OF_ANY_KEY)
    opened = []
    for row in rows:
        place = Row(
            tenant_id=tenant, connection_id=row["thing"], environment=row["environment"], revision=row["version"]
        )
        wrapped, installation = (row["key_version"], row["wrapped"]), str(row["installation_id"])
        secret = await sealer.open(place, installation, SECRETS.field(row), row["sealed"], wrapped)
        opened.append((f"{SECRETS.field(row)} of {ids.show('whe', row['thing'])}", secret.reveal()))
    return opened


async def of_one_by_one(worker: Database, keys: KeyProvider, opener: Opener) -> Values:
    """What `keys` seals one by one, of all tenants and partners. Raises SecretUnreadable, KeyServiceUnavailable."""
    opened: Values = []
    place = _FIRST
    while True:
        async with worker.doors() as connection:
            query = "SELECT * FROM app.values_to_reseal($1, $2, $3, $4, $5)"
            rows = await connection.fetch(query, opener, _OF_NO_KEY, *place, _AT_ONCE)
        if not rows:
            return opened
        place = (rows[-1]["id"], rows[-1]["version"])
        for row in rows:
            if row["kind"] in ONE_BY_ONE:
                what, prefix, text = ONE_BY_ONE[row["kind"]]
                value = await keys.unwrap(row["sealed"], BOUND_TO[row["kind"]](row))
                opened.append((f"{what} of {ids.show(prefix, row['id'])}", text(value)))
