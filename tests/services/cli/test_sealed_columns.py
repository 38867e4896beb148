"""Every sealed column is known, and none is forgotten when a key takes another's place (F-30, S-76)."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import ids
from infra.database import Database
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from services.cli.leak_secrets import ONE_BY_ONE, of_one_by_one
from services.cli.resealing import Resealed, reseal
from services.cli.sealed_columns import BOUND_TO, SEALED, Opener, SealedColumn
from tenants.connections.rewrapping import wrappings
from tests.services.cli.planted import plant

NOT_SEALED = {
    "a digest of what is nowhere": "api_key.secret_hash connection_link.opener_hash connection_link.token_hash "
    "link.token_hash invitation.opener_hash invitation.token_hash known_device.token_hash "
    "passkey_challenge.challenge_hash "
    "portal_session.sid_hash portal_session.token_hash "
    "provider_logout.sid_hash provider_logout.token_hash recovery_code.digest sign_in_attempt.subject "
    "sign_in_flow.state_hash",
    "a digest by which something is found, or known again": "archive.digest connection_choice.digest document.digest "
    "event_key.digest approval.shown_digest human_task_decision.shown_digest "
    "customer_notice.address_digest customer_notice.link_digest notice_opt_out.address_digest "
    "evidence_pack.digest inbound_request.digest kept_answer.digest order_sale.digest payload.hash poll.seen "
    "workflow_version.digest",
    "of the audit's seals, for everybody to verify": "audit.salt audit.veil audit_floor.key audit_floor.signature "
    "audit_leaves.leaves audit_mark.head audit_rollback.published_head audit_seal.head audit_seal.key audit_seal.prev "
    "audit_seal.root audit_seal.sealed_at audit_seal.signature organization_audit.salt organization_audit.veil",
    "of a deletion: what veils, and digests of what was destroyed": "deletion.salt deletion.sealed",
    "of digests in the audit, beside the words that they are of": "hold.salt human_task.salt human_task_decision.salt",
    "public, or an HMAC over what is": "passkey.credential_id passkey.public_key tenant_key.public tenant_key.vouched",
    "of runs and events, which role and policy alone guard": "candidate.trace inbound_request.body payload.body "
    "run.snapshot run.trace",
    "what addresses are mixed with before they are hashed": "notice_mixing.digest_key",
    "a number": "webhook_endpoint.secret_version",
}
"""Columns of bytes, and those whose name speaks of secrets, that hold nothing sealed."""
_COLUMNS = """
SELECT c.relname || '.' || a.attname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped
  AND (a.atttypid = 'bytea'::regtype OR a.attname ~ 'seal|wrap|secret|cipher|crypt|private')
"""
_NAMES_A_TENANTS_KEY = """
SELECT con.conrelid::regclass::text AS name FROM pg_constraint con
WHERE con.contype = 'f' AND con.confrelid = 'app.tenant_key'::regclass AND con.conparentid = 0
"""


async def _names(database: Database, query: str) -> list[str]:
    async with database.doors() as connection:
        return [row["name"] for row in await connection.fetch(query)]


async def test_F_30_every_column_of_bytes_is_known_as_sealed_or_as_something_else(app_database: Database) -> None:
    """A new one fails here until it has a line: in the list, with who opens it, or above, with what it is."""
    sealed = {one.name for one in SEALED}
    others = [name for names in NOT_SEALED.values() for name in names.split()]
    assert len(others) == len(set(others))
    assert not sealed & set(others)
    assert sorted(await _names(app_database, _COLUMNS)) == sorted(sealed | set(others))


async def test_F_30_what_names_a_tenants_key_is_sealed_to_its_next_one(app_database: Database) -> None:
    tables = {f"app.{one.name.partition('.')[0]}" for one in SEALED if one.opened_by == "tenant"}
    assert set(await _names(app_database, _NAMES_A_TENANTS_KEY)) == tables


@pytest.mark.parametrize("one", SEALED, ids=lambda one: one.name)
def test_F_30_each_is_brought_over_or_says_why_not(one: SealedColumn) -> None:
    if one.opened_by in {"kek", "service"}:
        assert one.kind, "it is counted before a key goes"
        assert (one.bound_to is not None) == (one.name != "tenant_key.wrapped"), "that one has doors of its own"
    else:
        assert not one.kind
        assert (one.held is None) == bool(one.ends), "brought over, or not, and then why"
    assert one.held is None or one.opened_by == "tenant"


async def test_F_30_S_76_each_is_counted_under_its_key_brought_over_and_opens_then_by_the_new_one_alone(
    stack: Stack, endpoints: Endpoints, worker_database: Database, tmp_path: Path
) -> None:
    for name in ("kek", "service", "new-kek", "new-service"):
        create_kek_file(tmp_path / name)
    old = {name: FileKeyProvider(tmp_path / name) for name in ("kek", "service")}
    new = {name: FileKeyProvider(tmp_path / f"new-{name}") for name in ("kek", "service")}
    planted = await plant(stack, endpoints.database_url.rpartition("/")[2], old)
    counted = {(one.id, one.kind): one.things for one in await wrappings(worker_database)}
    opened_by = {one.kind: one.opened_by for one in SEALED}
    assert counted == {(old[opened_by[kind]].id, kind): 1 for kind in BOUND_TO}
    openers: tuple[Opener, ...] = ("kek", "service")
    for opener in openers:
        mine = sum(opened_by[kind] == opener for kind in BOUND_TO)
        assert await reseal(worker_database, new[opener], opener) == Resealed(0, mine), "not without the old key"
        both = FileKeyProvider(tmp_path / f"new-{opener}", [tmp_path / opener])
        assert await reseal(worker_database, both, opener) == Resealed(mine, 0)
        assert await reseal(worker_database, both, opener) == Resealed(0, 0)
    assert {(one.id, one.kind) for one in await wrappings(worker_database)} == {
        (new[opened_by[kind]].id, kind) for kind in BOUND_TO
    }
    for kind, (value, bound) in (await planted.stored()).items():
        assert await new[opened_by[kind]].unwrap(value, bound) == kind.encode()


async def test_S_70_each_that_has_a_text_is_looked_for_where_none_may_be(
    stack: Stack, endpoints: Endpoints, worker_database: Database, tmp_path: Path
) -> None:
    """I7: `waybill check --secrets` opens what is sealed one by one, a partner's as well as a tenant's."""
    for name in ("kek", "service"):
        create_kek_file(tmp_path / name)
    keys = {name: FileKeyProvider(tmp_path / name) for name in ("kek", "service")}
    planted = await plant(stack, endpoints.database_url.rpartition("/")[2], keys)
    found = await of_one_by_one(worker_database, InstalledKeys(keys["service"], worker_database), "service")
    found += await of_one_by_one(worker_database, InstalledKeys(keys["kek"], worker_database), "kek")
    assert sorted(found) == sorted(
        (f"{what} of {ids.show(prefix, planted.rows[kind]['id'])}", text(kind.encode()))
        for kind, (what, prefix, text) in ONE_BY_ONE.items()
    )
    assert BOUND_TO.keys() - ONE_BY_ONE.keys() == {"document key"}, "bytes, which are nowhere written"
