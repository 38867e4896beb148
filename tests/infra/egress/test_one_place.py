"""The way to the operator's mail server leads to it alone (S-55)."""

from __future__ import annotations

from uuid import UUID

import pytest

from infra.egress import Client, Dial, Guard, OnePlace, Refused, Request
from infra.egress.rules import guard
from infra.settings import load

MAIL = {"WAYBILL_MAIL_HOST": "mail.internal", "WAYBILL_MAIL_PORT": "8443"}


def dial(host: str, port: int = 587, *, tls: bool = False) -> Dial:
    return Dial(protocol="smtp", host=host, port=port, tls=tls)


async def refused(place: OnePlace, wanted: Dial, tenant: UUID) -> str:
    async with Client(place) as client:
        with pytest.raises(Refused) as found:
            async with client.dial(tenant, wanted):
                pass
    return found.value.rule


@pytest.mark.parametrize("wanted", [dial("other.example"), dial("mail.example", 25), dial("127.0.0.1")])
async def test_S_55_another_host_or_port_is_refused(tenant: UUID, wanted: Dial) -> None:
    assert await refused(OnePlace("mail.example", 587), wanted, tenant) == "address"


@pytest.mark.parametrize("host", ["169.254.169.254", "192.0.0.192", "fd00:ec2::254", "168.63.129.16"])
async def test_S_55_S_50_metadata_is_closed_to_the_mail_server_too(tenant: UUID, host: str) -> None:
    assert await refused(OnePlace(host, 587), dial(host), tenant) == "address"


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "64:ff9b::a9fe:a9fe"])
async def test_S_55_S_52_a_name_that_leads_to_metadata_is_refused(tenant: UUID, address: str) -> None:
    async def resolve(_name: str, _port: int) -> list[str]:
        return ["10.0.0.5", address]

    place = OnePlace("mail.example", 587, resolve=resolve)
    assert await refused(place, dial("mail.example"), tenant) == "address"


@pytest.mark.parametrize("host", ["93.184.216.34", "mail.example"])
async def test_S_55_without_TLS_no_public_address_is_reached(tenant: UUID, host: str) -> None:
    async def resolve(_name: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    assert await refused(OnePlace(host, 25, plain=True, resolve=resolve), dial(host, 25), tenant) == "address"


async def test_S_55_no_HTTP_goes_that_way(tenant: UUID) -> None:
    async with Client(OnePlace("127.0.0.1", 587)) as client:
        with pytest.raises(Refused):
            await client.send(tenant, Request(method="GET", url="http://127.0.0.1:587/"))


async def test_S_55_no_document_reaches_the_mail_server_even_on_an_allowed_network(tenant: UUID) -> None:
    """Not even where the operator opened its network to connections, and at a port that HTTP may have."""
    settings = load({**MAIL, "WAYBILL_EGRESS_NETWORKS": "10.0.0.0/8"})
    async with Client(guard(settings)) as client:
        for wanted in (dial("mail.internal", 8443, tls=True), dial("mail.internal", 8443)):
            with pytest.raises(Refused) as found:
                async with client.dial(tenant, wanted):
                    pass
            assert found.value.rule == "address"
        with pytest.raises(Refused):
            await client.send(tenant, Request(method="GET", url="https://mail.internal:8443/"))


async def test_S_55_a_shared_guard_takes_no_mail_to_a_private_address(tenant: UUID) -> None:
    async with Client(Guard()) as client:
        with pytest.raises(Refused):
            async with client.dial(tenant, dial("10.0.0.5", tls=True)):
                pass
