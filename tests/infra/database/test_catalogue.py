"""S-11: the catalogue itself, so that a table, view or function added carelessly is named here."""

from __future__ import annotations

from typing import Any

from infra.database import Database

DOORS = {
    "broken": "waybill_worker",
    "file_run_keys": "waybill_worker",
    "keep_payloads": "waybill_worker",
    "archive_turns": "waybill_worker",
    "due_runs": "waybill_worker",
    "remove_runs": "waybill_worker",
    "month_is_empty": "",
    "post_signal": "waybill_app",
    "serialize_runs": "waybill_app, waybill_worker",
    "find_api_key": "waybill_app",
    "note_key_uses": "waybill_app",
    "find_portal_host": "waybill_app",
    "find_inbound_webhook": "waybill_app",
    "due_domains": "waybill_worker",
    "count_traffic": "waybill_worker",
    "due_traffic": "waybill_worker",
    "tell_findings": "waybill_worker",
    "own_exception": "waybill_worker",
    "judge_domain": "waybill_app, waybill_worker",
    "release_domain": "waybill_app",
    "stored_kek_ids": "waybill_app, waybill_worker",
    "note_secret_uses": "waybill_worker",
    "keys_to_rewrap": "waybill_worker",
    "rewrap_keys": "waybill_worker",
    "wrapped_by": "waybill_worker",
    "values_to_reseal": "waybill_worker",
    "reseal_values": "waybill_worker",
    "cancel_run": "waybill_app",
    "suspend_run": "waybill_app",
    "resume_run": "waybill_app",
    "retry_run": "waybill_app",
    "migrate_run": "waybill_app",
    "hold_runs": "waybill_app",
    "tell_run": "waybill_app",
    "decide_effect": "waybill_app",
    "claim_runs": "waybill_worker",
    "queue_state": "waybill_worker",
    "solo_waiting": "waybill_worker",
    "renew_leases": "waybill_worker",
    "release_runs": "waybill_worker",
    "checkpoint_runs": "waybill_worker",
    "sweep_runs": "waybill_worker",
    "post_events": "waybill_app, waybill_worker",
    "take_fresh_subscriptions": "waybill_worker",
    "drain_connections": "waybill_worker",
    "move_playbook": "waybill_app, waybill_worker",
    "add_entry": "waybill_worker",
    "add_task": "waybill_worker",
    "wake_task": "waybill_app, waybill_worker",
    "wake_tasks": "waybill_worker",
    "send_link": "waybill_worker",
    "void_link_mail": "waybill_worker",
    "purge_links": "waybill_worker",
    "take_task_mails": "waybill_worker",
    "task_mail_to": "waybill_worker",
    "task_outside": "waybill_worker",
    "take_task_digests": "waybill_worker",
    "task_digest": "waybill_worker",
    "send_task_digest": "waybill_worker",
    "wake_entries": "waybill_worker",
    "wake_hold_waits": "waybill_worker",
    "spread_playbook": "waybill_worker",
    "tend_playbooks": "waybill_worker",
    "beat_worker": "waybill_worker",
    "call_line": "waybill_worker",
    "call_lines": "waybill_worker",
    "exchange_loads": "waybill_app, waybill_worker",
    "count_loads": "waybill_worker",
    "deal_peak": "waybill_worker",
    "line_up_again": "waybill_worker",
    "count_fleet": "waybill_worker",
    "open_deletions": "waybill_worker",
    "erase_rows": "waybill_worker",
    "begin_deletion": "waybill_app",
    "move_client": "waybill_app",
    "takes_people": "waybill_app",
    "line_sums": "waybill_app",
    "line_page": "waybill_app",
    "purge_inbox": "waybill_worker",
    "due_schedules": "waybill_worker",
    "next_schedule": "waybill_worker",
    "take_candidates": "waybill_worker",
    "take_polls": "waybill_worker",
    "take_checks": "waybill_worker",
    "take_deadlines": "waybill_worker",
    "take_calendar_changes": "waybill_worker",
    "deadline_zones": "waybill_worker",
    "purge_deadlines": "waybill_worker",
    "take_codes": "waybill_worker",
    "take_translations": "waybill_worker",
    "take_outbox": "waybill_worker",
    "settle_outbox": "waybill_worker",
    "purge_event_keys": "waybill_worker",
    "purge_kept_answers": "waybill_worker",
    "waits_by_tenant": "waybill_worker",
    "look_at_timeline": "waybill_worker",
    "accept_timeline": "waybill_worker",
    "left_by_failover": "waybill_worker",
    "purge_exceptions": "waybill_worker",
    "purge_notices": "waybill_worker",
    "purge_inbound_requests": "waybill_worker",
    "take_webhooks": "waybill_worker",
    "opened_networks": "waybill_app, waybill_worker",
    "purge_webhooks": "waybill_worker",
    "audit_due": "waybill_worker",
    "audit_next": "waybill_worker",
    "audit_seal_batch": "waybill_worker",
    "audit_adopt": "waybill_worker",
    "audit_seals": "waybill_worker",
    "audit_tops": "waybill_worker",
    "audit_note_published": "waybill_worker",
    "audit_state": "waybill_app, waybill_worker",
    "audit_tell_late": "waybill_app, waybill_worker",
    "audit_roll_back": "waybill_worker",
    "audit_rollbacks": "waybill_worker",
    "audit_accept": "waybill_worker",
    "audit_over": "waybill_worker",
    "audit_drop": "waybill_worker",
    "audit_veil": "waybill_app",
    "audit_hold_of": "waybill_app",
    "take_mails": "waybill_worker",
    "settle_mail": "waybill_worker",
    "bounce_mail": "waybill_worker",
    "latest_mails": "waybill_worker",
    "find_letter": "waybill_worker",
    "retry_mail": "waybill_worker",
    "purge_mails": "waybill_worker",
    "void_mail": "waybill_worker",
    "mail_notice": "waybill_worker",
    "documents_to_drop": "waybill_worker",
    "drop_documents": "waybill_worker",
    "documents_to_scan": "waybill_app",
    "note_scan": "waybill_app",
}
"""Every function that sees many tenants, and the roles that may call it. A new one needs a review."""

