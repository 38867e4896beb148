"""Hands the secrets that a workflow names to its calls: the `Secrets` of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from infra import redaction
from infra.database import is_outage
from infra.problems import Unavailable
from services.engine.secrets import Opened
from tenants.connections.errors import UnknownConnection
from tenants.connections.opening import OpenConnection, OpenConnections


class BoundSecrets:
    """A secret is the connection that the deployment binds to its name: its settings, and its secrets by field.

    As a connector's calls do, it goes to the origin of the connection's base URL and nowhere else (S-53).
    """

    def __init__(self, connections: OpenConnections) -> None:
        self._connections = connections

    async def open(self, tenant: UUID, bindings: Mapping[str, UUID], names: tuple[str, ...]) -> Opened:
        """The secrets of these names. Raises Problem: 503 while the database is away, else as opening does."""
        found = {name: await self._one(tenant, bindings, name) for name in names}
        secrets = [secret for one in found.values() for secret in one.secrets.values()]
        hider = redaction.Hider(secrets)
        redaction.hold(secrets)
        members = {name: _members(one) for name, one in found.items()}
        origins = {name: one.settings["base_url"] for name, one in found.items() if "base_url" in one.settings}
        return Opened(members, lambda value: redaction.here(hider).value(value), origins)

    async def _one(self, tenant: UUID, bindings: Mapping[str, UUID], name: str) -> OpenConnection:
        if name not in bindings:
            raise UnknownConnection(f"No connection is bound to the secret `{name}`; bind one and deploy again")
        try:
            return await self._connections.get(tenant, bindings[name])
        except Exception as error:
            if is_outage(error):
                raise Unavailable("The secret cannot be read now") from error
            raise


def _members(connection: OpenConnection) -> dict[str, Any]:
    return {**connection.settings, **{field: secret.reveal() for field, secret in connection.secrets.items()}}
