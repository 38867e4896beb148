"""Mail that no server took is kept and shown to whoever runs the installation, and to nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from infra import ids
from infra.database import Database, Scope
from infra.embedded.stack import Endpoints
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.settings import load
from services.cli import server_checks
from services.cli.mail_viewer import Viewer
from services.cli.main import waybill
from services.worker.postman import Postman
from tenants.mail import service
from tenants.mail.reasons import NO_SENDER
from tenants.mail.service import NewMail
from tests.infra.mail.test_reports import MAIL, report
from tests.world import make_tenant

HOST = "portal.north.example"
SECRET = "t" * 43


@pytest.fixture
async def kept(
    app_database: Database,
    worker_database: Database,
    endpoints: Endpoints,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """An invitation that was written while no mail server was set."""
    kek = tmp_path / "kek"
    kek.write_bytes(bytes(range(32)))
    kek.chmod(0o600)
    for name, value in (
        ("HOME", str(tmp_path)),
        ("DATABASE_URL", endpoints.database_url),
        ("WORKER_DATABASE_URL", endpoints.worker_database_url),
        ("KEK_FILE", str(kek)),
    ):
        monkeypatch.setenv(f"WAYBILL_{name}", value)
    world, keys = await make_tenant(app_database), InstalledKeys(FileKeyProvider(kek), app_database)
    async with app_database.session(Scope.operator()) as session:
        await session.execute(
            text("INSERT INTO app.portal_host (host, partner_id) VALUES (:h, :p)"), {"h": HOST, "p": world.partner_id}
        )
        await session.commit()
    new = NewMail(
        partner_id=world.partner_id,
        tenant_id=world.tenant_id,
        kind="people.invited",
        recipient="gone@example.com",
        recipient_name="Nina <b>",
        facts={"host": HOST, "expires": "2026-11-25T10:00:00Z"},
    )
    enclosed = await service.enclose(SECRET, keys)
    async with app_database.session(Scope.tenant(world.tenant_id)) as session:
        made = await service.post(session, new, enclosed)
        await session.commit()
    assert await Postman(worker_database, keys, None, None).round() == 1
    return ids.show("mail", made)


async def run(*words: str, given: bytes = b"") -> Result:
    return await asyncio.to_thread(CliRunner().invoke, waybill, ["mail", *words], given)


async def test_A17_whoever_reads_what_lets_somebody_in_stands_in_the_log_of_whom_it_is_for(
    kept: str, app_database: Database
) -> None:
    await run("list")
    async with app_database.session(Scope.operator()) as session:
        tenant = (await session.scalars(text("SELECT tenant_id FROM app.tenant"))).one()
    told = "SELECT actor, target FROM app.audit WHERE action = 'mail.read'"
    for shown in (0, 1):
        async with app_database.session(Scope.tenant(tenant)) as session:
            assert [tuple(row) for row in await session.execute(text(told))] == [("cli:mail", kept)] * shown
        assert SECRET in (await run("show", kept)).output
    await run("retry", kept)
    async with app_database.session(Scope.tenant(tenant)) as session:
        newest = "SELECT actor, action FROM app.audit ORDER BY audit_id DESC LIMIT 1"
        assert tuple((await session.execute(text(newest))).one()) == ("cli:mail", "mail.retried")


async def test_kept_mail_is_listed_and_shown_with_its_link(kept: str) -> None:
    listed = await run("list", "--state", "kept")
    assert kept in listed.output
    assert "people.invited" in listed.output
    shown = await run("show", kept)
    assert f"https://{HOST}/invitation#{SECRET}" in shown.output
    assert "<!doctype html>" in (await run("show", kept, "--html")).output
    assert "MIME-Version" in (await run("show", kept, "--raw")).output
    assert (await run("show", "mail_nobodys")).exit_code == 1


async def test_a_report_from_a_file_is_counted_once_the_mail_was_sent(kept: str, worker_database: Database) -> None:
    told = report().replace(MAIL.encode(), kept.encode())
    assert "0 of 1" in (await run("bounced", given=told)).output
    assert "in line" in (await run("retry", kept)).output
    async with worker_database.doors() as connection:
        await connection.execute("SELECT app.settle_mail($1, 'sent', NULL, 0)", ids.read("mail", kept))
    assert "1 of 1" in (await run("bounced", given=told)).output
    assert (await run("bounced", given=b"no report")).exit_code == 1
    assert SECRET not in (await run("show", kept)).output
    assert (await run("retry", kept)).exit_code == 1


async def test_a_partners_sender_is_the_operators_to_set(kept: str) -> None:
    made = await run("sending", "partner-of-acme", "--sender", "notices@north.example", "--language", "es")
    assert made.exit_code == 0, made.output
    shown = (await run("show", kept)).output
    assert "notices@north.example" in shown
    assert "invitación" in shown
    assert (await run("sending", "partner-of-acme", "--sender", "a@b\r\nBcc: x@y.example")).exit_code == 1


async def test_doctor_names_partners_whose_mail_waits_for_a_sender(
    kept: str, worker_database: Database, endpoints: Endpoints
) -> None:
    known = {"WORKER_DATABASE_URL": endpoints.worker_database_url, "MAIL_HOST": "mail.example"}
    settings = load({f"WAYBILL_{name}": value for name, value in known.items()})
    await run("retry", kept)
    assert [one.ok for one in await server_checks.mail(settings)] == [True]
    async with worker_database.doors() as connection:
        await connection.execute("SELECT app.settle_mail($1, 'waiting', $2, 60)", ids.read("mail", kept), NO_SENDER)
    (found,) = await server_checks.mail(settings)
    assert (found.ok, "partner-of-acme" in found.found, "waybill mail sending" in found.help) == (False, True, True)


@pytest.fixture
async def viewer() -> AsyncIterator[Viewer]:
    made = Viewer()
    await made.begin()
    yield made
    await made.end()


async def ask(viewer: Viewer, path: str, host: str | None = None, method: str = "GET") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(viewer.host.rpartition(":")[2]))
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host or viewer.host}\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def test_the_screen_shows_mail_and_runs_nothing_of_it(kept: str, viewer: Viewer) -> None:
    base = viewer.address.removeprefix(f"http://{viewer.host}")
    listed = await ask(viewer, base)
    assert f'<a href="{kept}">gone@example.com</a>' in listed
    letter = await ask(viewer, f"{base}{kept}")
    assert "Nina &lt;b&gt;" in letter
    assert f'<iframe sandbox src="{kept}/html">' in letter
    html = await ask(viewer, f"{base}{kept}/html")
    assert "Content-Security-Policy: sandbox; default-src 'none'" in html
    assert SECRET in html


async def test_without_its_address_or_under_another_name_the_screen_shows_nothing(kept: str, viewer: Viewer) -> None:
    base = viewer.address.removeprefix(f"http://{viewer.host}")
    for path, host, method in (
        ("/", None, "GET"),
        (f"/{kept}", None, "GET"),
        (f"/{'x' * 43}/{kept}", None, "GET"),
        (base, "evil.example", "GET"),
        (base, "localhost", "GET"),
        (base, None, "POST"),
        (f"{base}mail_nobodys", None, "GET"),
    ):
        answer = await ask(viewer, path, host, method)
        assert answer.startswith("HTTP/1.1 404"), path
        assert "gone@example.com" not in answer
