"""A mapping that names no connections takes what one of them tells, and never what two do (ADR 0135)."""

from __future__ import annotations

from collections.abc import Mapping as Members
from typing import Any, Final

from infra.ids import TenantId
from services.records.mapping.applying import NotMade
from services.records.mapping.connections import PLACE, connection_of
from services.records.mapping.document import Mapping

_WHERE: Final = """
FROM app.sighting WHERE tenant_id = $1 AND mapping = $2 AND system = $3 AND source LIKE '/connections/%'"""
_TOLD: Final = f"""
SELECT EXISTS (SELECT {_WHERE} AND source ~>=~ $5 AND source ~<~ $6) AS mine, coalesce(
  (SELECT source {_WHERE} AND source ~>=~ $4 AND source ~<~ $5 LIMIT 1),
  (SELECT source {_WHERE} AND source ~>=~ $6 AND source ~<~ $7 LIMIT 1)) AS other
"""
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 43))"


async def keep_apart(connection: Any, tenant: TenantId, name: str, mapping: Mapping, event: Members[str, Any]) -> None:
    """`connection` (asyncpg) is in a transaction of the tenant, which has made nothing yet. `name`: of the mapping.

    Raises:
        NotMade: another connection has told this mapping of its system, and nobody has said that both are one.
    """
    teller = connection_of(event)
    if teller is None or mapping.connections:
        return
    its = f"{PLACE}{teller}/"
    asked = (_TOLD, tenant, name, mapping.system, PLACE, its, _behind(its), _behind(PLACE))
    row = await connection.fetchrow(*asked)
    if not row["mine"]:
        # The first that it tells: of two connections at once, one has to see the other.
        await connection.execute(_TURN, f"told/{tenant}/{name}")
        row = await connection.fetchrow(*asked)
    if row["other"] is not None:
        other = connection_of({"source": row["other"]}) or row["other"]
        told = f"{other} has told of {mapping.system}, too: say in connections what system each is"
        raise NotMade("mapping-failed", told, about=f"connection {teller}")


def _behind(place: str) -> str:
    """What comes after all that begins with it, in the order of bytes."""
    return place[:-1] + chr(ord(place[-1]) + 1)
