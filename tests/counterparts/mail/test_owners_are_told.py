"""Who owns an integration is written to in the transaction that finds it away or back (ADR 0026, 0059, 0061)."""

from __future__ import annotations

from uuid import UUID

from infra import ids
from services.engine import outages
from tests.counterparts.mail.mail_server import MailServer
from tests.counterparts.mail.office import Office


async def connection_of(office: Office, owner: str | None) -> UUID:
    made = ids.new()
    async with office.app.tenant(office.world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.connection (tenant_id, connection_id, name, connector, settings, owner) "
            "VALUES ($1, $2, 'erp', 'erp-simulator', '{}', $3)",
            office.world.tenant_id, made, owner,
        )  # fmt: skip
    return made


async def test_who_owns_a_connection_is_told_when_it_goes_away_and_when_it_is_back(
    office: Office, mail_server: MailServer
) -> None:
    erp = await connection_of(office, "Maria@Acme.Example")
    await outages.begin(office.worker, office.world.tenant_id, erp, "secret-reason-of-the-erp", 1)
    await outages.begin(office.worker, office.world.tenant_id, erp, "again", 1)
    await office.send(mail_server)
    await outages.end(office.worker, office.world.tenant_id, erp)
    await office.send(mail_server)
    away, back = mail_server.messages(2)
    assert (away["To"], away["Subject"]) == ("maria@acme.example", "erp is away (acme, live)")
    assert back["Subject"] == "erp is back (acme, live)"
    # What the other side said may be anything, and stays inside.
    assert "secret-reason" not in away.as_string()


async def test_an_owner_who_signs_in_and_the_holder_of_the_seat_are_told_once_each(
    office: Office, mail_server: MailServer
) -> None:
    account, chief = ids.new(), ids.new()
    async with office.app.tenant(office.world.tenant_id) as connection:
        for one, email, status in ((account, "nina@acme.example", "active"), (chief, "chief@acme.example", "disabled")):
            await connection.execute(
                "INSERT INTO app.account (partner_id, account_id, tenant_id, email, name, permissions, status) "
                "VALUES ($1, $2, $3, $4, 'N', '{}', $5)",
                office.world.partner_id, one, office.world.tenant_id, email, status,
            )  # fmt: skip
    erp = await connection_of(office, ids.show("account:acc", account))
    async with office.app.tenant(office.world.tenant_id) as connection:
        await connection.execute(
            "INSERT INTO app.owner (tenant_id, kind, subject, owner, deputy, set_by) "
            "VALUES ($1, 'integration', $2, $3, $4, 'test')",
            office.world.tenant_id, ids.show("con", erp), ids.show("account:acc", chief),
            ids.show("account:acc", account),
        )  # fmt: skip
    await outages.begin(office.worker, office.world.tenant_id, erp, "gone", 1)
    await office.send(mail_server)
    assert [one["to"] for one in mail_server.taken(1)] == [["nina@acme.example"]]


async def test_a_connection_of_nobody_writes_no_mail(office: Office, mail_server: MailServer) -> None:
    erp = await connection_of(office, "warehouse-it")
    await outages.begin(office.worker, office.world.tenant_id, erp, "gone", 1)
    assert await office.send(mail_server) == 0
