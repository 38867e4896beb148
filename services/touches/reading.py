"""Touches for readers: what was done by hand, and how much of each template's work went without (ADR 0105).

`connection` (asyncpg) is in a transaction of the tenant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from infra.ids import TenantId
from infra.pagination import Page

_LIST: Final = """
SELECT touch_id, at, kind, key, run_id, step, actor_kind, account_id, seconds_active, seconds_estimated, source
FROM app.touch
WHERE tenant_id = $1 AND ($2::uuid IS NULL OR touch_id < $2) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR key = $4) AND ($5::uuid IS NULL OR run_id = $5) AND ($6::text IS NULL OR step = $6)
  AND ($7::text IS NULL OR source = $7) ORDER BY touch_id DESC LIMIT $8
"""
# Runs that began in the period and have come to their end: what an order's work took is known then. A range of ids,
# which carry the moment at which a run began, and which an index has.
_RUNS: Final = """
WITH closed AS MATERIALIZED (
  SELECT r.run_id, coalesce(split_part(w.template, '@', 1), w.namespace || '/' || w.name) AS template
  FROM app.run r
  JOIN app.deployment_revision d
    ON d.tenant_id = r.tenant_id AND d.deployment_id = r.deployment_id AND d.revision = r.revision
  JOIN app.workflow_version w ON w.tenant_id = d.tenant_id AND w.workflow_version_id = d.workflow_version_id
  WHERE r.tenant_id = $1 AND r.run_id >= $2 AND r.run_id < $3 AND r.state IN ('completed', 'cancelled')
    AND r.program IS NULL
    AND ($4::text IS NULL OR coalesce(split_part(w.template, '@', 1), w.namespace || '/' || w.name) = $4)
)
"""
_SUMMARY: Final = """
SELECT c.template, count(*) AS runs, coalesce(sum(t.touches), 0)::bigint AS touches,
  count(*) FILTER (WHERE t.touches = 0) AS untouched,
  count(*) FILTER (WHERE t.touches = 0 AND NOT EXISTS (
    SELECT 1 FROM app.exception e WHERE e.tenant_id = $1 AND e.run_id = c.run_id)) AS straight_through,
  coalesce(sum(t.measured), 0)::bigint AS measured, coalesce(sum(t.seconds_measured), 0)::bigint AS seconds_measured,
  coalesce(sum(t.estimated), 0)::bigint AS estimated, coalesce(sum(t.seconds_estimated), 0)::bigint AS seconds_estimated
FROM closed c CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE x.source <> 'external_estimate') AS touches, count(x.seconds_active) AS measured,
    sum(x.seconds_active) AS seconds_measured, count(x.seconds_estimated) AS estimated,
    sum(x.seconds_estimated) AS seconds_estimated
  FROM app.touch x WHERE x.tenant_id = $1 AND x.run_id = c.run_id
) t GROUP BY c.template ORDER BY c.template
"""
_STEPS: Final = """
SELECT c.template, x.step, x.source, count(*) AS touches, count(x.seconds_active) AS measured,
  coalesce(sum(x.seconds_active), 0)::bigint AS seconds_measured
FROM closed c JOIN app.touch x ON x.tenant_id = $1 AND x.run_id = c.run_id
WHERE x.source <> 'external_estimate' GROUP BY 1, 2, 3 ORDER BY 1, count(*) DESC, 2, 3
"""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """None: any. All that are given must hold."""

    kind: str | None = None
    key: str | None = None
    run: UUID | None = None
    step: str | None = None
    source: str | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Touches of one step and source. `measured`: of how many somebody measured the seconds."""

    step: str
    source: str
    touches: int
    measured: int
    seconds_measured: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of one template, or of a workflow of the tenant's own.

    Attributes:
        runs: that began in the period and ended, completed or cancelled. Faulted ones are not at their end.
        untouched: of those, without any touch; `straight_through`: and without any exception.
        estimated: touches that somebody typed; they are in no other figure.
    """

    template: str
    runs: int
    touches: int
    untouched: int
    straight_through: int
    measured: int
    seconds_measured: int
    estimated: int
    seconds_estimated: int
    steps: list[Step] = []


async def list_touches(connection: Any, tenant: TenantId, page: Page, only: Filter) -> list[Any]:
    """The newest first; one row more than the page holds."""
    after = None if page.after is None else UUID(page.after)
    given = (only.kind, only.key, only.run, only.step, only.source)
    return list(await connection.fetch(_LIST, tenant, after, *given, page.limit + 1))


async def summary(
    connection: Any, tenant: TenantId, since: datetime, until: datetime, template: str | None
) -> list[Figures]:
    """Of each template whose runs began in the period; of one that had none there is no figure, and never a zero."""
    given = (tenant, ids.least_of(since), ids.least_of(until), template)
    found = await connection.fetch(_RUNS_SUMMARY, *given)
    steps: dict[str, list[Step]] = {}
    for row in await connection.fetch(_RUNS_STEPS, *given):
        members = dict(row)
        steps.setdefault(members.pop("template"), []).append(Step(**members))
    return [Figures(**row, steps=steps.get(row["template"], [])) for row in found]


_RUNS_SUMMARY: Final = _RUNS + _SUMMARY
_RUNS_STEPS: Final = _RUNS + _STEPS
