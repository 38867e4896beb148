"""The only HTTP client of the product. aiohttp costs 0.08 CPU-ms a call, httpx 2.0 (docs/architecture.md, Egress)."""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID

import aiohttp

from infra import redaction
from infra.egress import body, target
from infra.egress.dial import Dial, Wire, connect, hang_up, plugged
from infra.egress.failures import translated
from infra.egress.guard import Guard
from infra.egress.guards import Allowed, Guards, nothing_beside
from infra.egress.headers import outgoing, received
from infra.egress.held import Held
from infra.egress.identity import Identities
from infra.egress.messages import MAX_BODY, Destination, Failed, Request, Response
from infra.egress.pool import CONNECTIONS_PER_ORIGIN, FLIGHT, Flight, Pool
from infra.egress.stream import STREAM_SECONDS, Stream
from infra.egress.websocket import MESSAGE_BYTES, Websocket, only_the_handshake
from infra.telemetry import trace

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 30.0
TENANTS_KEPT: Final = 1024
HELD_PER_TENANT: Final = 64
"""Streams, websockets and dialled connections of one tenant that are open at once."""
# aiohttp warns above this: a large body given as bytes is written in one go and blocks the loop.
_LARGE: Final = 1024 * 1024
_BEATS: Final = 20.0
_GOODBYE_SECONDS: Final = 2.0

__all__ = ["CONNECTIONS_PER_ORIGIN", "CONNECT_SECONDS", "TENANTS_KEPT", "TOTAL_SECONDS", "Client"]


