"""The only HTTP client of the product. aiohttp costs 0.08 CPU-ms a call, httpx 2.0 (docs/architecture.md, Egress)."""

from __future__ import annotations

import io
import re
import socket
import ssl
from contextvars import ContextVar
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import aiohttp
from aiohttp import abc

from infra.egress import body, target
from infra.egress.guard import Guard
from infra.egress.messages import MAX_BODY, Failed, Refused, Request, Response
from infra.telemetry import trace

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 30.0
CONNECTIONS_PER_ORIGIN: Final = 64
"""Open connections of one tenant to one origin; further calls wait inside their own time limit."""
TENANTS_KEPT: Final = 1024
_USER_AGENT: Final = "integration/1.0"
_NOT_YOURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect"}
    | {"proxy-authorization", "proxy-connection", "accept-encoding", "user-agent", "forwarded", "x-real-ip"}
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]{0,8000}")
# aiohttp warns above this: a large body given as bytes is written in one go and blocks the loop.
_LARGE: Final = 1024 * 1024


class _Flight:
    """Whether a request's first byte may have left. Set when a connection is at hand and writing begins."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False


_FLIGHT: ContextVar[_Flight] = ContextVar("flight")


class _ClientRequest(aiohttp.ClientRequest):
    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        _FLIGHT.get().sent = True
        return await super().send(conn)


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


class _Pool:
    """One tenant's connections, kept alive by origin."""

    __slots__ = ("busy", "session")

    def __init__(self, guard: Guard, trust: ssl.SSLContext | None) -> None:
        def checked_socket(info: Any) -> socket.socket:
            # The last lock: whatever led here, no socket is made for an address that does not pass.
            family, kind, protocol, _, address = info
            if not guard.allows_text(str(address[0])):
                raise PermissionError("The address may not be called")
            return socket.socket(family, kind, protocol)

        self.busy = 0
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
        )


class Client:
    """The way out. One per process and event loop; `async with` closes its connections.

    Args:
        guard: what may be called.
        trust: certificates to trust in place of the system's, for an ERP behind a private authority.
        total: cap in seconds of a whole call.
    """

    def __init__(self, guard: Guard, *, trust: ssl.SSLContext | None = None, total: float = TOTAL_SECONDS) -> None:
        self._guard = guard
        self._trust = trust
        self._total = total
        self._pools: dict[UUID, _Pool] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.session.close()

    async def send(self, tenant: UUID, request: Request) -> Response:
        """Send once and read the whole answer, whatever its status; redirects are answers like others.

        No trace header goes along: our ids are nobody else's business (ADR 0013).

        Raises:
            Refused: a rule forbids it; nothing was sent.
            Failed: the network or the answer's form; `sent` says whether the other side may have acted.
        """
        with trace.span("HTTP", "client") as span:
            try:
                answer = await self._send(tenant, request)
            except Failed as error:
                span.fail(error.kind)
                raise
            span.call(request.method)
            span.note("http.request.method", request.method)
            span.note("http.response.status_code", answer.status)
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                span.fail(str(answer.status))
            return answer

    async def _send(self, tenant: UUID, request: Request) -> Response:
        goal = target.parse(request.url)
        self._guard.admit(goal, request.destination)
        headers = _headers(request, goal.origin)
        pool = await self._pool(tenant)
        flight = _Flight()
        _FLIGHT.set(flight)
        pool.busy += 1
        try:
            return await self._exchange(pool.session, goal, request, headers)
        except Failed:
            raise
        except TimeoutError as error:
            connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
            raise Failed("connect" if connecting else "timeout", "no answer in time", sent=flight.sent) from error
        except aiohttp.ClientConnectorError as error:
            raise Failed("connect", _why(error), sent=False) from error
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            raise Failed("cut", "the connection ended before the answer did", sent=flight.sent) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Failed("malformed", "the answer is no HTTP", sent=flight.sent) from error
        finally:
            pool.busy -= 1

    async def _exchange(
        self, session: aiohttp.ClientSession, goal: target.Target, request: Request, headers: dict[str, str]
    ) -> Response:
        timeout = aiohttp.ClientTimeout(
            total=max(0.001, min(request.timeout, self._total)), sock_connect=CONNECT_SECONDS, ceil_threshold=60
        )
        data: Any = request.body or None
        if len(request.body) > _LARGE:
            data = io.BytesIO(request.body)
        # A coroutine is awaited and not entered with `async with`: two frames fewer a call.
        answer = await session.request(
            request.method, goal.url, data=data, headers=headers, timeout=timeout, allow_redirects=False
        )
        try:
            content = await body.read(answer)
        except BaseException:
            answer.close()
            raise
        answer.release()
        return Response(answer.status, _received(answer), content)

    async def _pool(self, tenant: UUID) -> _Pool:
        pool = self._pools.pop(tenant, None) or _Pool(self._guard, self._trust)
        self._pools[tenant] = pool  # at the end: the order is that of last use
        if len(self._pools) > TENANTS_KEPT:
            oldest = next((key for key, value in self._pools.items() if not value.busy and value is not pool), None)
            if oldest is not None:
                await self._pools.pop(oldest).session.close()
        return pool


def _headers(request: Request, origin: target.Origin) -> dict[str, str]:
    if request.method not in _METHODS:
        raise Refused("method", "This HTTP method is not supported")
    if len(request.body) > MAX_BODY:
        raise Refused("body", f"A request body has at most {MAX_BODY} bytes")
    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip, deflate"}
    for name, value in request.headers.items():
        _check_header(name, value)
        headers[name] = value
    if not request.credentials:
        return headers
    bound = request.destination.allowed_origins
    if origin.text not in bound and not any(origin.text == target.canonical_origin(one) for one in bound):
        raise Refused("credential", "The connection's credentials are not bound to this origin")
    for name, secret in request.credentials.items():
        _check_header(name, secret.reveal())
        _replace(headers, name, secret.reveal())
    return headers


def _replace(headers: dict[str, str], name: str, value: str) -> None:
    for given in [key for key in headers if key.lower() == name.lower()]:
        del headers[given]
    headers[name] = value


def _check_header(name: str, value: str) -> None:
    lower = name.lower()
    if lower in _NOT_YOURS or lower.startswith("x-forwarded-") or not _HEADER_NAME.fullmatch(name):
        raise Refused("header", f"The header {name[:40]!r} may not be set")
    if not _HEADER_VALUE.fullmatch(value):
        raise Refused("header", f"The header {name[:40]!r} has a line break or is too long")


def _received(answer: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for given, text in answer.headers.items():
        name = given.lower()
        value = text if text.isascii() else text.encode("utf-8", "replace").decode()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _why(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate does not verify"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "the TLS handshake failed"
    return "the connection was refused"
