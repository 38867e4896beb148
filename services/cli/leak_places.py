"""What is kept of tenants and may hold anybody's words or values, as texts to look through (I7).

By what a row is called: the statement that reads its id, the run that it is of, what names it beside, and its texts.
Of rows whose id tells their age those since `$1`, or `:least`.
"""

from __future__ import annotations

from typing import Final

PLACES: Final = {
    "run": (
        "SELECT run_id AS id, run_id AS run_id, '' AS line, concat_ws(' ', business_key, input, "
        "output, error, error_type, waiting_for, asked, customer_class, "
        "writer, convert_from(snapshot, 'UTF8')) AS content FROM app.run WHERE run_id >= $1"
    ),
    "key": (
        "SELECT run_id AS id, run_id AS run_id, name AS line, concat_ws(' ', value) AS content FROM "
        "app.run_key WHERE run_id >= $1"
    ),
    "journal": (
        "SELECT run_id AS id, run_id AS run_id, seq::text AS line, concat_ws(' ', data) AS content FROM "
        "app.journal WHERE run_id >= $1"
    ),
    "effect": (
        "SELECT run_id AS id, run_id AS run_id, key AS line, concat_ws(' ', sent, answer, "
        "error) AS content FROM app.effect WHERE run_id >= $1"
    ),
    "entry": (
        "SELECT entry_id AS id, run_id AS run_id, key AS line, concat_ws(' ', request, answer, "
        "found_answer, written, file, note, found_why, reason, "
        "business_key) AS content FROM app.entry WHERE entry_id >= $1"
    ),
    "playbook": (
        "SELECT connection_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', reason) AS "
        "content FROM app.continuity WHERE $1::uuid IS NOT NULL"
    ),
    "outage": (
        "SELECT connection_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', reason) AS "
        "content FROM app.outage WHERE $1::uuid IS NOT NULL"
    ),
    "poll": (
        "SELECT connection_id AS id, NULL::uuid AS run_id, trigger AS line, concat_ws(' ', cursor, failure) AS "
        "content FROM app.poll WHERE $1::uuid IS NOT NULL"
    ),
    "health": (
        "SELECT connection_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', error, detail, ends, excess) AS "
        "content FROM app.connection_health WHERE $1::uuid IS NOT NULL"
    ),
    "event": (
        "SELECT event_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', source, id, "
        "type, subject, content) AS content FROM app.event WHERE event_id >= $1"
    ),
    "event schema": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, type AS line, concat_ws(' ', type, schema, made_by) AS "
        "content FROM app.event_schema WHERE $1::uuid IS NOT NULL"
    ),
    "waiting event": (
        "SELECT event_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', keys) AS content FROM "
        "app.pending_event WHERE event_id >= $1"
    ),
    "approval": (
        "SELECT approval_id AS id, run_id AS run_id, reference AS line, concat_ws(' ', note) AS content "
        "FROM app.approval WHERE approval_id >= $1"
    ),
    "human task": (
        "SELECT task_id AS id, run_id AS run_id, key AS line, concat_ws(' ', title, content, answer, reason, "
        "entity_key) AS content FROM app.human_task WHERE task_id >= $1"
    ),
    "act on a human task": (
        "SELECT task_id AS id, NULL::uuid AS run_id, number::text AS line, concat_ws(' ', note, target) AS content "
        "FROM app.human_task_event WHERE task_id >= $1"
    ),
    "decision of a human task": (
        "SELECT task_id AS id, NULL::uuid AS run_id, number::text AS line, concat_ws(' ', answer, note, rule) AS "
        "content FROM app.human_task_decision WHERE task_id >= $1"
    ),
    "signal": (
        "SELECT event_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', value) AS content "
        "FROM app.signal WHERE event_id >= $1"
    ),
    "message": (
        "SELECT outbox_id AS id, NULL::uuid AS run_id, topic AS line, concat_ws(' ', body) AS content "
        "FROM app.outbox WHERE outbox_id >= $1"
    ),
    "audit": (
        "SELECT audit_id AS id, NULL::uuid AS run_id, action AS line, concat_ws(' ', target, "
        "after) AS content FROM app.audit WHERE audit_id >= $1"
    ),
    "exception": (
        "SELECT exception_id AS id, run_id AS run_id, category AS line, concat_ws(' ', title, "
        "note, reason, outcome) AS content FROM app.exception WHERE exception_id >= $1"
    ),
    "hold": (
        "SELECT hold_id AS id, run_id AS run_id, type AS line, concat_ws(' ', key, line, reason, words, "
        "consents, why, facts) AS content FROM app.hold WHERE hold_id >= $1"
    ),
    "held order or customer": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, kind AS line, concat_ws(' ', key, customer) AS content "
        "FROM app.hold_subject WHERE $1::uuid IS NOT NULL"
    ),
    "sale of an order": (
        "SELECT run_id AS id, run_id AS run_id, '' AS line, concat_ws(' ', customer, order_key, sale) AS content "
        "FROM app.order_sale WHERE run_id >= $1"
    ),
    "case of evidence": (
        "SELECT case_id AS id, run_id AS run_id, key AS line, concat_ws(' ', key, about_key, required) AS content "
        "FROM app.evidence_case WHERE case_id >= $1"
    ),
    "notice to a customer": (
        "SELECT notice_id AS id, run_id AS run_id, notice AS line, concat_ws(' ', about_key, promise_was, "
        "promise_now) AS content "
        "FROM app.customer_notice WHERE notice_id >= $1"
    ),
    "touch": (
        "SELECT touch_id AS id, run_id AS run_id, step AS line, concat_ws(' ', key) AS content FROM app.touch "
        "WHERE touch_id >= $1"
    ),
    "workaround": (
        "SELECT workaround_id AS id, NULL::uuid AS run_id, step AS line, concat_ws(' ', words, reason) AS content "
        "FROM app.workaround WHERE workaround_id >= $1"
    ),
    "types of holds": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, version::text AS line, concat_ws(' ', types) AS content "
        "FROM app.hold_type_version WHERE $1::uuid IS NOT NULL"
    ),
    "notice": (
        "SELECT notice_id AS id, run_id AS run_id, kind AS line, concat_ws(' ', body) AS content FROM "
        "app.notice WHERE notice_id >= $1"
    ),
    "kept run": (
        "SELECT run_id AS id, run_id AS run_id, '' AS line, concat_ws(' ', reason) AS content FROM "
        "app.kept_run WHERE run_id >= $1"
    ),
    "kept entity": (
        "SELECT entity_id AS id, NULL::uuid AS run_id, '' AS line, concat_ws(' ', reason) AS content FROM "
        "app.kept_entity WHERE $1::uuid IS NOT NULL"
    ),
    # Bytes, which should be sealed.
    "kept answer": (
        "SELECT owner_id AS id, NULL::uuid AS run_id, target AS line, concat_ws(' ', key) AS content, answer AS raw "
        "FROM app.kept_answer WHERE $1::uuid IS NOT NULL"
    ),
    "settings": (
        "SELECT connection_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', settings, "
        "limits, playbook) AS content FROM app.connection WHERE $1::uuid IS NOT NULL"
    ),
    "document": (
        "SELECT workflow_version_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', title, "
        "document) AS content FROM app.workflow_version WHERE $1::uuid IS NOT NULL"
    ),
    "parameters": (
        "SELECT deployment_id AS id, NULL::uuid AS run_id, revision::text AS line, concat_ws(' ', "
        "parameters, sources, bindings, groups, workflows, keys, trigger) AS content FROM "
        "app.deployment_revision WHERE $1::uuid IS NOT NULL"
    ),
    "promotion": (
        "SELECT promotion_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', parameters, bindings, "
        "groups, note, decided_note) AS content FROM app.promotion WHERE promotion_id >= $1"
    ),
    "binding rules": (
        "SELECT group_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', rules) AS content FROM "
        "app.connection_group WHERE $1::uuid IS NOT NULL"
    ),
    "chosen connection": (
        "SELECT run_id AS id, run_id AS run_id, name AS line, concat_ws(' ', facts) AS content FROM "
        "app.connection_choice WHERE run_id >= $1"
    ),
    "calendar": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', definition) AS content FROM "
        "app.calendar_version WHERE $1::uuid IS NOT NULL"
    ),
    "deadline": (
        "SELECT deadline_id AS id, run_id AS run_id, '' AS line, concat_ws(' ', steps, outcome, failure) AS content "
        "FROM app.deadline WHERE deadline_id >= $1"
    ),
    "inherited parameter": (
        "SELECT owner_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', value) AS content FROM "
        "app.parameter WHERE $1::uuid IS NOT NULL"
    ),
    "authority": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, version::text AS line, concat_ws(' ', rows) AS content "
        "FROM app.authority_matrix WHERE $1::uuid IS NOT NULL"
    ),
    "interface": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, kind AS line, concat_ws(' ', name, publisher, version, "
        "retired, consumers) AS content FROM app.interface WHERE $1::uuid IS NOT NULL"
    ),
    "traffic": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, kind AS line, concat_ws(' ', name, party, version) AS "
        "content FROM app.interface_traffic WHERE $1::uuid IS NOT NULL"
    ),
    "inbound webhook": (
        "SELECT hook_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', address, verification, event, "
        "media_types) AS content FROM app.inbound_webhook WHERE $1::uuid IS NOT NULL"
    ),
    # Bytes, as they came.
    "received webhook": (
        "SELECT request_id AS id, NULL::uuid AS run_id, sent_id AS line, concat_ws(' ', sent_id, event_type, problem, "
        "detail, headers) AS content, body AS raw FROM app.inbound_request "
        "WHERE request_id >= $1"
    ),
    "webhook endpoint": (
        "SELECT endpoint_id AS id, NULL::uuid AS run_id, why AS line, concat_ws(' ', url, description, types, why) AS "
        "content FROM app.webhook_endpoint WHERE $1::uuid IS NOT NULL"
    ),
    "webhook message": (
        "SELECT message_id AS id, NULL::uuid AS run_id, type AS line, concat_ws(' ', type, subject, content) AS "
        "content FROM app.webhook_message WHERE message_id >= $1"
    ),
    "webhook attempt": (
        "SELECT message_id AS id, NULL::uuid AS run_id, number::text AS line, concat_ws(' ', error, answer) AS "
        "content FROM app.webhook_attempt WHERE message_id >= $1"
    ),
    "entity's key": (
        "SELECT entity_id AS id, NULL::uuid AS run_id, kind AS line, concat_ws(' ', system, id, linked_by) AS content "
        "FROM app.entity_key WHERE $1::uuid IS NOT NULL"
    ),
    "entity's change": (
        "SELECT change_id AS id, NULL::uuid AS run_id, what AS line, concat_ws(' ', keys, reason, by) AS content "
        "FROM app.entity_change WHERE change_id >= $1"
    ),
    "mapping": (
        "SELECT tenant_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', document, whole) AS content "
        "FROM app.mapping WHERE $1::uuid IS NOT NULL"
    ),
    "partner's mapping": (
        "SELECT partner_id AS id, NULL::uuid AS run_id, name AS line, concat_ws(' ', document) AS content "
        "FROM app.partner_mapping WHERE $1::uuid IS NOT NULL"
    ),
    "sighting": (
        "SELECT sighting_id AS id, NULL::uuid AS run_id, mapping AS line, concat_ws(' ', system, type, source, states) "
        "AS content FROM app.sighting WHERE sighting_id >= $1"
    ),
    "record": (
        "SELECT entity_id AS id, NULL::uuid AS run_id, system AS line, concat_ws(' ', system, members) AS content "
        "FROM app.record_view WHERE $1::uuid IS NOT NULL"
    ),
    "translation": (
        "SELECT event_id AS id, NULL::uuid AS run_id, mapping AS line, concat_ws(' ', detail) AS content "
        "FROM app.translation WHERE event_id >= $1"
    ),
    "trigger": (
        "SELECT deployment_id AS id, NULL::uuid AS run_id, revision::text AS line, concat_ws(' ', type, "
        "attributes) AS content FROM app.deployment_trigger WHERE $1::uuid IS NOT NULL"
    ),
}

OF_PARTNERS: Final = {
    "audit": (
        "SELECT audit_id AS id, action AS line, concat_ws(' ', target, after) AS content FROM app.organization_audit "
        "WHERE audit_id >= :least AND (partner_id IS NULL OR NOT app.is_operator())"
    ),
    "provider": (
        "SELECT provider_id AS id, name AS line, concat_ws(' ', name, issuer, client_id, algorithm, subject_claim, "
        "vouched_by) AS content FROM app.identity_provider WHERE CAST(:least AS uuid) IS NOT NULL"
    ),
    "invitation": (
        "SELECT invitation_id AS id, '' AS line, concat_ws(' ', name, email, host, inviter) AS content "
        "FROM app.invitation WHERE invitation_id >= :least"
    ),
    "mail": (
        "SELECT mail_id AS id, kind AS line, concat_ws(' ', kind, language, recipient, recipient_name, reason) "
        "AS content FROM app.mail WHERE mail_id >= :least"
    ),
}
"""What is above the tenants, or of people, as a partner or the operator sees it."""
