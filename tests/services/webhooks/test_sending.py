"""S-47: whatever a receiver does, a try ends in time, keeps little, and goes nowhere else."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra import ids
from infra.egress import Client, Guard
from services.webhooks import sending, signing
from services.webhooks.sending import Outcome, Posting
from tests.infra.egress.test_tls import DAY, NAME, certificate, on_loopback
from tests.services.webhooks.receiver import Receiver, verifies

SECRET = signing.new_secret()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(Guard(allow_loopback=True)) as client:
        yield client


def posting(url: str) -> Posting:
    return Posting(
        tenant_id=ids.new(), message_id=ids.new(), url=url, body=b'{"type":"order.shipped"}', secrets=[SECRET]
    )


async def sent(client: Client, receiver: Receiver) -> Outcome:
    return await sending.send(client, posting(receiver.url))


async def test_A18_a_message_is_signed_as_standard_webhooks_has_it_and_names_no_product(
    client: Client, receiver: Receiver
) -> None:
    receiver.says("200 OK", body=b"thanks")
    made = posting(receiver.url)
    outcome = await sending.send(client, made)
    assert (outcome.is_success, outcome.status, outcome.answer, outcome.error) == (True, 200, "thanks", None)
    got = receiver.got[0]
    assert verifies(got, SECRET.reveal()) == 1
    assert verifies(got, signing.new_secret().reveal()) == 0
    assert (got.id, got.body) == (ids.show("msg", made.message_id), made.body)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"] == "integration/1.0"
    assert not any("waybill" in f"{name}{value}".lower() for name, value in got.headers.items())


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("location", ["http://169.254.169.254/latest", "/elsewhere", "//evil.example"])
async def test_S_47_a_redirect_is_a_failure_and_is_never_followed(
    client: Client, receiver: Receiver, status: str, location: str
) -> None:
    receiver.says(status, f"Location: {location}")
    outcome = await sent(client, receiver)
    assert (outcome.is_success, outcome.error) == (False, "a redirect is not followed")
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "404 None", "410 Gone", "429 Slow", "500 Oh", "503 Away"])
async def test_S_47_every_other_status_is_a_failure(client: Client, receiver: Receiver, status: str) -> None:
    receiver.says(status, "Retry-After: 7")
    outcome = await sent(client, receiver)
    assert (outcome.is_success, outcome.status) == (False, int(status[:3]))
    assert outcome.retry_after == (7.0 if status[:3] in {"429", "503"} else None)


async def test_S_47_of_an_answer_without_end_little_is_read_and_less_kept(client: Client, receiver: Receiver) -> None:
    written = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"4000\r\n" + b"\x00" + b"a" * 0x3FFF + b"\r\n")
            written += 0x4000
            await writer.drain()

    receiver.answer = endless
    outcome = await sent(client, receiver)
    assert (outcome.is_success, outcome.answer) == (True, "a" * 4096)
    # What the kernel's buffers took beside what was read.
    assert written < 16 * 1024 * 1024


async def test_S_47_an_answer_byte_by_byte_ends_with_the_time_of_the_try(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 2.0)

    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"b")
            await writer.drain()
            await asyncio.sleep(0.02)

    receiver.answer = dripping
    outcome = await sent(client, receiver)
    assert outcome.is_success, "it said that it has the message"
    assert set(outcome.answer) <= {"b"}
    assert outcome.seconds < 30


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-A: ", b""])
async def test_S_47_a_head_byte_by_byte_and_silence_are_failures(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)

    async def never(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            if head:
                writer.write(b"c")
            await writer.drain()
            await asyncio.sleep(0.02)

    receiver.answer = never
    outcome = await sent(client, receiver)
    assert (outcome.is_success, outcome.status) == (False, None)
    assert (outcome.error or "").startswith("timeout:")


async def test_S_47_headers_without_end_are_a_failure(client: Client, receiver: Receiver) -> None:
    async def headers(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"X-A: " + b"a" * 60_000 + b"\r\n")
            await writer.drain()

    receiver.answer = headers
    outcome = await sent(client, receiver)
    assert (outcome.is_success, outcome.status) == (False, None)


async def test_S_47_a_cut_connection_and_nobody_there_are_failures(client: Client, receiver: Receiver) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    receiver.answer = cut
    assert (await sent(client, receiver)).error == "cut: the connection ended before the answer did"
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        nobody = await sending.send(client, posting(f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert (nobody.error or "").startswith("connect:")


async def test_S_47_S_50_an_address_inside_is_refused_before_anything_is_sent(receiver: Receiver) -> None:
    async def inside(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with Client(Guard(resolve=inside)) as strict:
        literal = await sending.send(strict, posting("https://169.254.169.254/hooks"))
        named = await sending.send(strict, posting(f"https://hooks.example.com:{receiver.port}/"))
        plain = await sending.send(strict, posting("http://93.184.216.34/hooks"))
    assert [one.error for one in (literal, named, plain)] == ["refused: address", "refused: address", "refused: scheme"]
    assert receiver.got == []


@asynccontextmanager
async def in_tls(pem: Path, key: Path) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A receiver with that certificate: its address, and what came."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://{NAME}:{listener.sockets[0].getsockname()[1]}/", heads
    finally:
        listener.close()


async def test_S_47_a_certificate_that_nobody_vouches_for_is_a_failure(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    async with in_tls(pem, key) as (url, heads):
        async with Client(Guard(allow_loopback=True, resolve=on_loopback)) as client:
            outcome = await sending.send(client, posting(url))
            assert outcome.error == "connect: the certificate does not verify: self-signed certificate"
        assert heads == []
        trust = ssl.create_default_context(cafile=pem)
        async with Client(Guard(allow_loopback=True, resolve=on_loopback), trust=trust) as client:
            assert (await sending.send(client, posting(url))).is_success


async def test_S_47_a_certificate_that_is_over_is_a_failure(tmp_path: Path) -> None:
    """Whoever vouches for it."""
    pem, key = certificate(tmp_path, until=-DAY)
    trust = ssl.create_default_context(cafile=pem)
    guard = Guard(allow_loopback=True, resolve=on_loopback)
    async with in_tls(pem, key) as (url, heads), Client(guard, trust=trust) as client:
        outcome = await sending.send(client, posting(url))
        assert outcome.error == "connect: the certificate does not verify: certificate has expired"
        assert heads == []
