"""The way out for protocols that are not HTTP keeps the same rules (S-50, S-51, S-52, S-54)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.egress import Client, Destination, Dial, Failed, Guard, Refused, Request
from tests.infra.egress.test_addresses import EVERY_PORT, NAMES, SPELLINGS
from tests.infra.egress.test_tls import NAME, certificate


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("169.254.169.254", "address"),
        ("10.0.0.1", "address"),
        ("127.0.0.1", "address"),
        ("::1", "address"),
        ("192.0.0.192", "address"),
        ("127.1", "host"),
        ("2130706433", "host"),
        ("a b", "host"),
        ("ok@evil.example", "userinfo"),
        ("evil.example/x", "host"),
    ],
)
async def test_S_50_S_51_no_protocol_reaches_an_address_inside(
    strict: Client, tenant: UUID, host: str, rule: str
) -> None:
    with pytest.raises(Refused) as refused:
        async with strict.dial(tenant, Dial(protocol="grpc", host=host, port=443, tls=True)):
            pass
    assert refused.value.rule == rule


@pytest.mark.parametrize("host", SPELLINGS)
async def test_S_50_S_51_no_spelling_opens_a_socket_on_any_way_out(
    host: str, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def from_table(name: str, _port: int) -> list[str]:
        return NAMES[name]

    def no_socket(*_args: Any, **_more: Any) -> socket.socket:
        raise AssertionError("a socket was opened")

    request = Request(method="GET", url=f"http://{host}/", destination=EVERY_PORT)
    dial = Dial(protocol="mqtt", host=host.strip("[]"), port=8883, tls=True, destination=EVERY_PORT)
    async with Client(Guard(resolve=from_table)) as client:
        monkeypatch.setattr(socket, "socket", no_socket)
        files = Dial(protocol="sftp", host=host.strip("[]"), port=22, tls=False, destination=EVERY_PORT)
        ways = (client.stream(tenant, request), client.websocket(tenant, request), client.dial(tenant, dial))
        for way in (*ways, client.plugged(tenant, files)):
            with pytest.raises(Refused) as refused:
                async with way:
                    pass
            assert refused.value.rule in {"address", "host", "url"}


async def test_S_52_every_address_of_a_name_must_pass_for_a_dial(tenant: UUID) -> None:
    async def mixed(_name: str, _port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.5"]

    async with Client(Guard(resolve=mixed)) as client:
        with pytest.raises(Refused) as refused:
            async with client.dial(tenant, Dial(protocol="mqtt", host="broker.example", port=8883, tls=True)):
                pass
    assert refused.value.rule == "address"


@pytest.mark.parametrize(
    ("protocol", "port", "tls", "rule"),
    [
        ("grpc", 6379, True, "port"),
        ("grpc", 22, True, "port"),
        ("mqtt", 25, True, "port"),
        ("redis", 5432, True, "port"),
        ("postgresql", 6379, True, "port"),
        ("postgresql", 5432, False, "scheme"),
        ("grpc", 8443, True, "port"),
        ("mqtt", 1883, False, "scheme"),
        ("redis", 6379, False, "scheme"),
    ],
)
async def test_S_54_a_dial_goes_to_its_protocols_ports_and_by_tls(
    strict: Client,
    tenant: UUID,
    protocol: Any,
    port: int,
    tls: bool,  # noqa: FBT001 (a table)
    rule: str,
) -> None:
    with pytest.raises(Refused) as refused:
        async with strict.dial(tenant, Dial(protocol=protocol, host="example.com", port=port, tls=tls)):
            pass
    assert refused.value.rule == rule


async def test_tls_is_verified_against_the_name_of_a_dial(tmp_path: Path, tenant: UUID) -> None:
    pem, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    async def here(_name: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    trust = ssl.create_default_context(cafile=str(pem))
    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        to = Destination(ports=frozenset({port}))
        async with Client(Guard(allow_loopback=True, resolve=here), trust=trust) as client:
            dial = Dial(protocol="mqtt", host=NAME, port=port, tls=True, destination=to)
            async with client.dial(tenant, dial) as wire:
                assert await wire.reader.readline() == b"hello\n"
            with pytest.raises(Failed) as failed:
                async with client.dial(
                    tenant, Dial(protocol="mqtt", host="other.example.com", port=port, tls=True, destination=to)
                ):
                    pass
    assert (failed.value.kind, failed.value.sent) == ("connect", False)
    assert "certificate" in failed.value.detail


async def test_nobody_listening_is_a_failure_that_sent_nothing(client: Client, tenant: UUID) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(Failed) as failed:
        async with client.dial(tenant, Dial(protocol="redis", host="127.0.0.1", port=port, tls=False)):
            pass
    assert (failed.value.kind, failed.value.sent) == ("connect", False)


async def test_one_tenant_holds_a_bounded_number_of_connections(
    client: Client, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.egress.client.HELD_PER_TENANT", 1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        dial = Dial(protocol="redis", host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls=False)
        async with client.dial(tenant, dial):
            with pytest.raises(Failed):
                async with client.dial(tenant, dial):
                    pass
            async with client.dial(UUID(int=2), dial):
                pass
        async with client.dial(tenant, dial):
            pass
