"""S-50, S-51, S-52: what may not be called, through the real client, and at the rule itself."""

from __future__ import annotations

import asyncio
import socket
from typing import Any
from uuid import UUID

import pytest

from infra.egress import Client, Destination, Failed, Guard, Refused, Request
from infra.egress.addresses import read as read_address

EVERY_PORT = Destination(allow_http=True)

SPELLINGS = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.255",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0X7F.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.01",
    "127.0.0.1.",
    "0",
    "0.0.0.0",  # noqa: S104 (refused, not bound)
    "0x0",
    "127。0。0。1",
    "127．0．0．1",  # noqa: RUF001 (the look-alike under test)
    "１２７.0.0.1",  # noqa: RUF001
    "①②⑦.⓪.⓪.①",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[::169.254.169.254]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "100.100.100.200",
    "100.64.0.1",
    "192.0.0.192",
    "192.0.0.1",
    "168.63.129.16",
    "192.88.99.1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.1.1",
    "198.18.0.1",
    "192.0.2.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[2001:db8::1]",
    "[100::1]",
    "metadata.google.internal",
    "metadata.google.internal.",
    "kubernetes.default.svc",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "postgres",
    "redis",
]
NAMES = {
    "metadata.google.internal": ["169.254.169.254"],
    "kubernetes.default.svc": ["10.96.0.1"],
    "localhost": ["127.0.0.1", "::1"],
    "postgres": ["172.20.0.3"],
    "redis": ["fd12::5"],
}


@pytest.mark.parametrize("host", SPELLINGS)
async def test_S_50_S_51_no_spelling_of_an_inside_address_is_called(
    host: str, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def from_table(name: str, _port: int) -> list[str]:
        return NAMES[name]

    def no_socket(*_args: Any, **_more: Any) -> socket.socket:
        raise AssertionError("a socket was opened")

    async with Client(Guard(resolve=from_table)) as client:
        monkeypatch.setattr(socket, "socket", no_socket)
        with pytest.raises(Refused) as refused:
            await client.send(tenant, Request(method="GET", url=f"http://{host}/", destination=EVERY_PORT))
    assert refused.value.rule in {"address", "host", "url"}


@pytest.mark.parametrize("text", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_pass(text: str) -> None:
    assert Guard().allows(read_address(text))


@pytest.mark.parametrize(
    "answers",
    [
        ["93.184.216.34", "127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["2606:4700::1111", "::1"],
        ["93.184.216.34", "::ffff:10.0.0.1"],
        ["93.184.216.34", "fe80::1%eth0"],
        ["93.184.216.34", "not an address"],
    ],
)
async def test_S_52_one_inside_address_among_the_answers_refuses_the_name(answers: list[str], tenant: UUID) -> None:
    async def mixed(_name: str, _port: int) -> list[str]:
        return answers

    async with Client(Guard(resolve=mixed)) as client:
        with pytest.raises(Refused) as refused:
            await client.send(tenant, Request(method="GET", url="https://erp.example.com/"))
    assert refused.value.rule == "address"


async def test_S_52_a_name_is_resolved_once_per_connection_and_dialled_as_answered(
    serve: Any, answer: Any, tenant: UUID
) -> None:
    asked: list[str] = []

    async def rebinding(name: str, _port: int) -> list[str]:
        asked.append(name)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    server = await serve(answer(b"ok"))
    request = Request(
        method="GET",
        url=f"http://erp.example.com:{server.port}/",
        destination=Destination(allow_http=True, ports=frozenset({server.port})),
    )
    async with Client(Guard(allow_loopback=True, resolve=rebinding)) as client:
        for _ in range(3):
            assert (await client.send(tenant, request)).body == b"ok"
    assert asked == ["erp.example.com"]
    assert server.connections == 1
    assert f"Host: erp.example.com:{server.port}" in server.heads[0]


async def test_S_52_each_new_connection_is_checked_anew(serve: Any, tenant: UUID) -> None:
    """A name that was public when the first connection was made leads inside when the next one is."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(_name: str, _port: int) -> list[str]:
        return answers.pop(0)

    async def once(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()

    server = await serve(once)
    request = Request(
        method="GET",
        url=f"http://erp.example.com:{server.port}/",
        destination=Destination(allow_http=True, ports=frozenset({server.port})),
    )
    async with Client(Guard(allow_loopback=True, resolve=rebinding)) as client:
        assert (await client.send(tenant, request)).status == 200
        with pytest.raises(Refused) as refused:
            await client.send(tenant, request)
    assert refused.value.rule == "address"
    assert len(server.heads) == 1


async def test_a_resolver_that_does_not_answer_fails_unsent(tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_name: str, _port: int) -> list[str]:
        await asyncio.get_running_loop().create_future()
        return []

    monkeypatch.setattr("infra.egress.guard.RESOLVE_SECONDS", 0.01)
    async with Client(Guard(resolve=never)) as client:
        with pytest.raises(Failed) as failed:
            await client.send(tenant, Request(method="GET", url="https://erp.example.com/"))
    assert (failed.value.kind, failed.value.sent) == ("resolve", False)


def test_operators_open_and_close_networks_but_never_the_metadata_services() -> None:
    guard = Guard(networks=["10.0.0.0/8", "169.254.0.0/16", "fd00::/8"], denied=["93.184.216.0/24", "10.9.0.0/16"])
    assert guard.allows_text("10.1.2.3")
    assert guard.allows_text("fd12::1")
    assert not guard.allows_text("10.9.0.1")
    assert not guard.allows_text("93.184.216.34")
    assert not guard.allows_text("169.254.169.254")
    assert not guard.allows_text("fd00:ec2::254")
    assert not guard.allows_text("127.0.0.1")
    assert not Guard(allow_loopback=True, denied=["127.0.0.2/32"]).allows_text("127.0.0.2"), "denied is strongest"
    with pytest.raises(ValueError, match="host bits"):
        Guard(networks=["10.0.0.1/8"])


async def test_the_last_lock_refuses_a_socket_for_an_address_that_slipped_through(tenant: UUID) -> None:
    class Broken(Guard):
        async def addresses(self, _host: str, _port: int) -> list[str]:
            return ["127.0.0.1"]

    async with Client(Broken()) as client:
        with pytest.raises(Failed) as failed:
            await client.send(tenant, Request(method="GET", url="https://erp.example.com/"))
    assert (failed.value.kind, failed.value.sent) == ("connect", False)
