"""`waybill check`: whether what was done is whole."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints, Stack
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from infra.encryption.secret import Secret
from infra.ids import TenantId
from services.archives import files
from services.cli.commands.check import fairness
from services.cli.leak_places import OF_PARTNERS, PLACES
from services.cli.main import waybill
from services.engine.claims import Claims
from services.engine.journal import Entry
from services.engine.world import Wait
from tenants.connections.sealing import Sealer
from tests.superuser import connected
from tests.world import deploy, make_tenant, progress, start_runs, write


async def check(*words: str) -> Result:
    # The command has a loop of its own, so not on this one.
    return await asyncio.to_thread(lambda: CliRunner().invoke(waybill, ["check", *words]))


async def test_what_is_whole_holds_and_what_is_broken_is_named_with_its_run(
    stack: Stack, endpoints: Endpoints, app_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYBILL_HOME", str(tmp_path))
    missing = await check()
    assert (missing.exit_code, "WAYBILL_WORKER_DATABASE_URL is not set" in missing.output) == (1, True)
    monkeypatch.setenv("WAYBILL_WORKER_DATABASE_URL", endpoints.worker_database_url)
    world = await make_tenant(app_database)
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    (run,) = await start_runs(app_database, world.tenant_id, 1)
    whole = await check()
    assert (whole.exit_code, whole.output.count("holds"), "BROKEN" in whole.output) == (0, 7, False), whole.output
    names = [line.split()[1] for line in whole.output.splitlines() if line[:7].strip() in {"holds", "-", "told"}]
    assert names == [f"I{number}" for number in (1, 2, 3, 4, 5, 6, 7, 9, 10)], whole.output
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        await connection.execute("DELETE FROM app.usage")
    broken = await check()
    assert broken.exit_code == 1
    assert "BROKEN  I4" in broken.output
    assert f"{ids.show('ten', world.tenant_id)} {ids.show('run', run)}: it was metered as 0 runs" in broken.output
    (told,) = msgspec.json.decode((await check("--json")).output)
    assert (told["invariant"], told["run"]) == ("I4", ids.show("run", run))
    assert (await check("--days", "0")).exit_code == 0, "none of the runs is as young as that"


def test_how_long_runs_waited_is_a_sentence() -> None:
    most, quiet = Wait(ids.new(), 4_000, 12.34), Wait(ids.new(), 20, 0.1)
    assert fairness([]) == "no run began within the last hour"
    alone = "within the last hour, 95 of 100 runs had a worker after 12.3 s or sooner"
    assert fairness([most]) == f"{alone}; all 4,000 are of one client"
    assert fairness([most, quiet, quiet]) == (
        f"{alone} at the client with the most runs (4,000), and after 0.1 s or sooner at each of the 2 others. "
        "More than 2 s at those, while the first one floods, would be unfair"
    )


def archive(folder: Path, tenant: TenantId, values: dict[str, str]) -> None:
    """A file with one run."""
    run, file = ids.show("run", ids.new()), f"{ids.show('ten', tenant)}/2026-01/arc_1{files.SUFFIX}"
    with files.Writer(folder, file) as writer:
        writer.open()
        writer.add([msgspec.json.encode({"id": run, **values})])
        made = writer.finish()
    files.write_manifest(
        folder,
        files.Manifest(
            format=files.FORMAT,
            tenant=ids.show("ten", tenant),
            month="2026-01",
            file=file,
            runs=1,
            first=run,
            last=run,
            size=made.size,
            sha256=made.digest.hex(),
        ),
    )


async def put_aside(app: Database, tenant: TenantId, connection: UUID, secret: str) -> None:
    """Where values lie that are for somebody else: a declared answer, a message, an answer that is kept."""
    value = msgspec.json.encode({"token": secret}).decode()
    way = msgspec.json.encode({"operations": {"write": {"way": "file", "answer": {"token": secret}}}}).decode()
    async with app.tenant(tenant) as transaction:
        await transaction.execute("UPDATE app.connection SET playbook = $1", way)
        await transaction.execute(
            "INSERT INTO app.outbox (tenant_id, outbox_id, topic, body) VALUES ($1, $2, 'a', $3)",
            tenant,
            connection,
            value,
        )
        await transaction.execute(
            "INSERT INTO app.kept_answer (owner_id, actor, target, key, digest, status, answer) "
            "VALUES ($1, 'me', 'POST /v1/x', 'k', sha256(''), 200, convert_to($2, 'UTF8'))",
            tenant,
            value,
        )
        await transaction.execute(
            "INSERT INTO app.parameter (owner_id, name, level, partner_id, tenant_id, value, set_by) "
            "SELECT tenant_id, 'p', 'environment', partner_id, tenant_id, $2, 'me' FROM app.tenant "
            "WHERE tenant_id = $1",
            tenant,
            value,
        )
        await transaction.execute(
            "INSERT INTO app.interface (tenant_id, kind, name, publisher, set_by) VALUES ($1, 'event', 'a', $2, 'me')",
            tenant,
            secret,
        )
    async with app.session(Scope.operator()) as session:
        # A record of the partner's, and one of the operator's.
        told = (
            "INSERT INTO app.organization_audit (audit_id, partner_id, actor, action, target, after) "
            "SELECT app.new_id(), w.partner_id, 'me', 'a.b', 'x', CAST(:value AS json) "
            "FROM (SELECT partner_id FROM app.partner UNION ALL SELECT NULL) w"
        )
        await session.execute(text(told), {"value": value})
        await session.commit()


NOT_LOOKED_THROUGH = {
    "sealed, wrapped or hashed: it is where it belongs": (
        "api_key account portal_session connection_secret tenant_key payload.hash *.digest totp passkey "
        "connection_grant.sealed connection_link.sealed connection_link.token_hash connection_link.opener_hash "
        "passkey_challenge sign_in_flow provider_logout identity_provider.secret invitation.token_hash "
        "invitation.opener_hash "
        "inbound_secret inbound_request.replay_key webhook_secret "
        "human_task_decision.shown_digest approval.shown_digest link.token_hash "
        "customer_notice.address_digest customer_notice.link_digest notice_opt_out.address_digest notice_mixing "
        "document.sealed_key document_key mail.sealed *.salt *.veil audit_seal audit_leaves audit_mark "
        "audit_floor"
    ),
    "packed: looked through by a query of its own": "payload.body payload.codec",
    "of organizations and their people, to whom no connection belongs": (
        "partner client tenant portal_host known_device sign_in_attempt brand quota "
        "peak role account_role account_identity provisioned_account "
        "domain_claim deletion private_network policy_version audit_keeping audit_keeping_above promotion.environment "
        "audit_rollback mail_setting mail_suppression"
    ),
    "of the installation and its processes": (
        "installation timeline worker alembic_version run.claimed_by run.trace candidate"
    ),
    "of a run's snapshot, which is looked through": "subscription journal.reference journal.name effect.reference "
    "effect.name approval.reference exception.reference entry.reference human_task.reference "
    "exception.cause exception.connection",
    "of an event, which is looked through": "event_key approval.event_key approval.event_source",
    "of a run's key, which is looked through": "key_writer exception.warehouse exception.channel "
    "exception.order_type exception.segment",
    "the name or the kind of something, checked when it was made": (
        "*.name *.namespace *.version *.kind *.state *.status *.mode *.way *.operation *.category *.strategy *.topic "
        "*.connector *.program *.template *.trigger_type *.cron *.found *.posting *.resolution *.mark "
        "*.value_currency *.currency *.writer_of archive.file *.action *.key kept_answer.target *.slug site.time_zone "
        "document.class document.media_type "
        "deployment.domain owner.subject parameter.level interface.policy interface_traffic.role secret_use "
        "interface_told.finding entity_change.what exception.entity event_route *.mapping translation.problem "
        "sighting.told *.calendar deadline.subject_kind deadline.zone_mark "
        "sighting.told human_task.role human_task.decision human_task.entity_kind human_task.outcome human_task.skills "
        "human_task_decision.outcome approval.outcome approval.decision human_task_skill hold.type hold.decision "
        "hold_subject.site hold.owner_role touch.step touch.source touch.actor_kind link.purpose "
        "workaround.way workaround.step deployment_revision.exceptions exception.stage exception.compensation "
        "task_mail_choice.choice "
        "customer_notice.notice customer_notice.milestone customer_notice.about_kind customer_notice.outcome "
        "customer_notice.why *.language notice_opt_out.source "
        "evidence_case.about_kind evidence_case.reason evidence_document.paper evidence_pack.missing evidence_pack.why"
    ),
    "of a connection, as its settings name it; digests": "poll.trigger poll.seen",
    "who somebody is": (
        "*.actor *.owner owner.deputy *.set_by *.kept_by *.taken_by *.answered_by *.resolved_by *.settled_by "
        "*.created_by *.released_by *.closed_by *.proposed_by *.entered_by *.moved_by *.decided_by *.made_by "
        "human_task_decision.network *.raised_by hold.raisers *.cleared_by *.opened_by *.added_by *.asked_by "
        "workaround.last_by workaround.retired_by"
    ),
    "handed out by a door of the workers alone": "mail.facts",
    "digests of effects and orders; orders and customers of holds, which are looked through": (
        "hold.raise_keys hold_wait order_sale.digest"
    ),
    "of what was seen in traffic, which is looked through": "interface_told.party",
    "a word of ours, or an error code of a few letters": "connection_grant.reason connection_link.reason link.reason",
    "ids of a task and of a person, and the number of an act": "link.subject link.recipient link.occasion",
    "a host of the partner's record, and who made the link": "connection_link.host connection_link.maker",
    "made before it is sent anywhere": "workflow_version.elsewhere",
}
"""What `leaks.PLACES` leaves out, and why: tables, columns, and columns of any table."""


async def test_S_70_every_column_that_may_hold_anybody_s_words_is_looked_through_or_has_a_reason(
    stack: Stack, endpoints: Endpoints
) -> None:
    query = (
        "SELECT c.relname AS of, a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid::regtype::text IN ('text', 'text[]', 'json', 'jsonb', "
        "'bytea')"
    )
    async with connected(stack, endpoints.database_url.rpartition("/")[2]) as connection:
        there = {(row["of"], row["name"]) for row in await connection.fetch(query)}
    read = re.compile(r"concat_ws(.*) FROM app\.(\w+)")
    places = [*PLACES.values(), *OF_PARTNERS.values()]
    texts = {found[2]: re.findall(r"\w+", found[1]) for one in places if (found := read.search(one))}
    assert len(texts) == len(places)
    looked = {(of, name) for of, name in there if name in texts.get(of, ())}
    left = {one for words in NOT_LOOKED_THROUGH.values() for one in words.split()}
    missed = {(of, name) for of, name in there - looked if not {of, f"*.{name}", f"{of}.{name}"} & left}
    assert not missed, " ".join(sorted(f"{of}.{name}" for of, name in missed))


async def test_S_70_a_secret_that_stands_in_a_journal_or_a_log_is_named_and_not_shown(
    endpoints: Endpoints,
    app_database: Database,
    worker_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I7: in each form in which it could have got there."""
    secret = 'canary "7" of the ERP/é'  # noqa: S105 (of nobody)
    create_kek_file(tmp_path / "kek")
    (tmp_path / "logs").mkdir()
    for name, value in {
        "WAYBILL_HOME": str(tmp_path),
        "WAYBILL_KEK_FILE": str(tmp_path / "kek"),
        "WAYBILL_DATABASE_URL": endpoints.database_url,
        "WAYBILL_WORKER_DATABASE_URL": endpoints.worker_database_url,
        "WAYBILL_ARCHIVE_FOLDER": str(tmp_path / "archives"),
    }.items():
        monkeypatch.setenv(name, value)
    world = await make_tenant(app_database)
    connection = ids.new()
    async with app_database.tenant(world.tenant_id) as transaction:
        await transaction.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings) "
            "VALUES ($1, $2, 'erp', 'erp-simulator', '{}')",
            world.tenant_id,
            connection,
        )
    sealer = Sealer(FileKeyProvider(tmp_path / "kek"))
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        await sealer.seal(session, world.tenant_id, connection, 1, {"token": Secret(secret)})
        await session.commit()
    await deploy(app_database, world.tenant_id, "document: {}", event_type="order.captured")
    await start_runs(app_database, world.tenant_id, 1)
    (claim,) = await Claims(worker_database, "w", 30).take(1)
    clean = await check("--secrets")
    assert (clean.exit_code, "holds   I7" in clean.output) == (0, True), clean.output
    assert "1 secrets were looked for" in clean.output
    raw = secret.encode()
    line = base64.b64encode(raw).decode()
    told = Entry("task.completed", "/do/0/a", "a", msgspec.json.encode({"output": f"Basic {line}"}).decode())
    assert await write(worker_database, replace(progress(claim), entries=[told])) == ["committed"]
    (tmp_path / "logs" / "api.log").write_text(f"GET /?token={quote(secret, safe='')}\n")
    (tmp_path / "drops" / "acme").mkdir(parents=True)
    (tmp_path / "drops" / "acme" / "1.json").write_text(msgspec.json.encode({"token": secret}).decode())
    archive(tmp_path / "archives", world.tenant_id, {"output": raw.hex()})
    await put_aside(app_database, world.tenant_id, connection, secret)
    found = await check("--secrets")
    shown = ids.show("con", connection)
    assert found.exit_code == 1
    assert f"token of {shown} stands in journal 0 of {claim.run_id}, as base64" in found.output
    assert f"token of {shown} stands in {tmp_path / 'logs' / 'api.log'}, for a URL" in found.output
    assert f"token of {shown} stands in {tmp_path / 'drops' / 'acme' / '1.json'}, as JSON" in found.output
    assert "jsonl.gz, as hex" in found.output
    assert f"token of {shown} stands in settings erp of {connection}, as JSON" in found.output
    assert f"token of {shown} stands in message a of {connection}, as JSON" in found.output
    assert f"token of {shown} stands in kept answer POST /v1/x of {world.tenant_id}, as JSON" in found.output
    assert f"token of {shown} stands in inherited parameter p of {world.tenant_id}, as JSON" in found.output
    assert f"token of {shown} stands in interface event of {world.tenant_id}, as it is" in found.output
    assert len(re.findall(rf"token of {shown} stands in audit a\.b of \S+, as JSON", found.output)) == 2
    assert "canary" not in found.output
    assert "I7" not in (await check("--json")).output, "it is asked for"
