"""A mailbox of a real server, as its owner sees it: by the standard library's client, past the connector."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final

import msgspec

from infra.egress import Client, Guard
from tests.infra.egress.test_tls import NAME

USER: Final = "orders"
PASSWORD: Final = "canary-mailbox"  # noqa: S105 (a server on loopback)


class Box(msgspec.Struct, frozen=True):
    """`certificate`: the one that the server shows, for NAME."""

    port: int
    certificate: Path
    user: str = USER
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"imap://{NAME}:{self.port}"

    @contextmanager
    def owner(self) -> Iterator[imaplib.IMAP4]:
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False
        with imaplib.IMAP4("127.0.0.1", self.port) as found:
            found.starttls(context)
            found.login(self.user, self.password)
            yield found

    def put(self, *messages: bytes, folder: str = "INBOX") -> None:
        with self.owner() as owner:
            for one in messages:
                assert owner.append(folder, None, None, one)[0] == "OK"

    def make(self, folder: str) -> None:
        with self.owner() as owner:
            assert owner.create(folder)[0] == "OK"

    def anew(self, folder: str) -> None:
        """The same messages under new numbers, as after a move of the server."""
        with self.owner() as owner:
            assert owner.rename(folder, "Before")[0] == "OK"
            assert owner.create(folder)[0] == "OK"
            owner.select("Before")
            assert owner.copy("1:*", folder)[0] == "OK"

    def lying(self, folder: str = "INBOX") -> list[tuple[str, bool]]:
        """Subject of each message, and whether it counts as seen."""
        with self.owner() as owner:
            assert owner.select(folder, readonly=True)[0] == "OK"
            numbers = owner.search(None, "ALL")[1][0].split()
            found = []
            for number in numbers:
                parts: Any = owner.fetch(number, "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
                subject = re.sub(rb"(?i)subject: ", b"", parts[0][1]).strip().decode()
                flags = b" ".join(part if isinstance(part, bytes) else part[0] for part in parts)
                found.append((subject, b"\\Seen" in flags))
            return found

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """The way to it; NAME leads to this machine, where a resolver would say so."""

        async def resolve(_name: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

        trust = ssl.create_default_context(cafile=str(self.certificate))
        async with Client(Guard(allow_loopback=True, resolve=resolve), trust=trust) as client:
            yield client


def mail(subject: str, text: str = "Please see the attachment.", **changes: Any) -> EmailMessage:
    """`message_id`: without one, it is made of the subject."""
    found = EmailMessage(policy=SMTP)
    found["From"] = "Bea Buyer <buyer@acme.example>"
    found["To"] = "orders@parts.example"
    found["Subject"] = subject
    found["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    found["Message-ID"] = changes.get("message_id", f"<{subject.lower().replace(' ', '-')}@acme.example>")
    found.set_content(text)
    return found
