"""The secrets that are looked for where none may be: of connections, and of webhooks both ways (I7).

Each as whose it is and its value. What signs webhooks that leave is sealed to the tenant's key, what proves those that
come in to the API's own.
"""

from __future__ import annotations

from typing import Final

from infra import ids
from infra.database import Database
from infra.encryption.key_provider import KeyProvider
from infra.ids import TenantId
from services.inbound.sealing import Place, Safe
from services.webhooks.rotating import SECRETS
from tenants.connections.errors import ConnectionDisabled
from tenants.connections.opening import open_connection
from tenants.connections.sealing import Row, Sealer
from tenants.connections.secret_uses import SecretUses

Values = list[tuple[str, str]]
_OF_ANY_KEY: Final = 2**31 - 1
_INBOUND: Final = "SELECT hook_id, version, sealed FROM app.inbound_secret WHERE tenant_id = $1"


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


async def of_inbound(app: Database, keys: KeyProvider, tenant: TenantId) -> Values:
    """What webhooks that come in are proven by. `keys`: the API's own. Raises SecretUnreadable."""
    async with app.tenant(tenant) as connection:
        rows = await connection.fetch(_INBOUND, tenant)
    opened, safe = [], Safe(keys)
    for row in rows:
        secret = await safe.open(Place(tenant, row["hook_id"], row["version"]), row["sealed"])
        opened.append((f"secret of {ids.show('hok', row['hook_id'])}", secret.reveal()))
    return opened
