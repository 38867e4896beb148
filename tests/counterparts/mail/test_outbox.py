"""From the transaction that announces something to the server that took its mail (ADR 0061)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from infra import ids
from infra.database import Scope
from infra.mail import reports
from infra.pagination import Page
from services.worker.postman import TRIES
from tenants.mail import repository, service
from tenants.mail.reasons import NO_SENDER
from tenants.mail.service import NewMail
from tests.counterparts.mail.mail_server import MailServer
from tests.counterparts.mail.office import HOST, SECRET, SENDER, Office
from tests.infra.mail.test_reports import MAIL, report


async def test_a_mail_is_sent_once_and_what_it_opens_is_gone_then(office: Office, mail_server: MailServer) -> None:
    made = await office.post(secret=SECRET)
    assert (await office.row(made))["sealed"] is not None
    assert await office.send(mail_server) == 1
    assert await office.send(mail_server) == 0
    (message,) = mail_server.messages(1)
    body = message.get_body(("plain",))
    assert body is not None
    assert f"https://{HOST}/invitation#{SECRET}" in body.get_content()
    assert message["To"] == "Nina <nina@acme.example>"
    row = await office.row(made)
    assert (row["state"], row["sealed"], row["tries"]) == ("sent", None, 1)


async def test_S_70_what_a_mail_opens_lies_nowhere_in_the_clear(office: Office) -> None:
    made = await office.post(secret=SECRET)
    row = await office.row(made)
    assert SECRET.encode() not in bytes(row["sealed"])
    assert SECRET not in str(row)
    for column in ("sealed", "facts"):
        with pytest.raises(Exception, match="permission denied"):
            async with office.app.tenant(office.world.tenant_id) as connection:
                await connection.fetch(f"SELECT {column} FROM app.mail")  # noqa: S608 (two words of this test)


async def test_a_mail_of_a_transaction_that_fails_was_never_written(office: Office, mail_server: MailServer) -> None:
    async with office.app.session(office.scope()) as session:
        new = NewMail(
            partner_id=office.world.partner_id, tenant_id=office.world.tenant_id, kind="people.password-changed",
            recipient="nina@acme.example", recipient_name="Nina", facts={"at": "2026-11-22T10:00:00Z"},
        )  # fmt: skip
        await service.post(session, new)
        await session.rollback()
    assert await office.send(mail_server) == 0


async def test_an_address_that_is_refused_for_good_is_not_written_to_again_until_somebody_lifts_it(
    office: Office, mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    gone = await office.post("gone@acme.example")
    await office.send(mail_server)
    assert [vars(one)["why"] for one in caplog.records if "did not go out" in one.message] == [
        "550 5.1.1 <…@…>: There is no such user here"
    ], "S-79"
    row = await office.row(gone)
    assert (row["state"], row["is_suppressed"]) == ("bounced", True)
    assert "5.1.1" in row["reason"]
    after = await office.post("gone@acme.example")
    # Of the client alone: the partner's own people are another list.
    theirs = await office.post("gone@acme.example", partner=True)
    await office.send(mail_server, security="none")
    assert (await office.row(after))["state"] == "suppressed"
    assert (await office.row(theirs))["state"] == "bounced"
    assert mail_server.taken() == []
    assert await office.actions() == ["mail.bounced", "mail.suppressed"]
    assert "5.1.1" in await office.audited()
    assert "gone@" not in await office.audited(), "S-85: nobody's address is in the audit"
    async with office.app.session(office.scope()) as session:
        (found,) = await repository.suppressed(session, office.world.partner_id, Page(10, None))
        assert found.address == "gone@acme.example"
        await service.lift(session, found, "it was set up", actor="key:test")
        await session.commit()
    again = await office.post("gone@acme.example")
    await office.send(mail_server)
    assert (await office.row(again))["state"] == "bounced"


async def test_a_refusal_of_the_mail_suppresses_nobody(office: Office, mail_server: MailServer) -> None:
    made = await office.post("unwelcome@acme.example")
    await office.send(mail_server)
    row = await office.row(made)
    assert (row["state"], row["is_suppressed"]) == ("dead", False)


async def test_what_is_refused_for_now_waits_longer_each_time_and_is_given_up(
    office: Office, mail_server: MailServer
) -> None:
    made, other = await office.post("later@acme.example", secret=SECRET), await office.post()
    assert await office.send(mail_server) == 2
    assert (await office.row(other))["state"] == "sent"
    row = await office.row(made)
    assert (row["state"], row["tries"]) == ("waiting", 1)
    assert row["sealed"] is not None
    async with office.app.tenant(office.world.tenant_id) as connection:
        due = await connection.fetchval("SELECT due_at FROM app.mail WHERE mail_id = $1", made)
    assert timedelta(seconds=30) < due - datetime.now(UTC) < timedelta(seconds=90)
    assert await office.send(mail_server) == 0
    for _ in range(TRIES - 1):
        await office.hurry(made)
        assert await office.send(mail_server) == 1
    row = await office.row(made)
    assert (row["state"], row["tries"], row["sealed"]) == ("dead", TRIES, None)
    assert await office.actions() == ["mail.dead"]


async def test_while_the_server_is_away_mail_waits_and_none_is_lost(office: Office, mail_server: MailServer) -> None:
    made = [await office.post(f"p{number}@acme.example") for number in range(3)]
    for changes in ({"port": 1}, {"password": None}, {"host": "other.example.com"}):
        await office.send(mail_server, **changes)
        for one in made:
            row = await office.row(one)
            assert row["state"] == "waiting", row["reason"]
            await office.hurry(one)
    await office.send(mail_server)
    assert {tuple(one["to"]) for one in mail_server.taken(3)} == {(f"p{number}@acme.example",) for number in range(3)}


async def test_two_workers_send_each_mail_once(office: Office, mail_server: MailServer) -> None:
    for number in range(12):
        await office.post(f"p{number}@acme.example")
    while sum(await asyncio.gather(office.send(mail_server), office.send(mail_server))):
        pass
    recipients = [one["to"][0] for one in mail_server.taken(12)]
    assert sorted(recipients) == sorted({f"p{number}@acme.example" for number in range(12)})


async def test_without_a_server_mail_is_kept_and_says_so(office: Office, mail_server: MailServer) -> None:
    made = await office.post(secret=SECRET)
    assert await office.send(None) == 1
    assert (await office.row(made))["state"] == "kept"
    assert await office.send(mail_server) == 0
    async with office.worker.doors() as connection:
        assert await connection.fetchval("SELECT app.retry_mail($1)", made)
    await office.send(mail_server)
    assert (await office.row(made))["state"] == "sent"
    async with office.worker.doors() as connection:
        assert not await connection.fetchval("SELECT app.retry_mail($1)", made)


async def test_S_69_a_host_that_is_the_partners_no_more_is_in_no_mail(office: Office, mail_server: MailServer) -> None:
    made = await office.post(secret=SECRET)
    async with office.app.session(Scope.operator()) as session:
        await session.execute(text("DELETE FROM app.portal_host WHERE host = :h"), {"h": HOST})
        await session.commit()
    await office.send(mail_server)
    assert (await office.row(made))["state"] == "dead"
    assert mail_server.taken() == []


async def test_a_report_of_a_failure_suppresses_the_recipient_that_it_names_and_no_other(
    office: Office, mail_server: MailServer
) -> None:
    made, other = await office.post("gone@example.com", partner=True), await office.post("other@example.com")
    # This server does not know yet that nobody is there.
    async with office.worker.doors() as connection:
        for one in (made, other):
            await connection.execute("SELECT app.settle_mail($1, 'sent', NULL, 0)", one)
        (found,) = reports.failures(report().replace(MAIL.encode(), ids.show("mail", made).encode()))
        noted = "SELECT app.bounce_mail($1, $2, $3)"
        assert not await connection.fetchval(noted, other, found.address, found.why)
        assert await connection.fetchval(noted, ids.read("mail", found.local_id), found.address, found.why)
        assert not await connection.fetchval(noted, ids.read("mail", found.local_id), found.address, found.why)
    assert (await office.row(made))["state"] == "bounced"
    assert (await office.row(other))["state"] == "sent"
    assert mail_server.taken() == []


async def test_S_79_a_deleted_clients_mail_is_on_the_list_of_what_goes(office: Office) -> None:
    async with office.worker.doors() as connection:
        erased = await connection.fetchval("SELECT app.erased_tables()")
    assert {"mail", "mail_suppression"} <= set(erased)


async def test_row_5_without_a_sender_of_the_partners_nothing_is_sent_until_there_is_one(
    office: Office, mail_server: MailServer
) -> None:
    """Or its people would be shown the operator's address. What waits says so, and goes out when it is set."""
    await office.set_sender("")
    made = await office.post()
    assert await office.send(mail_server) == 1
    row = await office.row(made)
    assert (row["state"], row["reason"], row["tries"]) == ("waiting", NO_SENDER, 1)
    assert mail_server.taken() == []
    await office.set_sender(SENDER)
    await office.hurry(made)
    assert await office.send(mail_server) == 1
    (message,) = mail_server.messages(1)
    assert message["From"].endswith(f"<{SENDER}>")
    assert (await office.row(made))["state"] == "sent"
