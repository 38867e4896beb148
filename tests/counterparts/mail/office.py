"""Posts mail as the API does and sends it as the worker does, in a tenant whose partner has a host."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from infra import ids
from infra.database import Database, Scope
from infra.encryption.key_provider import FileKeyProvider
from services.worker.postman import Postman
from tenants.mail import service
from tenants.mail.service import NewMail
from tenants.organizations import service as organizations
from tests.counterparts.mail.mail_server import MailServer
from tests.world import World

HOST = "portal.north.example"
SENDER = "notices@north.example"
SECRET = "s3cr3t-link-text-that-opens-something-1234567"  # noqa: S105 (of these tests)


class Office:
    """Posts mail as the API does and sends it as the worker does."""

    def __init__(self, world: World, app: Database, worker: Database, keys: FileKeyProvider) -> None:
        self.world, self.app, self.worker, self.keys = world, app, worker, keys

    async def post(
        self, recipient: str = "nina@acme.example", *, partner: bool = False, secret: str | None = None
    ) -> UUID:
        tenant = None if partner else self.world.tenant_id
        new = NewMail(
            partner_id=self.world.partner_id,
            tenant_id=tenant,
            kind="people.invited" if secret else "people.password-changed",
            recipient=recipient,
            recipient_name="Nina",
            facts={"host": HOST, "expires": "2026-11-25T10:00:00Z"} if secret else {"at": "2026-11-22T10:00:00Z"},
        )
        enclosed = None if secret is None else await service.enclose(secret, self.keys)
        async with self.app.session(self.scope(partner=partner)) as session:
            made = await service.post(session, new, enclosed)
            await session.commit()
        return made

    def scope(self, *, partner: bool = False) -> Scope:
        return Scope.partner(self.world.partner_id) if partner else Scope.tenant(self.world.tenant_id)

    async def send(self, server: MailServer | None, **changes: Any) -> int:
        if server is None:
            return await Postman(self.worker, self.keys, None, None).round()
        known = server.server(**changes)
        async with server.client(known) as client:
            return await Postman(self.worker, self.keys, known, client).round()

    async def set_sender(self, sender: str) -> None:
        async with self.app.session(Scope.operator()) as session:
            partner = await organizations.find_partner(session, ids.show("ptr", self.world.partner_id))
            await service.set_sending(session, partner, sender=sender, language=None, actor="test")
            await session.commit()

    async def row(self, mail_id: UUID) -> Any:
        async with self.worker.doors() as connection:
            return await connection.fetchrow("SELECT * FROM app.find_letter($1)", mail_id)

    async def hurry(self, mail_id: UUID) -> None:
        async with self.worker.doors() as connection:
            await connection.execute("SELECT app.settle_mail($1, 'waiting', NULL, -1)", mail_id)

    async def actions(self) -> list[str]:
        async with self.app.tenant(self.world.tenant_id) as connection:
            found = await connection.fetch("SELECT action FROM app.audit ORDER BY audit_id")
        return [one["action"] for one in found if one["action"].startswith("mail.")]

    async def audited(self) -> str:
        async with self.app.tenant(self.world.tenant_id) as connection:
            return "".join([row["row"] for row in await connection.fetch("SELECT a::text AS row FROM app.audit a")])
