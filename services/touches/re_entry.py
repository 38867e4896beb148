"""Re-entry: what people type again although somebody typed it before, found in what they answered (ADR 0116).

`connection` (asyncpg) is in a transaction of the tenant. No value leaves it: a finding names fields and counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from infra import ids
from infra.ids import TenantId

What = Literal["typed-twice", "edited-again", "done-again"]
LEAST: Final = 3
"""How often one field of one thing is filled in, or one act is done on it, before that is a finding."""
MOST_TASKS: Final = 20_000
MOST: Final = 200
CAUSES: Final[Mapping[What, str]] = {
    "typed-twice": "The later task asks for what an earlier one was told: hand the value on, or have it looked up.",
    "edited-again": "The value does not stay: its system of record has another, or the rule behind it does not fit.",
    "done-again": "The same is put right by hand again and again: two systems do not agree, and nothing maps them.",
}
# The newest tasks of the period about something that people know; short words and yes or no are typed twice by chance.
_TYPED: Final = """
WITH done AS MATERIALIZED (
  SELECT t.task_id, t.kind, t.role, t.entity_kind, t.entity_key, t.answer FROM app.human_task t
  WHERE t.tenant_id = $1 AND t.task_id >= $2 AND t.task_id < $3 AND t.closed_at IS NOT NULL AND t.state = 'completed'
    AND t.entity_key IS NOT NULL ORDER BY t.task_id DESC LIMIT $4
), typed AS MATERIALIZED (
  SELECT d.task_id, d.kind, d.role, d.entity_kind, d.entity_key, f.key AS field, f.value
  FROM done d CROSS JOIN LATERAL json_each_text(
    CASE WHEN json_typeof(d.answer) = 'object' THEN d.answer ELSE '{}' END) f
  WHERE length(f.value) BETWEEN 3 AND 500 AND f.value NOT IN ('true', 'false')
), spent AS MATERIALIZED (
  SELECT x.kind, x.key, x.step, sum(x.seconds_active)::bigint AS seconds FROM app.touch x
  WHERE x.tenant_id = $1 AND x.touch_id >= $2 AND x.touch_id < $3 AND x.seconds_active IS NOT NULL GROUP BY 1, 2, 3
)
"""
_TWICE: Final = """
, again AS (
  SELECT y.*, lag(y.task_id) OVER same AS task_before, lag(y.kind) OVER same AS kind_before,
    lag(y.field) OVER same AS field_before
  FROM typed y WINDOW same AS (PARTITION BY y.entity_kind, y.entity_key, y.value ORDER BY y.task_id, y.field)
), each AS (
  SELECT a.entity_kind, a.entity_key, a.kind, a.field, a.kind_before, a.field_before, min(a.role) AS role,
    count(*) AS times
  FROM again a WHERE a.task_before <> a.task_id GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT e.entity_kind, e.kind AS step, e.field, e.kind_before AS step_before, e.field_before, min(e.role) AS role,
  sum(e.times)::bigint AS times, count(*) AS entities, min(e.entity_key) AS example, sum(s.seconds)::bigint AS seconds
FROM each e LEFT JOIN spent s ON s.kind = e.entity_kind AND s.key = e.entity_key AND s.step = e.kind
GROUP BY 1, 2, 3, 4, 5 HAVING sum(e.times) >= 2 ORDER BY times DESC, 1, 2, 3, 4, 5 LIMIT $5
"""
_EDITED: Final = """
, often AS (
  SELECT y.entity_kind, y.entity_key, y.kind, y.field, min(y.role) AS role, count(*) AS times
  FROM typed y GROUP BY 1, 2, 3, 4 HAVING count(*) >= $6 AND count(DISTINCT y.value) > 1
)
SELECT o.entity_kind, o.kind AS step, o.field, NULL::text AS step_before, NULL::text AS field_before,
  min(o.role) AS role, sum(o.times)::bigint AS times, count(*) AS entities, min(o.entity_key) AS example,
  sum(s.seconds)::bigint AS seconds
FROM often o LEFT JOIN spent s ON s.kind = o.entity_kind AND s.key = o.entity_key AND s.step = o.kind
GROUP BY 1, 2, 3 ORDER BY times DESC, 1, 2, 3 LIMIT $5
"""
_DONE: Final = """
WITH often AS (
  SELECT x.kind, x.key, x.step, count(*) AS times, sum(x.seconds_active) AS seconds FROM app.touch x
  WHERE x.tenant_id = $1 AND x.touch_id >= $2 AND x.touch_id < $3 AND x.source <> 'external_estimate'
    AND x.step IN ('entity.linked', 'entity.unlinked', 'entity.merged', 'entity.split', 'entry.answered')
  GROUP BY 1, 2, 3 HAVING count(*) >= $5
)
SELECT o.kind AS entity_kind, o.step, NULL::text AS field, NULL::text AS step_before, NULL::text AS field_before,
  NULL::text AS role, sum(o.times)::bigint AS times, count(*) AS entities, min(o.key) AS example,
  sum(o.seconds)::bigint AS seconds
FROM often o GROUP BY 1, 2 ORDER BY times DESC, 1, 2 LIMIT $4
"""
_STEWARD: Final = "SELECT kind, app.who_answers($1, 'data', kind) AS owner FROM unnest($2::text[]) AS k(kind)"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is typed or put right more often than once.

    Attributes:
        step, field: where it is typed again; `step_before`, `field_before`: where it was typed first.
        times: how often; entities: for how many things; example: the key of one of them.
        seconds: as pages measured the tasks in which it was typed again; None: nobody measured.
        owner: who has the queue of the task, or the steward of the data; None: nobody.
    """

    what: What
    entity_kind: str
    step: str
    field: str | None
    step_before: str | None
    field_before: str | None
    times: int
    entities: int
    example: str
    seconds: int | None
    owner: str | None

    @property
    def cause(self) -> str:
        return CAUSES[self.what]


async def findings(connection: Any, tenant: TenantId, since: datetime, until: datetime) -> list[Finding]:
    """Of the tasks and touches that began in the period, what happened most often first."""
    of = (tenant, ids.least_of(since), ids.least_of(until))
    found = [
        *_read("typed-twice", await connection.fetch(_TWICE_OF, *of, MOST_TASKS, MOST)),
        *_read("edited-again", await connection.fetch(_EDITED_OF, *of, MOST_TASKS, MOST, LEAST)),
        *_read("done-again", await connection.fetch(_DONE, *of, MOST, LEAST)),
    ]
    kinds = sorted({one.entity_kind for one in found if one.owner is None})
    stewards = {row["kind"]: row["owner"] for row in await connection.fetch(_STEWARD, tenant, kinds)}
    owned = [
        one if one.owner is not None else msgspec.structs.replace(one, owner=stewards[one.entity_kind]) for one in found
    ]
    return sorted(owned, key=lambda one: (-one.times, one.what, one.entity_kind, one.step, one.field or ""))[:MOST]


def _read(what: What, rows: list[Any]) -> list[Finding]:
    found = []
    for row in rows:
        members = dict(row)
        role = members.pop("role")
        found.append(Finding(what=what, owner=f"role:{role}" if role else None, **members))
    return found


_TWICE_OF: Final = _TYPED + _TWICE
_EDITED_OF: Final = _TYPED + _EDITED
