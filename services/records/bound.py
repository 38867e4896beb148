"""Which system of the cross-reference a connection of a run's document is (ADR 0141).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

from typing import Any, Final

from infra.ids import TenantId
from services.engine.functions import Call

_CONNECTIONS: Final = """
SELECT n.name, c.name AS connection
FROM unnest($2::text[], $3::uuid[]) AS n(name, connection_id)
JOIN app.connection c ON c.tenant_id = $1 AND c.connection_id = n.connection_id
UNION
SELECT x.name, c.name AS connection
FROM app.connection_choice x JOIN app.connection c ON c.tenant_id = x.tenant_id AND c.connection_id = x.connection_id
WHERE x.tenant_id = $1 AND x.run_id = $4 AND x.name = ANY ($5)
"""
_SAID: Final = """
SELECT DISTINCT said.key AS connection, said.value AS system
FROM (SELECT DISTINCT mapping, version FROM app.event_route WHERE tenant_id = $1) r
JOIN app.mapping m ON m.tenant_id = $1 AND m.name = r.mapping AND m.version = r.version
CROSS JOIN LATERAL json_each_text(m.whole -> 'connections') said
WHERE said.key = ANY ($2) AND said.value IS NOT NULL
"""


class NoSystem(Exception):
    """It cannot be told which system is meant. The words say what to write, or to bind."""


class Systems:
    """By the names that a document has for its connections, the systems that these are."""

    def __init__(self, connections: dict[str, set[str]], said: dict[str, set[str]]) -> None:
        self._connections = connections
        self._said = said

    def of(self, name: str) -> str:
        """Raises NoSystem: nothing is behind the name yet, or several are."""
        found = self._connections.get(name, set())
        if not found:
            raise NoSystem(f"no connection is behind `{name}`: bind one, or call over its group before")
        if len(found) > 1:
            told = ", ".join(sorted(found))
            raise NoSystem(f"the run went to several connections of `{name}` ({told}): say the `system` of the key")
        (connection,) = found
        systems = self._said.get(connection) or {connection}
        if len(systems) > 1:
            told = ", ".join(sorted(systems))
            raise NoSystem(f"mappings call the connection {connection} several systems ({told}): say `system`")
        return next(iter(systems))

    def names(self) -> dict[str, str]:
        """Those of which one system can be told."""
        found: dict[str, str] = {}
        for name in sorted(self._connections):
            try:
                found[name] = self.of(name)
            except NoSystem:
                continue
        return found


async def systems(connection: Any, tenant: TenantId, call: Call) -> Systems:
    """What a released mapping says that a connection is (ADR 0135), else the connection's own name.

    Of a name that has a group it is the connection that the run has chosen.
    """
    names, bound = list(call.bindings), list(call.bindings.values())
    rows = await connection.fetch(_CONNECTIONS, tenant, names, bound, call.run, list(call.groups))
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["name"], set()).add(row["connection"])
    told = sorted(set[str]().union(*found.values()))
    said: dict[str, set[str]] = {}
    for row in await connection.fetch(_SAID, tenant, told) if told else ():
        said.setdefault(row["connection"], set()).add(row["system"])
    return Systems(found, said)
