"""S-11: the catalogue itself, so that a table, view or function added carelessly is named here."""

from __future__ import annotations

from typing import Any

from infra.database import Database
from tests.infra.database.doors import DOORS

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
