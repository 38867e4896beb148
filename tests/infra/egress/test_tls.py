"""TLS is verified against the name of the URL, whatever address the name has."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.egress import Client, Destination, Failed, Guard, Request

NAME = "erp.example.com"
DAY = dt.timedelta(days=1)


def certificate(folder: Path, *more: x509.GeneralName, until: dt.timedelta = DAY) -> tuple[Path, Path]:
    """A self-signed certificate for NAME, and `more`, and its key, as PEM files; it ends so long after now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), *more]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


class TlsServer:
    def __init__(self, pem: Path) -> None:
        self.pem = pem
        self.names: list[str | None] = []
        self.port = 0

    @property
    def destination(self) -> Destination:
        return Destination(ports=frozenset({self.port}))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TlsServer]:
    pem, key = certificate(tmp_path)
    made = TlsServer(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    context.sni_callback = lambda _socket, name, _context: made.names.append(name)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    made.port = listener.sockets[0].getsockname()[1]
    yield made
    listener.close()


async def on_loopback(_name: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_the_name_is_asked_for_and_verified_at_the_checked_address(server: TlsServer, tenant: UUID) -> None:
    trust = ssl.create_default_context(cafile=server.pem)
    async with Client(Guard(allow_loopback=True, resolve=on_loopback), trust=trust) as client:
        request = Request(method="GET", url=f"https://{NAME}:{server.port}/", destination=server.destination)
        assert (await client.send(tenant, request)).body == b"ok"
    assert server.names == [NAME]


@pytest.mark.parametrize("host", ["other.example.com", "127.0.0.1"])
async def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(
    server: TlsServer, tenant: UUID, host: str
) -> None:
    trust = ssl.create_default_context(cafile=server.pem)
    request = Request(method="POST", url=f"https://{host}:{server.port}/", destination=server.destination)
    async with Client(Guard(allow_loopback=True, resolve=on_loopback), trust=trust) as client:
        with pytest.raises(Failed, match="certificate") as failed:
            await client.send(tenant, request)
    assert (failed.value.kind, failed.value.sent) == ("connect", False)


async def test_an_unknown_authority_is_refused(server: TlsServer, tenant: UUID) -> None:
    request = Request(method="GET", url=f"https://{NAME}:{server.port}/", destination=server.destination)
    async with Client(Guard(allow_loopback=True, resolve=on_loopback)) as client:
        with pytest.raises(Failed, match="certificate"):
            await client.send(tenant, request)
