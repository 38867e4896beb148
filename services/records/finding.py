"""Records by what people know of them: for a field that is looked up (ADR 0131). In a transaction of the tenant."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

_FOUND: Final = """
WITH found AS (
  SELECT k.entity_id, min(CASE WHEN lower(k.id) = lower($4) THEN 0 WHEN starts_with(lower(k.id), lower($4)) THEN 1
      ELSE 2 END) AS rank, min(k.id COLLATE "C") AS first
  FROM app.entity_key k
  WHERE k.tenant_id = $1 AND k.kind = $2 AND ($3::text IS NULL OR k.system = $3)
    AND (strpos(lower(k.id), lower($4)) > 0 OR $5 AND EXISTS (
      SELECT FROM app.record_view v WHERE v.tenant_id = $1 AND v.entity_id = k.entity_id
        AND strpos(lower(v.members #>> '{name,0}'), lower($4)) > 0))
  GROUP BY k.entity_id ORDER BY rank, first, k.entity_id LIMIT $6
)
SELECT (SELECT k.id FROM app.entity_key k
    WHERE k.tenant_id = $1 AND k.entity_id = f.entity_id AND ($3::text IS NULL OR k.system = $3)
    ORDER BY k.is_preferred DESC, k.linked_at, k.system, k.id LIMIT 1) AS value,
  CASE WHEN $5 THEN (SELECT v.members #>> '{name,0}' FROM app.record_view v
    WHERE v.tenant_id = $1 AND v.entity_id = f.entity_id AND v.members #>> '{name,0}' IS NOT NULL
    ORDER BY v.system LIMIT 1) END AS name
FROM found f ORDER BY f.rank, f.first, f.entity_id
"""
_IS_THERE: Final = """
SELECT EXISTS (SELECT FROM app.entity_key k
  WHERE k.tenant_id = $1 AND k.kind = $2 AND ($3::text IS NULL OR k.system = $3) AND k.id = $4)
"""


class Found(msgspec.Struct, frozen=True):
    """A record by the number to write it by. `name`: None where it has none, or its reader sees none."""

    value: str
    name: str | None


async def find(  # noqa: PLR0913 (what is looked for, and how far)
    connection: Any, tenant: UUID, kind: str, system: str | None, text: str, *, by_name: bool, most: int
) -> list[Found]:
    """Those whose number contains `text`, whatever its case; with `by_name` also those whose name does.

    Who may not see names must not find by them either: letter by letter they would read them.
    """
    rows = await connection.fetch(_FOUND, tenant, kind, system, text, by_name, most)
    return [Found(row["value"], row["name"]) for row in rows]


async def is_there(connection: Any, tenant: UUID, kind: str, system: str | None, value: str) -> bool:
    """Whether a record of the kind is known by this number: in `system`, or in whichever."""
    return bool(await connection.fetchval(_IS_THERE, tenant, kind, system, value))
