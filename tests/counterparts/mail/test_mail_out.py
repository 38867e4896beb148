"""The connector `smtp` on a real server: a mail is taken once, or a person is asked; nothing given ends a line."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from email.policy import SMTP
from typing import Any

import pytest

from services.connectors.builtin.smtp import sent
from services.connectors.builtin.smtp.connector import Smtp
from services.engine.expressions.evaluator import NOWHERE
from services.engine.functions import Done, Failed, Later, Unknown
from tests import certifying
from tests.counterparts.calling import Caller
from tests.counterparts.mail.held import BY_TOKEN, Held
from tests.counterparts.mail.install import MAIL
from tests.counterparts.mail.mail_server import MailServer
from tests.counterparts.mail.mailbox import Box
from tests.infra.egress.test_tls import NAME

pytestmark = pytest.mark.certifies("smtp")
PASSWORD = "correct horse"  # noqa: S105 (a server on loopback)
MAIL_OUT: dict[str, Any] = {"to": ["clerk@acme.example"], "subject": "Your order PO-1", "text": "It has left.\n.\n"}
SETTINGS: dict[str, Any] = {"user": "waybill", "sender": "orders@parts.example", "allow_http": False}


@pytest.fixture
async def caller(mail_server: MailServer) -> AsyncIterator[Caller]:
    certifying.saw("smtp", MAIL.requirements.read_text().split()[0].replace("==", " "))
    async with mail_server.guarded() as client:
        yield Caller(
            "smtp",
            f"smtp://{NAME}:{mail_server.ports['starttls']}",
            client,
            NOWHERE,
            settings=SETTINGS,
            secrets={"password": PASSWORD},
            connector=Smtp(),
        )


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_mail_arrives_whole_in_TLS_under_an_id_of_its_call(
    caller: Caller, mail_server: MailServer, scheme: str
) -> None:
    port = mail_server.ports["starttls" if scheme == "smtp" else "tls"]
    layout = {"format": "csv", "columns": [{"name": "order"}, {"name": "quantity", "kind": "decimal"}]}
    caller.change(base_url=f"{scheme}://{NAME}:{port}", layouts={"orders": layout}, sender_name="Große Teile")
    rows = [{"order": "PO-1", "quantity": "2.5"}]
    files = [
        {"name": "orders.csv", "rows": rows, "layout": "orders"},
        {"name": "rows.jsonl", "rows": rows},
        {"name": "Lieferschein ä.txt", "text": "Grüße"},
    ]
    given = {
        **MAIL_OUT,
        "cc": ["second@acme.example", "clerk@acme.example"],
        "subject": "Größe: " + "x" * 250,
        "reply_to": "desk@parts.example",
        "in_reply_to": "<asked@acme.example>",
        "attachments": files,
    }
    answers = [await caller.done("mail.messages.send", given, key) for key in ("key-1", "key-1", "key-2")]
    assert [one["message_id"] == answers[0]["message_id"] for one in answers] == [True, True, False]
    assert answers[0]["recipients"] == 2
    found, taken = mail_server.messages(3)[0], mail_server.taken(3)[0]
    assert (taken["from"], taken["to"]) == ("orders@parts.example", ["clerk@acme.example", "second@acme.example"])
    assert (taken["tls"], taken["authenticated"], taken["greeted"]) == (True, True, "parts.example")
    assert (found["Message-ID"], found["In-Reply-To"]) == (answers[0]["message_id"], "<asked@acme.example>")
    assert (found["Subject"], found["From"]) == (given["subject"], "Große Teile <orders@parts.example>")
    body = found.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == MAIL_OUT["text"].splitlines()
    sent = {one.get_filename(): one.get_payload(decode=True) for one in found.iter_attachments()}
    assert sent == {
        "orders.csv": b"order,quantity\nPO-1,2.5\n",
        "rows.jsonl": b'{"order":"PO-1","quantity":"2.5"}\n',
        "Lieferschein ä.txt": "Grüße".encode(),
    }


async def test_S_102_nothing_that_is_given_becomes_a_header_or_a_command(
    caller: Caller, mail_server: MailServer
) -> None:
    for given in (
        {"to": ["a@acme.example>\r\nRCPT TO:<evil@example.com"]},
        {"to": ["a@acme.example\r\n"]},
        {"cc": ["Clerk <a@acme.example>, evil@example.com"]},
        {"subject": "x\r\nBcc: evil@example.com"},
        {"subject": "x\u2028Bcc: evil@example.com"},
        {"reply_to": "a@acme.example\nBcc: evil@example.com"},
        {"in_reply_to": "<a>\r\nBcc: <evil@example.com>"},
        {"attachments": [{"name": 'a"\r\nBcc: evil@example.com', "text": ""}]},
    ):
        answer = await caller.call("mail.messages.send", {**MAIL_OUT, **given})
        assert isinstance(answer, Failed), given
        assert answer.error.type.endswith("/validation")
    # No server has said a word of it, and none ever takes it: it is not sent again and again.
    assert isinstance(await caller.call("mail.messages.send", {**MAIL_OUT, "text": "a\0b"}), Failed)
    assert mail_server.taken() == []
    await caller.done("mail.messages.send", {**MAIL_OUT, "text": "\r\n.\r\nMAIL FROM:<evil@example.com>\r\n"})
    assert [one["to"] for one in mail_server.taken(1)] == [MAIL_OUT["to"]]


@pytest.mark.parametrize(
    ("settings", "secrets", "says"),
    [
        ({}, {"password": "wrong horse"}, "Look at the setting `user` and at the secret `password`"),
        ({"base_url": "https://mail.acme.example"}, {}, "The setting `base_url` is no address such as smtps://"),
        ({"allow_http": True}, {}, "A password is sent in TLS only"),
        ({"base_url": f"smtp://{NAME}:22"}, {}, "Port 22 belongs to another protocol"),
        ({"base_url": "smtp://10.1.2.3:587"}, {}, "address is not public"),
    ],
)
async def test_F_20_each_mistake_says_what_to_change_and_no_secret(
    caller: Caller, mail_server: MailServer, settings: dict[str, Any], secrets: dict[str, str], says: str
) -> None:
    caller.change(secrets=secrets, **settings)
    for operation, given in (("mail.server.check", {}), ("mail.messages.send", MAIL_OUT)):
        answer = await caller.call(operation, given)
        assert isinstance(answer, Failed), answer
        assert says in answer.error.detail
        assert "horse" not in answer.error.detail
    assert mail_server.taken() == []


async def test_S_55_nothing_is_said_to_a_server_that_is_not_known_to_be_it(
    caller: Caller, mail_server: MailServer
) -> None:
    caller.change(base_url=f"smtp://{NAME}:{mail_server.ports['none']}")
    answer = await caller.call("mail.messages.send", MAIL_OUT)
    assert isinstance(answer, Failed)
    assert "does not offer STARTTLS" in answer.error.detail
    caller.change(base_url=f"smtp://other.example.com:{mail_server.ports['starttls']}")
    answer = await caller.call("mail.messages.send", MAIL_OUT)
    assert isinstance(answer, Later)
    assert ("does not verify" in answer.reason, answer.uncertain) == (True, False)
    caller.change(base_url=f"smtps://{NAME}:{mail_server.ports['starttls']}")
    answer = await caller.call("mail.messages.send", MAIL_OUT)
    assert isinstance(answer, Later)
    assert "begin with `smtps:` where `smtp:` is right" in answer.reason
    assert mail_server.taken() == []


async def test_without_TLS_and_without_an_account_where_the_connection_says_so(
    caller: Caller, mail_server: MailServer
) -> None:
    caller.change(base_url=f"smtp://127.0.0.1:{mail_server.ports['none']}", allow_http=True, user="")
    assert await caller.done("mail.server.check", {}) == {"signed_in": False}
    await caller.done("mail.messages.send", MAIL_OUT)
    assert [one["tls"] for one in mail_server.taken(1)] == [False]


@pytest.mark.parametrize(
    ("who", "subject", "says"),
    [
        ("gone", "x", "It takes no mail for one of the recipients (550 5.1.1"),
        ("unwelcome", "x", "It refuses the mail (550 5.7.1"),
        ("clerk", "refuse me", "It refuses the mail (554 5.6.0"),
    ],
)
async def test_where_one_is_refused_nobody_is_sent_it(
    caller: Caller, mail_server: MailServer, who: str, subject: str, says: str
) -> None:
    given = {**MAIL_OUT, "to": ["first@acme.example", f"{who}@acme.example"], "subject": subject}
    answer = await caller.call("mail.messages.send", given)
    assert isinstance(answer, Failed)
    assert says in answer.error.detail
    assert mail_server.taken() == []


async def test_F_03_what_may_have_been_taken_is_a_person_s_question_and_what_was_not_is_sent_again(
    caller: Caller, mail_server: MailServer
) -> None:
    answer = await caller.call("mail.messages.send", {**MAIL_OUT, "to": ["later@acme.example"]})
    assert isinstance(answer, Later)
    assert "451 4.3.0" in answer.reason
    assert not answer.uncertain
    answer = await caller.call("mail.messages.send", {**MAIL_OUT, "to": ["cut-early@acme.example"]})
    assert isinstance(answer, Later)
    assert not answer.uncertain
    assert mail_server.taken() == []
    answer = await caller.through("mail.messages.send", {**MAIL_OUT, "to": ["cut-late@acme.example"]}, "key-1")
    assert isinstance(answer, Unknown)
    assert mail_server.messages(1)[0]["Message-ID"] in answer.error.detail
    assert PASSWORD not in repr(answer)
    assert base64.b64encode(PASSWORD.encode()).decode() not in repr(answer)


async def test_F_03_what_the_server_filed_was_sent_and_what_is_not_there_is_asked(
    caller: Caller, mail_server: MailServer, sent_box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "_PAUSE", 0.0)
    caller.change(sent_url=sent_box.url)
    given = {**MAIL_OUT, "to": ["cut-late@acme.example"]}
    assert isinstance(await caller.through("mail.messages.send", given, "key-1"), Unknown)
    filed = mail_server.messages(1)[0]
    sent_box.put(filed.as_bytes(policy=SMTP), folder="Sent")
    answer = await caller.through("mail.messages.send", given, "key-1")
    assert isinstance(answer, Done), answer
    assert answer.output == {"message_id": filed["Message-ID"], "recipients": 1}
    caller.change(sent_folder="Nowhere")
    answer = await caller.settled("mail.messages.send", given, "key-1")
    assert isinstance(answer, Unknown)
    assert "`sent_folder`" in answer.error.detail


async def test_S_56_a_mailbox_at_another_server_is_not_told_the_password(
    caller: Caller, mail_server: MailServer, sent_box: Box
) -> None:
    given = {**MAIL_OUT, "to": ["cut-late@acme.example"]}
    await caller.call("mail.messages.send", given, "key-1")
    sent_box.put(mail_server.messages(1)[0].as_bytes(policy=SMTP), folder="Sent")
    caller.change(sent_url=sent_box.url, base_url=f"smtp://other.example.com:{mail_server.ports['starttls']}")
    answer = await caller.settled("mail.messages.send", given, "key-1")
    assert isinstance(answer, Unknown), answer
    assert "give that of the mailbox as the secret `sent_password`" in answer.error.detail
    caller.change(secrets={"sent_password": PASSWORD})
    assert isinstance(await caller.settled("mail.messages.send", given, "key-1"), Done)


async def test_a_token_that_a_person_authorised_sends_a_mail_and_one_that_is_refused_is_renewed(
    caller: Caller, mail_server: MailServer
) -> None:
    caller.change(**BY_TOKEN)
    caller.granted = Held("a-token-that-is-over", "token-of-the-mailbox")
    answer = await caller.call("mail.messages.send", MAIL_OUT)
    assert isinstance(answer, Later), answer
    assert ("another one is asked for" in answer.reason, answer.uncertain) == (True, False)
    assert "a-token-that-is-over" not in answer.reason
    await caller.done("mail.messages.send", MAIL_OUT)
    assert [one["authenticated"] for one in mail_server.taken(1)] == [True]
    caller.granted = None
    refused = await caller.call("mail.messages.send", MAIL_OUT)
    assert isinstance(refused, Failed), "a process that holds nothing says so, and sends no password"


async def test_a_server_that_lets_us_in_is_well(caller: Caller) -> None:
    answer = await caller.call("mail.server.check", {})
    assert isinstance(answer, Done)
    assert answer.output == {"signed_in": True}