HOUSEKEEPING = {"ensure_partitions": "waybill_worker", "drop_month": "waybill_worker"}
"""Definer functions that answer no row: rows are moved into the partition of their month, and empty months dropped."""

NOT_OF_ONE_TENANT = {
    "installation",
    "worker",
    "timeline",
    "partner",
    "client",
    "tenant",
    "api_key",
    "account",
    "portal_session",
    "known_device",
    "sign_in_attempt",
    "role",
    "account_role",
    "identity_provider",
    "account_identity",
    "provisioned_account",
    "sign_in_flow",
    "provider_logout",
    "totp",
    "recovery_code",
    "passkey",
    "passkey_challenge",
    "invitation",
    "mail",
    "mail_setting",
    "mail_suppression",
    "brand",
    "kept_answer",
    "portal_host",
    "domain_claim",
    "quota",
    "organization_audit",
    "audit_seal",
    "audit_leaves",
    "audit_mark",
    "audit_floor",
    "audit_rollback",
    "audit_keeping_above",
    "parameter",
    "policy_version",
    "partner_mapping",
    "deletion",
    "alembic_version",
}


async def rows(database: Database, query: str, *arguments: object) -> list[Any]:
    async with database.doors() as connection:
        return list(await connection.fetch(query, *arguments))


TABLES = (
    "SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relkind FROM pg_class c "
    "WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')"
)


async def test_S_11_every_table_forces_row_security(app_database: Database) -> None:
    loose = [
        r["relname"] for r in await rows(app_database, TABLES) if not (r["relrowsecurity"] and r["relforcerowsecurity"])
    ]
    assert loose == []


