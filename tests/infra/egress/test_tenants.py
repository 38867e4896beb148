"""Private networks that the operator opened to one tenant (ADR 0058): to that one, and only as far as that (S-50)."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from infra.egress import Client, Destination, Dial, Failed, Guard, Refused, Request
from infra.egress.addresses import Network

ERP = "https://10.20.1.5/orders"
OTHER = UUID(int=2)


class Opened:
    """What is opened now, by tenant."""

    def __init__(self) -> None:
        self.by_tenant: dict[UUID, tuple[Network, ...]] = {}

    def __call__(self, tenant: UUID) -> tuple[Network, ...]:
        return self.by_tenant.get(tenant, ())


@pytest.fixture
def opened(tenant: UUID) -> Opened:
    made = Opened()
    made.by_tenant[tenant] = (ip_network("10.20.0.0/16"),)
    return made


@pytest.fixture
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_more: Any) -> socket.socket:
        raise ConnectionRefusedError("a socket was wanted")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.mark.usefixtures("no_socket")
async def test_S_50_an_opened_network_is_open_to_its_tenant_alone(opened: Opened, tenant: UUID) -> None:
    async with Client(Guard(), allowed=opened) as client:
        with pytest.raises(Failed, match="refused"):
            await client.send(tenant, Request(method="GET", url=ERP))
        with pytest.raises(Refused, match="not public"):
            await client.send(OTHER, Request(method="GET", url=ERP))
        with pytest.raises(Refused, match="not public"):
            async with client.dial(OTHER, Dial(protocol="grpc", host="10.20.1.5", port=443, tls=True)):
                pass
        with pytest.raises(Refused, match="not public"):
            async with client.stream(OTHER, Request(method="GET", url=ERP)):
                pass
        client.admit(tenant, ERP, Destination())
        with pytest.raises(Refused):
            client.admit(OTHER, ERP, Destination())


@pytest.mark.usefixtures("no_socket")
@pytest.mark.parametrize(
    "url",
    [
        "https://10.21.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/",
        "https://127.0.0.1/",
        "https://[fd00:ec2::254]/",
        "https://100.100.100.200/",
    ],
)
async def test_S_50_it_opens_nothing_beside_itself(url: str, opened: Opened, tenant: UUID) -> None:
    async with Client(Guard(), allowed=opened) as client:
        with pytest.raises(Refused):
            await client.send(tenant, Request(method="GET", url=url))


@pytest.mark.usefixtures("no_socket")
async def test_S_50_what_is_closed_to_all_stays_closed_to_a_tenant(opened: Opened, tenant: UUID) -> None:
    opened.by_tenant[tenant] = tuple(map(ip_network, ("0.0.0.0/0", "::/0")))
    async with Client(Guard(denied=["10.20.1.0/24"]), allowed=opened) as client:
        for url in (ERP, "https://169.254.169.254/", "https://127.0.0.1/", "https://[::1]/", "https://[fe80::1]/"):
            with pytest.raises(Refused):
                await client.send(tenant, Request(method="GET", url=url))


@pytest.mark.usefixtures("no_socket")
async def test_S_52_every_address_of_a_name_must_be_open_to_the_tenant(opened: Opened, tenant: UUID) -> None:
    answers = {"erp.acme.example": ["10.20.1.5"], "mixed.acme.example": ["10.20.1.5", "10.21.0.1"]}

    async def resolve(name: str, _port: int) -> list[str]:
        return answers[name]

    async with Client(Guard(resolve=resolve), allowed=opened) as client:
        with pytest.raises(Failed, match="refused"):
            await client.send(tenant, Request(method="GET", url="https://erp.acme.example/"))
        for who, name in ((tenant, "mixed.acme.example"), (OTHER, "erp.acme.example")):
            with pytest.raises(Refused, match="not public"):
                await client.send(who, Request(method="GET", url=f"https://{name}/"))


async def test_S_50_what_is_closed_again_is_closed_to_kept_connections_too(
    serve: Any, answer: Any, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback stands for the network here: it is the only one that a test has."""
    opened = Opened()
    opened.by_tenant[tenant] = (ip_network("127.0.0.0/8"),)
    monkeypatch.setattr("infra.egress.guard.is_loopback", lambda _address: False)
    server = await serve(answer(b"ok"))
    request = Request(
        method="GET", url=server.url, destination=Destination(allow_http=True, ports=frozenset({server.port}))
    )
    async with Client(Guard(), allowed=opened) as client:
        assert (await client.send(tenant, request)).body == b"ok"
        assert (await client.send(tenant, request)).body == b"ok"
        assert server.connections == 1
        opened.by_tenant.clear()
        with pytest.raises(Refused):
            await client.send(tenant, request)
        opened.by_tenant[tenant] = (ip_network("127.0.0.0/8"),)
        assert (await client.send(tenant, request)).body == b"ok"
        assert server.connections == 2, "the old connection is not gone back to"
