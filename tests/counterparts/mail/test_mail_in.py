"""The trigger `mail` on a real server and a real database: each message once, whatever breaks; a bad one by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from infra import crash_points, ids
from infra.database import Database
from infra.egress import Client
from infra.encryption.secret import Secret
from services.connectors.builtin.imap import taking
from services.connectors.builtin.imap.connector import Imap
from services.connectors.sdk.connector import Connector
from services.connectors.sdk.context import OpenConnection
from template_library import schemas
from tests.counterparts.mail.mailbox import PASSWORD, USER, Box, mail
from tests.services.connectors.polling.shop import Shop, Watched
from tests.world import World, make_tenant

DOCUMENT = """
document: {dsl: '1.0.3', namespace: tests, name: keep, version: 1.0.0}
do: [{keep: {set: {number: "${ .[0].data.subject }"}}}]
"""


class Posted(Watched):
    """A mailbox that is watched."""

    def __init__(self, client: Client, box: Box, databases: tuple[Database, Database], world: World) -> None:
        self.box = box
        super().__init__(client, Shop(), *databases, world)

    def connector(self) -> Connector:
        return Imap()

    def connected(self) -> OpenConnection:
        settings = {"base_url": self.box.url, "user": USER, "watch": ["mail"]}
        form = self.connector().manifest.settings
        assert schemas.check(form, settings) == []
        return OpenConnection(
            id=ids.new(),
            connector="imap",
            settings=schemas.with_defaults(form, settings),
            secrets={"password": Secret(PASSWORD)},
            ref="con_0",
            name="shop",
        )

    def change(self, **settings: Any) -> None:
        known = {**self.connection.settings, **settings}
        assert schemas.check(self.connector().manifest.settings, known) == []
        self.connection = msgspec.structs.replace(self.connection, settings=known)

    async def data(self) -> list[Any]:
        rows = await self.do("SELECT content FROM app.event WHERE tenant_id = $1 ORDER BY event_id")
        return [msgspec.json.decode(row["content"])["data"] for row in rows]

    async def subjects(self) -> list[str]:
        return [one["subject"] for one in await self.data()]

    async def told(self) -> list[str]:
        rows = await self.do("SELECT title FROM app.exception WHERE tenant_id = $1 ORDER BY exception_id")
        return [row["title"] for row in rows]


@pytest.fixture
async def posted(box: Box, app_database: Database, worker_database: Database) -> AsyncIterator[Posted]:
    async with box.client() as client:
        found = Posted(client, box, (app_database, worker_database), await make_tenant(app_database))
        await found.begin("mail.received", DOCUMENT)
        yield found


async def test_a_mail_becomes_an_event_with_what_it_says_and_none_is_told_twice(posted: Posted) -> None:
    order = mail("Order PO-1", "Grüße\n")
    order["Authentication-Results"] = "mx.parts.example; dkim=pass header.d=acme.example"
    order["Authentication-Results"] = "mx.elsewhere.example; spf=pass"
    order.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="PO ä.pdf")
    order.add_attachment(b"PK\x03\x04none", maintype="application", subtype="zip", filename="../a.zip")
    posted.change(verdicts_of="mx.parts.example")
    posted.box.put(order.as_bytes(), mail("Order PO-2").as_bytes(), order.as_bytes())
    for _ in range(2):
        await posted.round()
    assert await posted.subjects() == ["Order PO-1", "Order PO-2"], (
        "a copy is no other message, and the old are no news"
    )
    first = (await posted.data())[0]
    assert first["from"] == {"address": "buyer@acme.example", "name": "Bea Buyer"}
    assert (first["message_id"], first["text"]) == ("<order-po-1@acme.example>", "Grüße\n")
    assert (first["folder"], first["date"]) == ("INBOX", "2026-03-02T09:00:00Z")
    assert first["verdicts"] == ["mx.parts.example; dkim=pass header.d=acme.example"]
    files = [(one["name"], one["media_type"], one["size"]) for one in first["attachments"]]
    assert files == [("PO ä.pdf", "application/pdf", 8), ("../a.zip", None, 8)]
    seen = [is_seen for subject, is_seen in posted.box.lying() if subject.startswith("Order")]
    assert seen == [False] * 3, "nobody's mailbox is changed"
    posted.box.put(mail("Order PO-1", "Another one").as_bytes())
    await posted.round()
    assert await posted.subjects() == ["Order PO-1", "Order PO-2", "Order PO-1"], "a known Message-ID hides nothing"
    assert (await posted.told(), len(await posted.runs())) == ([], 3)


async def test_S_57_a_message_that_is_made_to_hurt_is_told_and_keeps_no_other_back(posted: Posted) -> None:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(60)
    )
    posted.box.put(
        b"Subject: deep\r\n" + nested,
        b'Subject: long\r\nContent-Type: text/plain; x="' + b";" * 5_000 + b'"\r\n\r\nx',
        b"Subject: lines\r\n\r\n" + b"\r\n" * 260_000,
        b"From: \xff\r\nSubject: =?punycode?q?aaaa?= =?x?b?!?=\r\nDate: never\r\n\r\n\x00\xfe",
        mail("Order PO-1").as_bytes(),
    )
    await posted.round()
    assert (await posted.subjects())[-1] == "Order PO-1"
    told = await posted.told()
    assert [any(words in one for one in told) for words in ("parts inside of parts", "a header has", "lines")] == [
        True
    ] * 3
    assert "deep" not in str(told), "nothing of what it holds"


async def test_a_message_that_no_session_can_take_is_told_and_keeps_no_other_back(
    posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted.box.put(*(mail(f"Nr {number}").as_bytes() for number in range(3)))
    read = taking._message
    asked: list[int] = []

    async def slow(mailbox: Any, folder: Any, entry: Any, known: Any) -> Any:
        asked.append(entry.uid)
        if entry.uid == asked[0] + 1:
            raise TimeoutError
        return await read(mailbox, folder, entry, known)

    monkeypatch.setattr(taking, "_message", slow)
    for _ in range(3):
        await posted.round()
    assert (await posted.subjects(), await posted.told()) == (["Nr 0"], [])
    for _ in range(2):
        await posted.round()
    assert await posted.subjects() == ["Nr 0", "Nr 2"]
    (told,) = await posted.told()
    assert "could not be read in half of a session" in told


async def test_what_was_taken_is_moved_and_marked_behind_its_event(posted: Posted) -> None:
    posted.box.make("Done")
    posted.change(done="Done", mark="seen")
    nameless = mail("Nameless")
    del nameless["Message-ID"]
    posted.box.put(mail("Order PO-1").as_bytes(), nameless.as_bytes())
    crash_points.arm("!poll.answered")
    try:
        await posted.round()
    finally:
        crash_points.arm("")
    assert (await posted.subjects(), posted.box.lying("Done")) == ([], [])
    await posted.round(posted.another())
    assert (await posted.subjects(), posted.box.lying("Done")) == (["Order PO-1", "Nameless"], [])
    await posted.round()
    assert posted.box.lying("Done") == [("Order PO-1", True)]
    assert ("Nameless", False) in posted.box.lying(), "what could not be found again stays"
    posted.change(done="Nowhere")
    posted.box.put(mail("Order PO-2").as_bytes())
    for _ in range(3):
        await posted.round()
    assert await posted.subjects() == ["Order PO-1", "Nameless", "Order PO-2"]
    (told,) = await posted.told()
    assert "the setting `done`" in told


@pytest.mark.parametrize("point", ["intake.before", "intake.committed", "poll.committed"])
async def test_F_01_broken_off_anywhere_no_mail_is_lost_and_none_doubled(posted: Posted, point: str) -> None:
    posted.box.put(mail("Order PO-1").as_bytes(), mail("Order PO-2").as_bytes())
    crash_points.arm(f"!{point}")
    try:
        await posted.round()
    finally:
        crash_points.arm("")
    for _ in range(2):
        await posted.round(posted.another())
    assert await posted.subjects() == ["Order PO-1", "Order PO-2"]


async def test_F_20_a_mailbox_that_does_not_let_us_in_says_which_setting_to_change(posted: Posted) -> None:
    right = posted.connection
    posted.connection = msgspec.structs.replace(right, secrets={"password": Secret("wrong-password")})
    await posted.round()
    failure = (await posted.row())["failure"]
    assert "Look at the setting `user` and at the secret `password`" in failure
    assert "wrong-password" not in failure
    posted.connection = right
    posted.change(folder="Nowhere")
    await posted.round()
    assert "`folder`" in (await posted.row())["failure"]
