"""A stream of bytes to a checked address, for protocols that are not HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, Literal, TypeVar

import msgspec

from infra.egress import target
from infra.egress.guard import Guard
from infra.egress.messages import Destination, Failed

CONNECT_SECONDS: Final = 5.0
_READ_AHEAD: Final = 256 * 1024

Protocol = Literal["dns", "grpc", "imap", "mqtt", "postgresql", "redis", "sftp", "smtp"]
_OWN_ENCRYPTION: Final[frozenset[Protocol]] = frozenset({"sftp"})
"""What is safe on the way without TLS, since nothing is said before the other side has shown its key."""
_PORTS: Final[dict[Protocol, frozenset[int]]] = {
    "dns": frozenset({853, 53}),
    "grpc": frozenset({443, 50051}),
    "imap": frozenset({143, 993}),
    "mqtt": frozenset({8883, 1883}),
    "postgresql": frozenset({5432, 6432}),
    "redis": frozenset({6379, 6380}),
    "sftp": frozenset({22, 2222}),
    "smtp": frozenset({25, 465, 587, 2525}),
}


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Begun = TypeVar("Begun")


class Dial(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to connect to.

    Attributes:
        host: a name or an address.
        tls: verified against `host`. Without it only where `destination.allow_http` says so, or on the own machine.
        upgrades: who dials says nothing but the wish for TLS before it is there (`upgrade`).
        alpn: protocols to offer in the handshake of TLS.
        destination: its `ports` are open beside those of the protocol itself.
    """

    protocol: Protocol
    host: str
    port: int
    tls: bool
    upgrades: bool = False
    alpn: tuple[str, ...] = ()
    destination: Destination = Destination()


class Wire(msgspec.Struct, frozen=True):
    """Both ends of a connection. Bytes are read ahead up to 256 KiB, then the other side waits.

    Attributes:
        trust: certificates to trust in place of the system's, should it be upgraded.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    trust: ssl.SSLContext | None = None


async def connect(guard: Guard, dial: Dial, trust: ssl.SSLContext | None) -> Wire:
    """A connection to the first address of the host that answers; every one of them is checked first.

    Raises:
        Refused: rule `host`, `address`, `port` or `scheme`.
        Failed: `resolve` or `connect`; nothing was sent.
    """
    context = _context(trust, dial.alpn) if dial.tls else None

    async def ends(made: socket.socket, host: str) -> Ends:
        name = host if context is not None else None
        return await asyncio.open_connection(sock=made, ssl=context, server_hostname=name, limit=_READ_AHEAD)

    reader, writer = await _first(guard, dial, ends)
    return Wire(reader, writer, trust)


async def plugged(guard: Guard, dial: Dial) -> socket.socket:
    """As `connect`: the connected socket itself, of a protocol that encrypts by itself."""

    async def itself(made: socket.socket, _host: str) -> socket.socket:
        return made

    return await _first(guard, dial, itself)


async def _first(guard: Guard, dial: Dial, begun: Callable[[socket.socket, str], Awaitable[Begun]]) -> Begun:
    """What `begun` makes of a socket to the first address that answers. Raises as `connect`."""
    origin = target.place(dial.host, dial.port)
    is_safe = dial.tls or dial.upgrades or dial.protocol in _OWN_ENCRYPTION
    guard.admit_dial(origin, _PORTS[dial.protocol], dial.destination, tls=is_safe)
    found = [str(origin.address)] if origin.address is not None else await guard.addresses(origin.host, origin.port)
    why: BaseException | None = None
    for address in found:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _open(guard, address, origin, begun)
        except ssl.SSLError as error:
            raise Failed("connect", _words(error), sent=False) from error
        except (OSError, TimeoutError) as error:
            why = error
    raise Failed("connect", "the connection was refused", sent=False) from why


async def upgrade(wire: Wire, host: str) -> Wire:
    """The same connection, from now on in TLS that is verified against `host`; to be hung up before the one it was.

    Its reader is a new one: what somebody slipped in before the handshake was never said in TLS, and is not read.

    Raises:
        Failed: `connect`: the certificate does not verify, or TLS failed.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_READ_AHEAD)
    protocol = asyncio.StreamReaderProtocol(reader)
    before = wire.writer.transport.get_protocol()
    context = _context(wire.trust, ())
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            name = target.place(host, 0).host
            transport = await loop.start_tls(wire.writer.transport, protocol, context, server_hostname=name)
    except ssl.SSLError as error:
        raise Failed("connect", _words(error), sent=False) from error
    except (OSError, TimeoutError) as error:
        raise Failed("connect", "TLS failed", sent=False) from error
    if transport is None:
        raise Failed("connect", "the connection closed", sent=False)
    protocol.connection_made(transport)
    before.connection_lost(None)  # nobody else tells it, and whoever hangs up waits for that
    return Wire(reader, asyncio.StreamWriter(transport, protocol, reader, loop), wire.trust)


async def hang_up(wire: Wire) -> None:
    """Close, after what was written has left, or a second has passed."""
    wire.writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            await wire.writer.wait_closed()
    wire.writer.transport.abort()


def _words(error: ssl.SSLError) -> str:
    return "the certificate does not verify" if isinstance(error, ssl.CertificateError) else "TLS failed"


async def _open(
    guard: Guard, address: str, origin: target.Origin, begun: Callable[[socket.socket, str], Awaitable[Begun]]
) -> Begun:
    # The same last lock as for HTTP: the socket is made here, for an address that passes, and nothing resolves again.
    if not guard.allows_text(address):
        raise PermissionError("The address may not be called")
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        await asyncio.get_running_loop().sock_connect(made, (address, origin.port))
        return await begun(made, origin.host)
    except BaseException:
        made.close()
        raise


@lru_cache(maxsize=16)
def _context(trust: ssl.SSLContext | None, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trust is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=b"".join(trust.get_ca_certs(binary_form=True)))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
