"""The connector `imap` on Dovecot: what comes is taken once, also when the server numbers it anew."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.connectors.builtin.imap import taking
from services.connectors.builtin.imap.connector import Imap
from services.engine.expressions.evaluator import NOWHERE
from services.engine.functions import Done, Failed, Later
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.dovecot.install import install, version
from tests.counterparts.dovecot.server import TOKEN, running
from tests.counterparts.mail.held import BY_TOKEN, Held
from tests.counterparts.mail.mailbox import PASSWORD, USER, Box, mail
from tests.infra.egress.test_tls import NAME

pytestmark = pytest.mark.certifies("imap")
BEGAN = "2026-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    place = install(Path(os.environ.get("WAYBILL_HOME", ".waybill")))
    certifying.saw("imap", f"Dovecot {version(place)}")
    with running(place, tmp_path_factory.mktemp("dovecot")) as found:
        yield found


@pytest.fixture
async def caller(box: Box) -> AsyncIterator[Caller]:
    async with box.client() as client:
        settings = {"user": USER}
        secrets = {"password": PASSWORD}
        yield Caller("imap", box.url, client, NOWHERE, settings=settings, secrets=secrets, connector=Imap())


async def took(caller: Caller, cursor: Any) -> tuple[list[Any], Any]:
    answer = await caller.triggered("mail.messages.take", {"cursor": cursor, "began": BEGAN}, "mail")
    assert isinstance(answer, Done), answer
    return answer.output["messages"], answer.output["cursor"]


def subjects(found: list[Any]) -> list[str]:
    return [one["data"]["subject"] if "data" in one else one["unfit"] for one in found]


async def test_what_comes_is_taken_once_and_moved_behind(caller: Caller, box: Box) -> None:
    box.make("Taken")
    box.make("Done")
    box.put(mail("One").as_bytes(), mail("Two").as_bytes(), folder="Taken")
    caller.change(folder="Taken", done="Done", mark="seen")
    found, cursor = await took(caller, None)
    assert subjects(found) == ["One", "Two"]
    box.put(mail("Three").as_bytes(), folder="Taken")
    found, cursor = await took(caller, cursor)
    assert (subjects(found), box.lying("Done")) == (["Three"], [("One", True), ("Two", True)])
    found, cursor = await took(caller, cursor)
    assert (found, box.lying("Taken")) == ([], [])
    assert await took(caller, cursor) == ([], cursor), "a cursor that was caught up stands still"


async def test_a_folder_that_is_numbered_anew_loses_nothing(caller: Caller, box: Box) -> None:
    written = '"&AMQ-nderungen &- mehr"'
    box.make(written)
    box.put(mail("One").as_bytes(), folder=written)
    caller.change(folder="Änderungen & mehr")
    first, cursor = await took(caller, None)
    box.anew(written)
    box.put(mail("Two").as_bytes(), folder=written)
    again, cursor = await took(caller, cursor)
    assert "numbered the folder anew" in subjects(again)[0]
    assert subjects(again)[1:] == ["One", "Two"]
    known = [(one["id"], one["version"]) for one in (*first, again[1])]
    assert known[0] == known[1], "what was told before is known"
    assert (await took(caller, cursor))[0] == []


async def test_a_backlog_comes_in_parts(caller: Caller, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.make("Backlog")
    box.put(*(mail(f"Nr {number}").as_bytes() for number in range(5)), folder="Backlog")
    caller.change(folder="Backlog")
    monkeypatch.setattr(taking, "_MOST", 2)
    monkeypatch.setattr(taking, "_STEP", 1)
    cursor, seen = None, []
    for _ in range(4):
        found, cursor = await took(caller, cursor)
        seen.append(subjects(found))
    assert seen == [["Nr 0", "Nr 1"], ["Nr 2", "Nr 3"], ["Nr 4"], []]


async def test_S_57_a_message_of_many_bytes_is_told_and_never_fetched(
    caller: Caller, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.make("Large")
    box.put(mail("Large", "x" * 70 + "\n").as_bytes() + b"y\r\n" * 2_000, mail("Small").as_bytes(), folder="Large")
    caller.change(folder="Large")
    monkeypatch.setattr(taking, "MOST_BYTES", 3_000)
    found, _ = await took(caller, None)
    assert subjects(found)[1:] == ["Small"]
    assert "bytes, and 3000 are taken: have what is in it sent in parts" in subjects(found)[0]


async def test_an_attachment_is_read_by_its_digest_also_when_it_was_moved(caller: Caller, box: Box) -> None:
    content = b"order,quantity\nPO-1,2.5\nPO-2,many\n"
    order = mail("With rows")
    order.add_attachment(content, maintype="text", subtype="csv", filename="orders.csv")
    order.add_attachment(b"PK\x03\x04none", maintype="application", subtype="zip", filename="a.zip")
    for one in ("Rows", "Rows done"):
        box.make(f'"{one}"')
    box.put(order.as_bytes(), folder="Rows")
    layout = {"format": "csv", "columns": [{"name": "order"}, {"name": "quantity", "kind": "decimal"}]}
    caller.change(folder="Rows", done="Rows done", layouts={"orders": layout})
    (message, *_), cursor = await took(caller, None)
    data = message["data"]
    place = {name: data[name] for name in ("uid", "uidvalidity", "message_id")}
    given = {**place, "sha256": data["attachments"][0]["sha256"]}
    assert given["sha256"] == hashlib.sha256(content).hexdigest()
    await took(caller, cursor)
    assert [len(box.lying(one)) for one in ("Rows", '"Rows done"')] == [0, 1]
    rows = await caller.done("mail.attachments.read", {**given, "as": "rows", "layout": "orders"})
    assert [one["values"] for one in rows["rows"]] == [{"order": "PO-1", "quantity": "2.5"}]
    assert [one["line"] for one in rows["faults"]] == [3]
    assert (await caller.done("mail.attachments.read", given))["text"] == content.decode()
    packed = await caller.done("mail.attachments.read", {**given, "as": "base64"})
    assert base64.b64decode(packed["base64"]) == content
    answer = await caller.call(
        "mail.attachments.read", {**given, "sha256": data["attachments"][1]["sha256"], "as": "base64"}
    )
    assert isinstance(answer, Failed)
    assert "no kind that is handed on" in answer.error.detail
    answer = await caller.call("mail.attachments.read", {**given, "sha256": "0" * 64})
    assert isinstance(answer, Failed)
    assert answer.error.status == 404


@pytest.mark.parametrize(
    ("settings", "secrets", "says"),
    [
        ({}, {"password": "wrong-password"}, "the setting `user` and at the secret `password`"),
        ({"folder": "Nowhere"}, {}, "the settings `folder` and `done`"),
        ({"base_url": "imaps://10.1.2.3"}, {}, "address is not public"),
    ],
)
async def test_F_20_each_mistake_says_what_to_change(
    caller: Caller, settings: dict[str, Any], secrets: dict[str, str], says: str
) -> None:
    caller.change(secrets=secrets, **settings)
    answer = await caller.call("mail.folder.check", {})
    assert isinstance(answer, Failed), answer
    assert says in answer.error.detail
    assert "wrong-password" not in answer.error.detail


async def test_nothing_is_moved_to_where_it_would_come_anew(caller: Caller) -> None:
    caller.change(done="inbox")
    answer = await caller.triggered("mail.messages.take", {"cursor": None, "began": BEGAN}, "mail")
    assert isinstance(answer, Failed)
    assert "The setting `done` names the folder" in answer.error.detail


async def test_S_55_nothing_is_said_to_a_server_whose_certificate_is_another_one_s(caller: Caller, box: Box) -> None:
    caller.change(base_url=f"imap://other.example.com:{box.port}")
    answer = await caller.call("mail.folder.check", {})
    assert isinstance(answer, Later)
    assert "does not verify" in answer.reason
    caller.change(base_url=f"imaps://{NAME}:{box.port}")
    answer = await caller.call("mail.folder.check", {})
    assert isinstance(answer, Later)
    assert "begin with `imaps:` where `imap:` is right" in answer.reason


async def test_a_token_that_a_person_authorised_lets_it_in_and_one_that_is_refused_is_renewed(caller: Caller) -> None:
    caller.change(**BY_TOKEN)
    caller.granted = Held("a-token-that-is-over", TOKEN)
    answer = await caller.call("mail.folder.check", {})
    assert isinstance(answer, Later), answer
    assert "another one is asked for" in answer.reason
    assert "a-token-that-is-over" not in answer.reason
    assert (await caller.done("mail.folder.check", {}))["folder"] == "INBOX"
