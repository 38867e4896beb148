"""A server of mailboxes may be anybody's: what it says is read within bounds, and nothing before TLS counts."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from infra.egress import Client, Destination, Dial, Guard
from infra.encryption.secret import Secret
from infra.mail import imap, mailbox_names
from infra.mail.errors import NotRead
from infra.mail.imap import Login, Mailbox

GREETING = b"* OK here\r\n"
LOGIN = Login(user="orders", password=Secret("canary-mailbox"))


class Talker:
    """Says what it was given, an answer a line that comes, whatever that is."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.answers.pop(0))
        while self.answers and (line := await reader.readline()):
            self.heard.append(line)
            writer.write(self.answers.pop(0).replace(b"TAG", line.partition(b" ")[0]))
        await reader.read()
        writer.close()


@asynccontextmanager
async def speaking(talker: Talker, most: int = 1_000_000, login: Login = LOGIN) -> AsyncIterator[Mailbox]:
    server = await asyncio.start_server(talker, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    ways = Destination(ports=frozenset({port}), allow_http=True)
    dial = Dial(protocol="imap", host="127.0.0.1", port=port, tls=False, destination=ways)
    async with (
        server,
        Client(Guard(allow_loopback=True)) as client,
        client.dial(UUID(int=1), dial) as wire,
        imap.begun(wire, login, most) as mailbox,
    ):
        yield mailbox


IN = (GREETING, b"* CAPABILITY IMAP4rev1\r\nTAG OK\r\n", b"TAG OK in\r\n", b"* CAPABILITY IMAP4rev1 MOVE\r\nTAG OK\r\n")


async def test_S_57_a_size_is_a_number_that_somebody_said() -> None:
    talker = Talker(*IN, b"* 1 FETCH (UID 1 BODY[]<0> {4294967295}\r\nx", b"")
    async with speaking(talker) as mailbox:
        with pytest.raises(NotRead) as refused:
            await mailbox.read(1, 100)
    assert refused.value.stage == "large"


async def test_S_57_who_talks_without_end_is_hung_up_on() -> None:
    async with speaking(Talker(*IN, b"* 1 EXISTS\r\n" * 50_000, b""), most=100_000) as mailbox:
        with pytest.raises(NotRead) as refused:
            await mailbox.open("INBOX")
    assert refused.value.stage == "large"
    async with speaking(Talker(*IN, b"* x" + b"y" * 600_000, b"")) as mailbox:
        with pytest.raises(NotRead, match="does not speak IMAP"):
            await mailbox.open("INBOX")


@pytest.mark.parametrize(
    ("answers", "stage"),
    [
        ((b"* PREAUTH welcome\r\n",), "connection"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), "connection"),
        ((GREETING, b"* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"), "starttls"),
    ],
)
async def test_S_55_no_password_is_said_where_TLS_did_not_begin(answers: tuple[bytes, ...], stage: str) -> None:
    talker = Talker(*answers, b"", b"")
    with pytest.raises(NotRead) as refused:
        async with speaking(talker, login=Login(user="orders", password=LOGIN.password, host="127.0.0.1")):
            pass
    assert refused.value.stage == stage
    assert b"canary" not in b"".join(talker.heard)


async def test_what_a_person_wrote_is_no_command() -> None:
    talker = Talker(*IN, b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\nTAG OK\r\n", b"")
    async with speaking(talker) as mailbox:
        assert await mailbox.named('<a"@b>') == []
        folder = await mailbox.open('Ä "x" \\ & y')
        assert (folder.validity, folder.following) == (7, 9)
        with pytest.raises(NotRead, match="may not"):
            await mailbox.mark([1], "x\r\na9 DELETE INBOX")
    assert talker.heard[-1].endswith(b'EXAMINE "&AMQ- \\"x\\" \\\\ &- y"\r\n')
    assert mailbox_names.quoted("日本") == '"&ZeVnLA-"'


async def test_a_message_may_come_as_a_quoted_text() -> None:
    talker = Talker(*IN, b'* 1 FETCH (UID 5 BODY[]<0> "a \\"b\\")")\r\nTAG OK\r\n', b"TAG OK\r\n", b"")
    async with speaking(talker) as mailbox:
        assert await mailbox.read(5, 100) == b'a "b")'
        assert await mailbox.read(5, 100) is None


TOKEN = Login(user="orders@acme.example", token=Secret("canary-access-token"))
OFFERED = (GREETING, b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN\r\nTAG OK\r\n", b"+ \r\n")


async def test_a_token_is_said_as_it_is_asked_for_and_no_password_beside_it() -> None:
    talker = Talker(*OFFERED, b"a2 OK in\r\n", b"* CAPABILITY IMAP4rev1 MOVE\r\nTAG OK\r\n")
    async with speaking(talker, login=TOKEN):
        pass
    assert talker.heard[1].endswith(b" AUTHENTICATE XOAUTH2\r\n")
    assert base64.b64decode(talker.heard[2]) == b"user=orders@acme.example\1auth=Bearer canary-access-token\1\1"


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((*OFFERED, b"+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", b"a2 NO Invalid credentials\r\n"), "Invalid credentials"),
        ((*OFFERED, b"a2 NO Not here\r\n"), "Not here"),
        ((GREETING, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK\r\n"), "AUTH=XOAUTH2"),
    ],
)
async def test_S_56_a_token_that_is_refused_is_no_secret_of_the_error(answers: tuple[bytes, ...], why: str) -> None:
    talker = Talker(*answers, b"", b"")
    with pytest.raises(NotRead, match=why) as refused:
        async with speaking(talker, login=TOKEN):
            pass
    assert refused.value.stage == "sign-in"
    assert "canary" not in str(refused.value)