class Client:
    """The way out. One per process and event loop; `async with` closes its connections.

    Args:
        guard: what may be called.
        trust: certificates to trust in place of the system's, for an ERP behind a private authority.
        total: cap in seconds of a whole call.
        allowed: private networks that the operator opened to one tenant.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        trust: ssl.SSLContext | None = None,
        total: float = TOTAL_SECONDS,
        allowed: Allowed = nothing_beside,
    ) -> None:
        self._guards = Guards(guard, allowed)
        self._trust = trust
        self._identities = Identities(trust)
        self._total = total
        self._pools: dict[UUID, Pool] = {}
        self._retired: list[Pool] = []
        self._held = Held()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. Safe to repeat."""
        pools = [*self._pools.values(), *self._retired]
        self._pools, self._retired = {}, []
        for pool in pools:
            await pool.session.close()

    def admit(self, tenant: UUID, url: str, destination: Destination) -> None:
        """What can be said of an address before its name is resolved; sends nothing.

        Raises:
            Refused: nothing may be sent there.
        """
        self._guards.of(tenant).admit(target.parse(url), destination)

    async def send(self, tenant: UUID, request: Request) -> Response:
        """Send once and read the whole answer, whatever its status; redirects are answers like others.

        No trace header goes along: our ids are nobody else's business (ADR 0013).

        Raises:
            Refused: a rule forbids it; nothing was sent.
            Failed: the network or the answer's form; `sent` says whether the other side may have acted.
        """
        redaction.hold(request.credentials.values())
        with trace.span("HTTP", "client") as span:
            try:
                answer = await self._send(tenant, request)
            except Failed as error:
                span.fail(error.kind)
                raise
            _describe(span, request.method, answer.status)
            return answer

    @asynccontextmanager
    async def stream(self, tenant: UUID, request: Request, *, limit: int = MAX_BODY) -> AsyncIterator[Stream]:
        """Send once; the answer is read while it comes, for at most `request.timeout` (and 600 s) in all.

        Raises:
            Refused, Failed: as `send`.
        """
        redaction.hold(request.credentials.values())
        goal = target.parse(request.url)
        self._guards.of(tenant).admit(goal, request.destination)
        headers = outgoing(request, goal.origin, encoding="identity")
        pool = await self._pool(tenant)
        flight = Flight()
        with self._holding(tenant, pool), trace.span("HTTP", "client") as span:
            seconds = min(request.timeout, STREAM_SECONDS)
            with translated(flight):
                answer = await self._begin(pool.session, goal, request, headers, flight, seconds)
            _describe(span, request.method, answer.status)
            try:
                yield Stream(answer, received(answer), flight, limit)
            finally:
                answer.close()

    @asynccontextmanager
    async def websocket(self, tenant: UUID, request: Request) -> AsyncIterator[Websocket]:
        """A websocket to `request.url` (`http` for `ws`, `https` for `wss`), whose timeout is for the handshake.

        Raises:
            Refused, Failed: as `send`; `HandshakeRefused` for an answer that is no websocket.
        """
        redaction.hold(request.credentials.values())
        goal, guard = target.parse(request.url), self._guards.of(tenant)
        guard.admit(goal, request.destination)
        headers = outgoing(request, goal.origin, encoding="identity")
        # Its own pool: a websocket is never kept for others, and only here a handshake has to be watched.
        pool = Pool(guard, self._trust, (only_the_handshake,))
        flight = Flight()
        with self._holding(tenant, pool), trace.span("WebSocket", "client") as span:
            try:
                with translated(flight):
                    socket = await self._upgrade(pool.session, goal, headers, request.timeout, flight)
                try:
                    yield Websocket(socket)
                finally:
                    await socket.close()
            except Failed as error:
                span.fail(error.kind)
                raise
            finally:
                await pool.session.close()

    @asynccontextmanager
    async def dial(self, tenant: UUID, dial: Dial) -> AsyncIterator[Wire]:
        """A stream of bytes to a checked address, for protocols that are not HTTP; closed at the end.

        Raises:
            Refused: a rule forbids it; nothing was sent.
            Failed: kind `resolve` or `connect`; nothing was sent.
        """
        with self._holding(tenant), trace.span(dial.protocol, "client") as span:
            try:
                wire = await connect(self._guards.of(tenant), dial, self._trust)
            except Failed as error:
                span.fail(error.kind)
                raise
            try:
                yield wire
            finally:
                await hang_up(wire)

    @asynccontextmanager
    async def plugged(self, tenant: UUID, dial: Dial) -> AsyncIterator[socket.socket]:
        """As `dial`: the connected socket, for a library that makes a stream of it and encrypts that itself."""
        with self._holding(tenant), trace.span(dial.protocol, "client") as span:
            try:
                made = await plugged(self._guards.of(tenant), dial)
            except Failed as error:
                span.fail(error.kind)
                raise
            try:
                yield made
            finally:
                made.close()

    def _holding(self, tenant: UUID, pool: Pool | None = None) -> AbstractContextManager[None]:
        return self._held.one(tenant, HELD_PER_TENANT, pool)

    async def _send(self, tenant: UUID, request: Request) -> Response:
        goal = target.parse(request.url)
        self._guards.of(tenant).admit(goal, request.destination)
        headers = outgoing(request, goal.origin)
        pool = await self._pool(tenant)
        flight = Flight()
        pool.busy += 1
        try:
            with translated(flight):
                return await self._exchange(pool.session, goal, request, headers, flight)
        finally:
            pool.busy -= 1

    async def _exchange(
        self,
        session: aiohttp.ClientSession,
        goal: target.Target,
        request: Request,
        headers: dict[str, str],
        flight: Flight,
    ) -> Response:
        answer = await self._begin(session, goal, request, headers, flight, min(request.timeout, self._total))
        try:
            content = await body.read(answer)
        except BaseException:
            answer.close()
            raise
        answer.release()
        return Response(answer.status, received(answer), content)

    async def _begin(  # noqa: PLR0913, PLR0917 (the parts of one exchange)
        self,
        session: aiohttp.ClientSession,
        goal: target.Target,
        request: Request,
        headers: dict[str, str],
        flight: Flight,
        seconds: float,
    ) -> aiohttp.ClientResponse:
        FLIGHT.set(flight)
        timeout = aiohttp.ClientTimeout(total=max(0.001, seconds), sock_connect=CONNECT_SECONDS, ceil_threshold=60)
        data: Any = request.body or None
        if len(request.body) > _LARGE:
            data = io.BytesIO(request.body)
        shown = True if request.identity is None else self._identities.context(request.identity)
        # A coroutine is awaited and not entered with `async with`: two frames fewer a call.
        return await session.request(
            request.method, goal.url, data=data, headers=headers, timeout=timeout, allow_redirects=False, ssl=shown
        )

    async def _upgrade(
        self,
        session: aiohttp.ClientSession,
        goal: target.Target,
        headers: dict[str, str],
        seconds: float,
        flight: Flight,
    ) -> aiohttp.ClientWebSocketResponse[bool]:
        FLIGHT.set(flight)
        async with asyncio.timeout(min(seconds, self._total)):
            return await session.ws_connect(
                goal.url,
                headers=headers,
                max_msg_size=MESSAGE_BYTES,
                heartbeat=_BEATS,
                compress=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE_SECONDS),
            )

    async def _pool(self, tenant: UUID) -> Pool:
        guard, pool = self._guards.of(tenant), self._pools.pop(tenant, None)
        if pool is not None and pool.guard is not guard:
            # What is kept open was let through by rules that hold no more. Calls that are under way come to their end.
            self._retired.append(pool)
            pool = None
        pool = pool or Pool(guard, self._trust)
        self._pools[tenant] = pool  # at the end: the order is that of last use
        for old in [one for one in self._retired if not one.busy]:
            self._retired.remove(old)
            await old.session.close()
        if len(self._pools) > TENANTS_KEPT:
            oldest = next((key for key, value in self._pools.items() if not value.busy and value is not pool), None)
            if oldest is not None:
                await self._pools.pop(oldest).session.close()
        return pool


def _describe(span: Any, method: str, status: int) -> None:
    span.call(method)
    span.note("http.request.method", method)
    span.note("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.fail(str(status))
