"""A mapping that names no connections takes what one of them tells, and never what two do (ADR 0135)."""

from __future__ import annotations

from collections.abc import Mapping as Members
from typing import Any, Final

from infra.ids import TenantId
from services.records import meeting
from services.records.mapping.applying import NotMade
from services.records.mapping.connections import PLACE, connection_of
from services.records.mapping.document import Mapping

_TOLD: Final = """
SELECT (
  SELECT source FROM app.sighting WHERE tenant_id = $1 AND mapping = $2 AND system = $3
  AND source LIKE '/connections/%' AND source ~>=~ span.first AND source ~<~ span.behind LIMIT 1) AS source
FROM (VALUES (1, $4::text, $5::text), (2, $5, $6), (3, $6, $7)) span (place, first, behind) ORDER BY place
"""
"""Sources before a connection's own, of these, and behind them."""


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
    before, own, behind = [row["source"] for row in await connection.fetch(*asked)]
    if own is None:
        # The first that it tells: of two connections at once, one has to see the other.
        await meeting.take_turn(connection, f"told/{tenant}/{name}")
        before, own, behind = [row["source"] for row in await connection.fetch(*asked)]
    source = before or behind
    if source is not None:
        other = connection_of({"source": source}) or source
        told = f"{other} has told of {mapping.system}, too: say in connections what system each is"
        raise NotMade("mapping-failed", told, about=f"connection {teller}")


def _behind(place: str) -> str:
    """What comes after all that begins with it, in the order of bytes."""
    return place[:-1] + chr(ord(place[-1]) + 1)
