"""What leaves for others on behalf of a partner's client: calls, webhooks with all their tries, and mail."""

from __future__ import annotations

import asyncio
from pathlib import Path

from infra import ids
from infra.database import Database, Scope
from infra.egress import Client, Guard, Request
from infra.encryption.installed import InstalledKeys
from infra.encryption.key_provider import FileKeyProvider
from infra.mail.server import Server, client_of
from infra.settings import load
from services.engine import outages
from services.worker.postman import Postman
from services.worker.webhooks import Deliverer
from tenants.connections.sealing import Sealer
from tenants.mail import service
from tenants.mail.service import NewMail
from tenants.mail.texts import KINDS, LANGUAGES
from tenants.organizations import service as organizations
from tests.portal.postbox import Postbox, parts, postbox
from tests.portal.side import OPERATOR, Side
from tests.services.webhooks.receiver import Receiver
from tests.tenants.mail.test_letters import FACTS

INVITED = "people.invited"


async def webhooks(side: Side, receiver: Receiver, worker: Database, kek: Path) -> None:
    """What was announced to the endpoint that `side` made, as it comes there: that a run failed."""
    shop = ids.read("con", side.known["connection"])
    await outages.begin(worker, side.tenant, shop, "it does not answer", 1)
    await outages.end(worker, side.tenant, shop)
    async with Client(Guard(allow_loopback=True)) as client:
        deliverer = Deliverer(worker, client, Sealer(FileKeyProvider(kek)), poll=0.05)
        while await deliverer.round():
            await deliverer.idle()
    for got in [one for one in receiver.got if one.path.endswith(f"/{side.partner}")]:
        assert "user-agent" in got.headers
        lines = [f"{name}: {value}" for name, value in got.headers.items()]
        side.crawl.look("webhook", got.path, *lines, got.body)
    listed = await side.caller("webhook's log").get(f"/v1/webhook-endpoints/{side.known['endpoint']}/deliveries")
    side.known["message"] = listed.json["items"][0]["id"]


async def mails(side: Side, app: Database, worker: Database, kek: Path) -> None:
    """Every mail in every language, with all that is said to the server; one that is refused by it, too."""
    keys = InstalledKeys(FileKeyProvider(kek), worker)
    async with app.session(Scope.operator()) as session:
        partner = await organizations.find_partner(session, side.partner)
        sender = f"notices@{side.partner}.example"
        await service.set_sending(session, partner, sender=sender, language=None, actor="test")
        await session.commit()
    wanted = [(kind, language) for kind in KINDS for language in LANGUAGES if kind != INVITED]
    async with app.session(Scope.tenant(side.tenant)) as session:
        for kind, language in (*wanted, ("people.password-changed", "gone")):
            facts = FACTS[kind] | ({"host": side.host} if "host" in FACTS[kind] else {})
            new = NewMail(
                partner_id=partner.partner_id, tenant_id=side.tenant, kind=kind,  # type: ignore[arg-type]
                recipient=f"{'gone' if language == 'gone' else 'nina'}@acme.example", recipient_name="Nina",
                facts=facts, language=None if language == "gone" else language,
            )  # fmt: skip
            await service.post(session, new)
        await session.commit()
    caller = side.caller("invitation")
    role = {"slug": "asked", "name": "Asked", "level": "client", "permissions": ["runs:read"]}
    given = (await caller.post("/v1/roles", role)).json["id"]
    for number, language in enumerate(LANGUAGES):
        asked = {"email": f"asked{number}@acme.example", "name": "Asked", "roles": [given], "language": language}
        side.known["invitation"] = (await caller.post("/v1/invitations", asked)).json["id"]
    async with postbox(f"mail.{OPERATOR}.example") as box:
        await _sent(box, worker, keys)
    side.crawl.look("mail", "what is said to the server", *box.said)
    for mail in box.taken:
        side.crawl.look("mail", "message", mail, *parts(mail))
    assert len(box.taken) == len(wanted) + len(LANGUAGES), box.said
    told = (await side.caller("mail").get("/v1/mails")).json["items"]
    assert "a mail server answered 550 5.1.1" in {one["reason"] for one in told}
    listed = (await side.caller("mail").get("/v1/mail-suppressions")).json["items"]
    side.known["suppression"] = listed[0]["id"]


async def _sent(box: Postbox, worker: Database, keys: InstalledKeys) -> None:
    known = {"HOST": "127.0.0.1", "PORT": str(box.port), "SECURITY": "none"}
    settings = load({f"WAYBILL_MAIL_{name}": value for name, value in known.items()})
    server = Server.of(settings)
    assert server is not None
    async with client_of(server, settings) as client:
        postman = Postman(worker, keys, server, client)
        while await postman.round():
            pass


async def outbound(side: Side) -> None:
    """What another system sees of a call: its headers, the user agent among them."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Client(Guard(allow_loopback=True)) as client:
        await client.send(side.tenant, Request(method="GET", url=f"http://127.0.0.1:{port}/"))
    assert b"user-agent:" in heads[0].lower()
    side.crawl.look("outbound call", "head", heads[0])
