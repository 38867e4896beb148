"""Who answers for a webhook endpoint is written to when nothing is sent to it any more, and when it is back (S-48)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from infra import ids
from infra.database import Scope
from infra.egress import Client, Guard
from services.webhooks import endpoints, settling
from tenants.connections.sealing import Sealer
from tests.counterparts.mail.mail_server import MailServer
from tests.counterparts.mail.office import HOST, Office
from tests.services.webhooks.desk import Desk
from tests.services.webhooks.receiver import OK, Receiver, receiving


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[Desk]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield Desk(office.app, office.worker, office.world.tenant_id, Sealer(office.keys), client)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def seat(office: Office, kind: str, subject: str, email: str) -> str:
    """Somebody who signs in as `email`, and answers for that."""
    account, deputy = ids.new(), ids.new()
    async with office.app.tenant(office.world.tenant_id) as connection:
        for one, address in ((account, email), (deputy, f"deputy-of-{email}")):
            await connection.execute(
                "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions, status) "
                "VALUES ($1, $2, $3, $4, 'Nina', '{}', 'active')",
                office.world.partner_id, one, office.world.tenant_id, address,
            )  # fmt: skip
        await connection.execute(
            "INSERT INTO app.owner (tenant_id, kind, subject, owner, deputy, set_by) "
            "VALUES ($1, $2, $3, $4, $5, 'test')",
            office.world.tenant_id, kind, subject, ids.show("account:acc", account), ids.show("account:acc", deputy),
        )  # fmt: skip
    return ids.show("account:acc", account)


def text_of(made: EmailMessage) -> str:
    body = made.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_S_48_the_owner_of_an_endpoint_is_mailed_when_it_is_gone_and_when_it_is_back(
    office: Office, desk: Desk, receiver: Receiver, mail_server: MailServer
) -> None:
    receiver.says("410 Gone", body=b"secret-reason-of-the-receiver")
    endpoint, _ = await desk.add(receiver.url)
    shown = endpoints.shown(endpoint)
    owner = await seat(office, "integration", shown, "nina@acme.example")
    await seat(office, "architecture", "", "chief@acme.example")
    await desk.announce()
    await desk.deliver()
    await office.send(mail_server)
    receiver.answer = OK
    await desk.enable(endpoint)
    await desk.make_due()
    await desk.deliver()
    await office.send(mail_server)
    gone, back = mail_server.messages(2)
    address = f"http://127.0.0.1:{receiver.port}"
    assert [one["To"] for one in (gone, back)] == ["Nina <nina@acme.example>"] * 2
    assert gone["Subject"] == f"Webhooks to {address} are switched off (acme, live)"
    assert back["Subject"] == f"{address} takes webhooks again (acme, live)"
    assert f"https://{HOST}/webhooks/{shown}" in text_of(gone)
    # Neither what the receiver says nor the whole of its address, which is a secret with many of them.
    for made in (gone, back):
        assert "secret-reason" not in made.as_string()
        assert "of-the-receivers-own" not in made.as_string()
    kept = await desk.rows("SELECT owner FROM app.notice UNION ALL SELECT owner FROM app.exception")
    assert [row["owner"] for row in kept] == [owner] * 3


async def test_S_48_the_architectures_owner_is_mailed_where_an_endpoint_has_none(
    office: Office, desk: Desk, receiver: Receiver, mail_server: MailServer
) -> None:
    receiver.says("503 Away")
    await desk.add(receiver.url)
    await seat(office, "architecture", "", "chief@acme.example")
    await desk.announce()
    await desk.deliver()
    await desk.fail_since(datetime.now(UTC) - settling.PATIENCE)
    await desk.make_due()
    await desk.deliver()
    await office.send(mail_server)
    (made,) = mail_server.messages(1)
    assert made["To"] == "Nina <chief@acme.example>"
    assert "could be delivered" in text_of(made)


async def test_S_48_a_suppressed_address_is_not_written_to_about_an_endpoint_either(
    office: Office, desk: Desk, receiver: Receiver, mail_server: MailServer
) -> None:
    await office.post("gone@acme.example")
    await office.send(mail_server)
    receiver.says("410 Gone")
    endpoint, _ = await desk.add(receiver.url)
    await seat(office, "integration", endpoints.shown(endpoint), "gone@acme.example")
    await desk.announce()
    await desk.deliver()
    await office.send(mail_server)
    assert mail_server.taken() == []
    assert await office.actions() == ["mail.bounced", "mail.suppressed"]


async def test_who_answers_for_an_endpoint_goes_with_it(office: Office, desk: Desk, receiver: Receiver) -> None:
    endpoint, _ = await desk.add(receiver.url)
    await seat(office, "integration", endpoints.shown(endpoint), "nina@acme.example")
    await desk.enable(endpoint, "disabled")
    async with desk.app.session(Scope.tenant(desk.tenant)) as session:
        await endpoints.remove(session, desk.tenant, endpoint, actor="test")
        await session.commit()
    assert await desk.rows("SELECT subject FROM app.owner") == []
