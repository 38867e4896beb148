"""What the timeline of a record is read from. Each asks for what is behind a moment and a key (ADR 0081).

Arguments of those that give lines: tenant, moment, key, how many, and then what the comment says.
"""

from __future__ import annotations

from typing import Final

EVENTS: Final = """
SELECT s.event_id, s.made FROM app.sighting s WHERE s.tenant_id = $1 AND (s.entity_id = ANY ($2) OR s.sighting_id IN (
  SELECT a.sighting_id FROM app.sighting_about a WHERE a.tenant_id = $1 AND a.entity_id = ANY ($2)))
ORDER BY s.at LIMIT $3
"""
RUNS: Final = """
SELECT run_id, deployment_id, revision, program FROM app.run WHERE tenant_id = $1 AND event_id = ANY ($2)
ORDER BY run_id LIMIT $3
"""
STOOD: Final = """
SELECT exception_id FROM app.exception
WHERE tenant_id = $1 AND (entity_id = ANY ($2) OR run_id = ANY ($3)) ORDER BY exception_id LIMIT $4
"""
# Entities.
TOLD: Final = """
SELECT * FROM (
  SELECT 'told' AS what, s.at, 'told/' || s.sighting_id AS key, s.entity_id, e.kind, s.system, s.event_id, s.type,
    s.mapping, s.version, s.states::text AS states, s.made, (
      SELECT min(k.id) FROM app.entity_key k
      WHERE k.tenant_id = s.tenant_id AND k.entity_id = s.entity_id AND k.system = s.system) AS number
  FROM app.sighting s JOIN app.entity e ON e.tenant_id = s.tenant_id AND e.entity_id = s.entity_id
  WHERE s.tenant_id = $1 AND s.at >= $2 AND (s.entity_id = ANY ($5) OR s.sighting_id IN (
    SELECT a.sighting_id FROM app.sighting_about a WHERE a.tenant_id = $1 AND a.entity_id = ANY ($5)))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities. What was made of what a system told is told by that.
LINKED: Final = """
SELECT * FROM (
  SELECT 'linked' AS what, c.at, 'linked/' || c.change_id AS key, c.entity_id, c.what AS name, c.by, c.reason AS note,
    (SELECT string_agg((k ->> 0) || ':' || (k ->> 1), ', ') FROM json_array_elements(c.keys) k) AS number
  FROM app.entity_change c WHERE c.tenant_id = $1 AND (c.entity_id = ANY ($5) OR c.other_id = ANY ($5))
    AND NOT (c.what = 'created' AND c.by LIKE 'mapping:%')
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Runs.
BEGAN: Final = """
SELECT * FROM (
  SELECT 'began' AS what, r.created_at AS at, 'began/' || r.run_id AS key, r.run_id, r.event_id, d.name,
    r.business_key AS number
  FROM app.run r JOIN app.deployment d ON d.tenant_id = r.tenant_id AND d.deployment_id = r.deployment_id
  WHERE r.tenant_id = $1 AND r.run_id = ANY ($5)
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Runs.
ENDED: Final = """
SELECT * FROM (
  SELECT 'ended' AS what, r.ended_at AS at, 'ended/' || r.run_id AS key, r.run_id, d.name, r.state AS outcome
  FROM app.run r JOIN app.deployment d ON d.tenant_id = r.tenant_id AND d.deployment_id = r.deployment_id
  WHERE r.tenant_id = $1 AND r.run_id = ANY ($5) AND r.ended_at IS NOT NULL
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Runs and references of their calls, side by side.
CALLED: Final = """
SELECT * FROM (
  SELECT 'called' AS what, j.at, 'called/' || j.run_id || '/' || lpad(j.seq::text, 10, '0') AS key, j.run_id, j.name,
    j.reference, CASE j.kind WHEN 'task.completed' THEN 'confirmed' ELSE 'failed' END AS outcome
  FROM unnest($5::uuid[], $6::text[]) AS c(run_id, reference)
  JOIN app.journal j ON j.tenant_id = $1 AND j.run_id = c.run_id AND j.reference = c.reference
  WHERE j.kind IN ('task.completed', 'task.faulted')
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Runs.
DECIDED: Final = """
SELECT * FROM (
  SELECT 'decided' AS what, a.decided_at AS at, 'decided/' || a.approval_id AS key, a.run_id, a.reference,
    CASE WHEN a.is_approved THEN 'approved' ELSE 'refused' END AS outcome, a.decided_by AS by, a.note
  FROM app.approval a WHERE a.tenant_id = $1 AND a.run_id = ANY ($5) AND a.task_id IS NULL
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Exceptions.
OPENED: Final = """
SELECT * FROM (
  SELECT 'stood' AS what, e.opened_at AS at, 'stood/' || e.exception_id AS key, e.exception_id, e.run_id,
    e.category AS kind, e.cause AS name, e.title
  FROM app.exception e WHERE e.tenant_id = $1 AND e.exception_id = ANY ($5)
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Exceptions.
CLOSED: Final = """
SELECT * FROM (
  SELECT 'settled' AS what, e.closed_at AS at, 'settled/' || e.exception_id AS key, e.exception_id, e.run_id,
    e.category AS kind, e.cause AS name, e.outcome, e.closed_by AS by, e.title
  FROM app.exception e WHERE e.tenant_id = $1 AND e.exception_id = ANY ($5) AND e.closed_at IS NOT NULL
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs.
HELD: Final = """
SELECT * FROM (
  SELECT 'held' AS what, h.raised_at AS at, 'held/' || h.hold_id AS key, h.run_id, h.type AS kind, h.reason AS name,
    nullif(h.line, '') AS number, app.show_id('hld', h.hold_id) AS reference, h.raised_by AS by, h.words AS note
  FROM app.hold h WHERE h.tenant_id = $1 AND h.hold_id IN (SELECT app.holds_about($1, $5, $6))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs.
FREED: Final = """
SELECT * FROM (
  SELECT 'freed' AS what, h.cleared_at AS at, 'freed/' || h.hold_id AS key, h.type AS kind, h.reason AS name,
    nullif(h.line, '') AS number, app.show_id('hld', h.hold_id) AS reference, h.status AS outcome, h.cleared_by AS by,
    h.why AS note
  FROM app.hold h
  WHERE h.tenant_id = $1 AND h.cleared_at IS NOT NULL AND h.hold_id IN (SELECT app.holds_about($1, $5, $6))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs.
NOTIFIED: Final = """
SELECT * FROM (
  SELECT 'notified' AS what, n.created_at AS at, 'notified/' || n.notice_id AS key, n.run_id, n.milestone AS kind,
    n.notice AS name, app.show_id('ntc', n.notice_id) AS reference, n.outcome, n.why AS note
  FROM app.customer_notice n WHERE n.tenant_id = $1 AND n.notice_id IN (SELECT app.notices_about($1, $5, $6))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs.
ASKED: Final = """
SELECT * FROM (
  SELECT 'asked' AS what, t.created_at AS at, 'asked/' || t.task_id AS key, t.run_id, t.kind, t.role AS name, t.title,
    app.show_id('tsk', t.task_id) AS reference
  FROM app.human_task t WHERE t.tenant_id = $1 AND t.task_id IN (SELECT app.tasks_about($1, $5, $6))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs.
ANSWERED: Final = """
SELECT * FROM (
  SELECT 'answered' AS what, t.closed_at AS at, 'answered/' || t.task_id AS key, t.run_id, t.kind, t.role AS name,
    t.title, app.show_id('tsk', t.task_id) AS reference, coalesce(t.outcome, t.state) AS outcome, t.decided_by AS by,
    t.reason AS note
  FROM app.human_task t
  WHERE t.tenant_id = $1 AND t.closed_at IS NOT NULL AND t.task_id IN (SELECT app.tasks_about($1, $5, $6))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Entities and runs. A document that comes is nobody's yet, and one that goes is told of by the audit.
FILED: Final = """
SELECT * FROM (
  SELECT 'filed' AS what, d.created_at AS at, 'filed/' || d.document_id AS key, d.entity_id, d.run_id,
    app.show_id('doc', d.document_id) AS document, d.name AS title, d.media_type AS kind, d.state AS outcome,
    d.made_by AS by
  FROM app.document d WHERE d.tenant_id = $1 AND (d.entity_id = ANY ($5) OR d.run_id = ANY ($6))
    AND d.state NOT IN ('coming', 'going')
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Public ids of entities, and entities: documents that are there no more, as they came and as they went.
REMOVED: Final = """
SELECT * FROM (
  SELECT CASE a.action WHEN 'document.added' THEN 'filed' ELSE 'removed' END AS what, a.at, 'was/' || a.audit_id AS key,
    a.target AS document, CASE a.action WHEN 'document.expired' THEN 'expired' END AS outcome, a.actor AS by,
    a.after ->> 'reason' AS note
  FROM app.audit a WHERE a.tenant_id = $1 AND a.after ->> 'entity' = ANY ($5)
    AND a.action IN ('document.added', 'document.removed', 'document.expired')
    AND NOT (a.action = 'document.added' AND a.target = ANY (ARRAY(
      SELECT app.show_id('doc', d.document_id) FROM app.document d
      WHERE d.tenant_id = $1 AND d.entity_id = ANY ($6) AND d.state NOT IN ('coming', 'going'))))
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
# Public ids of entities, runs and exceptions. What people did; decisions and changes of keys have rows of their own.
ACTED: Final = """
SELECT * FROM (
  SELECT 'acted' AS what, a.at, 'acted/' || a.audit_id AS key, a.action AS name, a.actor AS by, a.target AS reference
  FROM app.audit a WHERE a.tenant_id = $1 AND a.target = ANY ($5) AND a.actor ~ '^(account|key):'
    AND a.action !~ '^(entity[.](created|linked|unlinked|merged|split)|run[.](started|approved|refused))$'
) x WHERE (at, key COLLATE "C") > ($2, $3) ORDER BY at, key COLLATE "C" LIMIT $4
"""
