"""What people were asked in a run, did and decided, and what customers were told: kept with the run's line."""

from __future__ import annotations

from typing import Final

BESIDE: Final = {
    "tasks": "SELECT run_id, task_id AS id, key, reference, kind, title, role, decision, state, version, assignee, "
    "entity_kind, entity_key, value, currency, due_at, content::text AS content, outcome, answer::text AS answer, "
    "decided_by, decided_at, reason, created_at, closed_at FROM app.human_task "
    "WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, task_id",
    "acts": "SELECT t.run_id, e.task_id, e.number, e.action, e.state, e.at, e.made_by, e.behalf, e.target, e.note "
    "FROM app.human_task t JOIN app.human_task_event e ON e.tenant_id = t.tenant_id AND e.task_id = t.task_id "
    "WHERE t.tenant_id = $1 AND t.run_id = ANY ($2) ORDER BY t.run_id, e.task_id, e.number",
    "decisions": "SELECT t.run_id, e.task_id, e.number, e.account_id, e.behalf, e.outcome, e.answer::text AS answer, "
    "e.note, e.network, encode(e.shown_digest, 'hex') AS shown_digest, e.rule::text AS rule, "
    "encode(e.salt, 'hex') AS salt, e.is_void, e.decided_at "
    "FROM app.human_task t JOIN app.human_task_decision e ON e.tenant_id = t.tenant_id AND e.task_id = t.task_id "
    "WHERE t.tenant_id = $1 AND t.run_id = ANY ($2) ORDER BY t.run_id, e.task_id, e.number",
    "approvals": "SELECT run_id, approval_id AS id, reference, event_source, event_key, is_approved, note, decided_by, "
    "decided_at, task_id, decision, outcome, encode(shown_digest, 'hex') AS shown_digest FROM app.approval "
    "WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, approval_id",
    "notices": "SELECT run_id, notice_id AS id, key, notice, milestone, about_kind, about_key, outcome, why, language, "
    "encode(address_digest, 'hex') AS address_digest, promise_was, promise_now, due_at, created_at "
    "FROM app.customer_notice WHERE tenant_id = $1 AND run_id = ANY ($2) ORDER BY run_id, notice_id",
}
"""By the member of the line. `salt` opens the digests by which the audit knows a decision."""
JSON: Final = frozenset({"content", "rule"})
PREFIXES: Final = {"task_id": "tsk", "account_id": "acc", "assignee": "acc", "behalf": "acc"}
MEMBERS: Final = frozenset(BESIDE)
