"""What a call of a connector may write, told before anything is opened or sent."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from infra import clock
from infra.database import Database, through_outage
from services.connectors.registry import Registry
from services.connectors.visit import Arguments
from services.engine.functions import Call
from template_library.policies.capabilities import ANYTHING, NOTHING, Writes

FRESH_SECONDS: Final = 2.0
_MOST: Final = 10_000


class ConnectorWrites:
    """Fills `services.engine.guarded.WritesOf`.

    Another connector may be put behind a connection (`tenants.connections.service.update`), by which the same name of
    an operation writes something else: what is known of it was true two seconds ago at most, as of all connections.
    """

    def __init__(self, registry: Registry, database: Database) -> None:
        self._registry = registry
        self._database = database
        self._kinds: dict[tuple[UUID, UUID], tuple[float, str]] = {}

    async def __call__(self, call: Call) -> Writes:
        """Nothing of a call that can only fail, and anything of an operation that nobody knows."""
        try:
            arguments = msgspec.convert(call.arguments, Arguments)
        except msgspec.ValidationError:
            return NOTHING
        bound = call.bindings.get(arguments.connection)
        kind = None if bound is None else await self._kind(call.tenant, bound)
        if kind is None:
            return NOTHING
        checked = self._registry.operation(kind, arguments.operation)
        return ANYTHING if checked is None else checked.operation.access.of(arguments.input)

    async def _kind(self, tenant: UUID, connection_id: UUID) -> str | None:
        key = (tenant, connection_id)
        kept = self._kinds.get(key)
        if kept is not None and clock.monotonic() < kept[0]:
            return kept[1]
        began = clock.monotonic()
        found = await through_outage(lambda: self._read(*key), "a connection's kind")
        if found is None:
            return None
        if len(self._kinds) >= _MOST:
            self._kinds.clear()
        self._kinds[key] = (began + FRESH_SECONDS, found)
        return found

    async def _read(self, tenant: UUID, connection_id: UUID) -> str | None:
        async with self._database.tenant(tenant) as connection:
            found: str | None = await connection.fetchval(
                "SELECT connector FROM app.connection WHERE tenant_id = $1 AND connection_id = $2",
                tenant,
                connection_id,
            )
        return found