async def test_S_11_there_is_no_view_that_could_run_as_its_owner(app_database: Database) -> None:
    assert [r["relname"] for r in await rows(app_database, TABLES) if r["relkind"] in (b"v", b"m")] == []


async def test_S_11_every_writing_policy_checks_what_it_writes(app_database: Database) -> None:
    loose = await rows(
        app_database,
        "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'app' AND cmd <> 'SELECT' "
        "AND with_check IS NULL",
    )
    assert [tuple(r) for r in loose] == []


async def test_S_11_no_login_role_is_powerful_or_owns_anything(app_database: Database) -> None:
    powerful = await rows(
        app_database,
        # waybill_admin made the embedded cluster; no process that serves anybody knows its password.
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'waybill%' AND rolname <> 'waybill_admin' "
        "AND (rolsuper OR rolbypassrls OR rolcreaterole)",
    )
    assert [r["rolname"] for r in powerful] == []
    owned = await rows(
        app_database,
        "SELECT relname FROM pg_class WHERE relowner IN ('waybill_app'::regrole, 'waybill_worker'::regrole)",
    )
    assert [r["relname"] for r in owned] == []
    members = await rows(
        app_database,
        "SELECT 1 FROM pg_auth_members WHERE member IN ('waybill_app'::regrole, 'waybill_worker'::regrole)",
    )
    assert members == []
    making = await rows(
        app_database,
        "SELECT n.nspname, r.rolname FROM pg_namespace n, pg_roles r "
        "WHERE r.rolname IN ('waybill_app', 'waybill_worker') AND n.nspname !~ '^pg_' "
        "AND has_schema_privilege(r.oid, n.oid, 'CREATE')",
    )
    assert [tuple(r) for r in making] == [], "a table of their own would be under no policy"


async def test_S_11_definer_functions_are_the_reviewed_ones(app_database: Database) -> None:
    found = await rows(
        app_database,
        "SELECT p.proname, p.proowner::regrole::text AS owner, p.proconfig, p.oid FROM pg_proc p "
        "WHERE p.pronamespace = 'app'::regnamespace AND p.prosecdef",
    )
    assert {r["proname"] for r in found} == DOORS.keys() | HOUSEKEEPING.keys()
    for function in found:
        assert function["proconfig"][0] == "search_path=pg_catalog, app", function["proname"]
        if function["proname"] in DOORS:
            assert function["owner"] == "waybill_doors", function["proname"]
        allowed = (DOORS | HOUSEKEEPING)[function["proname"]]
        for role in ("waybill_app", "waybill_worker", "public"):
            may = await rows(
                app_database, "SELECT has_function_privilege($1, $2::oid, 'EXECUTE') AS may", role, function["oid"]
            )
            assert may[0]["may"] is (role in allowed.split(", ")), (function["proname"], role)


async def test_S_11_nobody_is_granted_what_ignores_policies(app_database: Database) -> None:
    loose = await rows(
        app_database,
        "SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a "
        "WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') "
        "AND a.grantee <> c.relowner AND a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')",
    )
    assert [tuple(r) for r in loose] == []
    partitions = await rows(
        app_database,
        "SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'app'::regnamespace "
        "AND c.relispartition AND a.grantee <> c.relowner",
    )
    assert [r["relname"] for r in partitions] == []


async def test_S_12_every_key_of_a_tenant_table_starts_with_the_tenant(app_database: Database) -> None:
    keys = await rows(
        app_database,
        "SELECT c.relname, con.conname, a.attname AS first, con.contype FROM pg_constraint con "
        "JOIN pg_class c ON c.oid = con.conrelid "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = con.conkey[1] "
        "WHERE c.relnamespace = 'app'::regnamespace AND con.contype IN ('p', 'u', 'f') AND NOT c.relispartition",
    )
    loose = [
        (k["relname"], k["conname"])
        for k in keys
        if k["relname"] not in NOT_OF_ONE_TENANT and k["first"] != "tenant_id"
    ]
    assert loose == []
