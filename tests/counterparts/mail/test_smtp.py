"""Mail is handed to a real server, over the guarded way and never without TLS where there is a password (S-55)."""

from __future__ import annotations

import asyncio
import base64

import pytest

from infra.egress import Client, OnePlace
from infra.encryption.secret import Secret
from infra.mail import smtp
from infra.mail.errors import NotDelivered
from infra.mail.server import Security, Server
from infra.mail.smtp import Envelope
from tests.counterparts.mail.mail_server import MailServer

DOTS = b"Subject: dots\r\n\r\n.\r\n..two\r\nMAIL FROM:<evil@example.com>\r\n.\r\nend\r\n"


def envelope(recipient: str = "clerk@example.com", content: bytes = DOTS) -> Envelope:
    return Envelope(sender="notices@mail.example", recipients=(recipient,), content=content)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
async def test_a_mail_arrives_as_it_was_written(mail_server: MailServer, security: Security) -> None:
    server = mail_server.server(security)
    async with mail_server.client(server) as client, smtp.opened(client, server) as session:
        await session.deliver(envelope())
        await session.deliver(envelope("second@example.com"))
    first, second = mail_server.taken(2)
    assert base64.b64decode(first["content"]) == DOTS
    assert (first["from"], first["to"], second["to"]) == (
        "notices@mail.example", ["clerk@example.com"], ["second@example.com"],
    )  # fmt: skip
    assert first["tls"] is (security != "none")
    assert first["authenticated"] is (security != "none")
    assert first["greeted"] == "mail.example"


async def test_S_55_a_server_whose_certificate_does_not_verify_gets_no_word_of_it(mail_server: MailServer) -> None:
    for security in ("starttls", "tls"):
        server = mail_server.server(security)
        async with mail_server.client(server, trusted=False) as client:
            with pytest.raises(NotDelivered, match="does not verify"):
                async with smtp.opened(client, server) as session:
                    await session.deliver(envelope())
    assert mail_server.taken() == []


async def test_S_55_the_name_in_the_certificate_is_the_one_that_was_set(mail_server: MailServer) -> None:
    server = mail_server.server("starttls", host="other.example.com")
    async with mail_server.client(server) as client:
        with pytest.raises(NotDelivered, match="does not verify"):
            async with smtp.opened(client, server):
                pass


async def test_where_starttls_is_not_offered_nothing_is_sent(mail_server: MailServer) -> None:
    server = mail_server.server("starttls", port=mail_server.ports["none"])
    async with mail_server.client(server) as client:
        with pytest.raises(NotDelivered, match="does not offer STARTTLS"):
            async with smtp.opened(client, server) as session:
                await session.deliver(envelope())
    assert mail_server.taken() == []


async def test_a_password_never_goes_in_the_clear(mail_server: MailServer) -> None:
    server = mail_server.server("none", user="waybill", password=Secret("correct horse"))
    async with mail_server.client(server) as client:
        with pytest.raises(NotDelivered, match="in TLS only") as refused:
            async with smtp.opened(client, server):
                pass
    assert refused.value.stage == "sign-in"


async def test_a_wrong_password_is_tried_again_later_and_is_nobodys_bounce(mail_server: MailServer) -> None:
    server = mail_server.server("starttls", password=Secret("wrong horse"))
    async with mail_server.client(server) as client:
        with pytest.raises(NotDelivered) as refused:
            async with smtp.opened(client, server):
                pass
    assert (refused.value.stage, refused.value.is_final) == ("sign-in", False)
    assert "wrong horse" not in str(refused.value)


@pytest.mark.parametrize(
    ("who", "stage", "is_final", "is_bounce"),
    [
        ("gone", "recipient", True, True),
        ("nobody", "recipient", True, True),
        ("unwelcome", "content", True, False),
        ("later", "recipient", False, False),
    ],
)
async def test_a_refused_recipient_leaves_the_session_to_the_next_mail(
    mail_server: MailServer, who: str, stage: str, *, is_final: bool, is_bounce: bool
) -> None:
    server = mail_server.server()
    async with mail_server.client(server) as client, smtp.opened(client, server) as session:
        with pytest.raises(NotDelivered) as refused:
            await session.deliver(envelope(f"{who}@example.com"))
        await session.deliver(envelope())
    found = refused.value
    assert (found.stage, found.is_final, found.is_bounce) == (stage, is_final, is_bounce)
    assert [one["to"] for one in mail_server.taken(1)] == [["clerk@example.com"]]


async def test_refused_content_is_final_and_no_bounce(mail_server: MailServer) -> None:
    server = mail_server.server("none")
    async with mail_server.client(server) as client, smtp.opened(client, server) as session:
        with pytest.raises(NotDelivered) as refused:
            await session.deliver(envelope(content=b"Subject: refuse me\r\n\r\nx\r\n"))
    assert (refused.value.stage, refused.value.is_final, refused.value.is_bounce) == ("content", True, False)


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\r.\r\n", b"a\r\n.\n", "ä\r\n".encode(), b"a\x00\r\n"])
async def test_what_is_not_in_wire_form_is_not_sent(mail_server: MailServer, content: bytes) -> None:
    server = mail_server.server("none")
    async with mail_server.client(server) as client, smtp.opened(client, server) as session:
        with pytest.raises(NotDelivered, match="wire form"):
            await session.deliver(envelope(content=content))
    assert mail_server.taken() == []


async def test_no_address_adds_a_command(mail_server: MailServer) -> None:
    server = mail_server.server("none")
    async with mail_server.client(server) as client, smtp.opened(client, server) as session:
        with pytest.raises(NotDelivered, match="what a command may not"):
            await session.deliver(envelope("a@example.com>\r\nRCPT TO:<evil@example.com"))
    assert mail_server.taken() == []


async def test_what_is_slipped_in_before_TLS_is_not_heard() -> None:
    """CVE-2011-0411: a second reply behind `220 ready` would be taken for one that came in TLS."""
    said: list[bytes] = []

    async def slip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        said.append(await reader.readline())
        writer.write(b"250-here\r\n250 STARTTLS\r\n")
        said.append(await reader.readline())
        writer.write(
            b"220 ready\r\n250-here\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n"
        )
        said.append(await reader.read(1024))
        writer.close()

    listener = await asyncio.start_server(slip, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    server = Server(
        host="127.0.0.1", port=port, security="starttls", greets_as="x", user="u", password=Secret("correct horse")
    )
    async with Client(OnePlace("127.0.0.1", port)) as client:
        with pytest.raises(NotDelivered, match="TLS"):
            async with smtp.opened(client, server) as session:
                await session.deliver(envelope())
    listener.close()
    assert said[:2] == [b"EHLO x\r\n", b"STARTTLS\r\n"]
    assert b"correct" not in b"".join(said)
    assert said[2][:1] == b"\x16"
