"""Hands a tenant's connections to the connectors: the `Connections` of `services.connectors.function`."""

from __future__ import annotations

from uuid import UUID

from infra import ids
from infra.database import is_outage
from infra.problems import Unavailable
from services.connectors.authorizing.keeper import Keeper
from services.connectors.sdk.context import OpenConnection
from tenants.connections.opening import OpenConnections


class TenantConnections:
    """Fresh to two seconds; see `tenants.connections.opening`."""

    def __init__(self, connections: OpenConnections, keeper: Keeper | None = None) -> None:
        """`keeper`: of what people authorised them to do; None where nothing of that is called."""
        self._connections = connections
        self._keeper = keeper

    async def open(self, tenant: UUID, connection_id: UUID) -> OpenConnection:
        """Raises Problem: 503 while the database is away; 404, 409 or 500 when waiting does not help."""
        try:
            opened = await self._connections.get(tenant, connection_id)
        except Exception as error:
            if is_outage(error):
                raise Unavailable("The connection cannot be read now") from error
            raise
        ref = ids.show("con", connection_id)
        keeper = self._keeper
        granted = None if keeper is None else keeper.of(tenant, connection_id, opened.revision, ref)
        return OpenConnection(
            id=connection_id,
            connector=opened.connector,
            settings=opened.settings,
            secrets=opened.secrets,
            revision=opened.revision,
            ref=ref,
            limits=opened.limits,
            fallback=opened.fallback,
            name=opened.name,
            playbook=opened.playbook,
            standing=opened.standing,
            hider=opened.hider,
            granted=granted,
            shared=granted,
        )
