"""One tenant's connections: made to checked addresses only, kept alive by origin."""

from __future__ import annotations

import socket
import ssl
from contextvars import ContextVar
from typing import Any, Final

import aiohttp
from aiohttp import abc

from infra.egress.guard import Guard

CONNECTIONS_PER_ORIGIN: Final = 64
"""Open connections of one tenant to one origin; further calls wait inside their own time limit."""
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Flight:
    """Whether a request's first byte may have left. Set when a connection is at hand and writing begins."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False


FLIGHT: Final[ContextVar[Flight]] = ContextVar("flight")


class _ClientRequest(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        FLIGHT.get().sent = True
        return await super().send(conn)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A write goes out once.

    Where a connection is cut, aiohttp sends PUT and DELETE once more by itself, and gives that one's answer: 412 or 404
    of what the first has done.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method in _READING:
            raise
        raise aiohttp.ClientPayloadError("the connection was cut") from error


class _Resolver(abc.AbstractResolver):
    """Gives aiohttp checked addresses and no others."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 (aiohttp's signature)
    ) -> list[abc.ResolveResult]:
        return [
            abc.ResolveResult(
                hostname=host,
                host=text,
                port=port,
                family=socket.AF_INET6 if ":" in text else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for text in await self._guard.addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held open."""


class Pool:
    """Sends requests of one tenant.

    Args:
        guard: says which addresses may be called.
        trust: certificates to trust in place of the system's.
        middlewares: see each request's answer before aiohttp looks at it.
    """

    __slots__ = ("busy", "guard", "session")

    def __init__(
        self, guard: Guard, trust: ssl.SSLContext | None, middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = ()
    ) -> None:
        def checked_socket(info: Any) -> socket.socket:
            # The last lock: whatever led here, no socket is made for an address that does not pass.
            family, kind, protocol, _, address = info
            if not guard.allows_text(str(address[0])):
                raise PermissionError("The address may not be called")
            return socket.socket(family, kind, protocol)

        self.busy = 0
        self.guard = guard
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Resolver(guard),
                use_dns_cache=False,
                limit=0,
                limit_per_host=CONNECTIONS_PER_ORIGIN,
                keepalive_timeout=15.0,
                ssl=trust or True,
                socket_factory=checked_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            request_class=_ClientRequest,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Content-Type",),
            middlewares=(*middlewares, _once),
        )
