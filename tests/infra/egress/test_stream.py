"""Answers that are read while they come, and websockets (S-50, S-53, S-56, S-57)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import WSMsgType, web

from infra import redaction
from infra.egress import Client, Destination, Failed, HandshakeRefused, Refused, Request
from infra.encryption.secret import Secret


@pytest.fixture
async def sockets() -> AsyncIterator[str]:
    """A server of websockets: `/echo` says again what it hears, `/away` redirects, `/large` sends 2 MiB."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    async def large(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_str("x" * 2 * 1024 * 1024)
        await socket.receive()
        return socket

    async def away(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/echo")

    app = web.Application()
    app.add_routes([web.get("/echo", echo), web.get("/away", away), web.get("/large", large)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_websocket_carries_messages_both_ways(sockets: str, client: Client, tenant: UUID) -> None:
    async with client.websocket(tenant, Request(method="GET", url=sockets + "/echo")) as socket:
        await socket.send("hello")
        assert await socket.receive() == "hello"


async def test_S_53_a_handshake_is_never_redirected(sockets: str, client: Client, tenant: UUID) -> None:
    with pytest.raises(HandshakeRefused) as refused:
        async with client.websocket(tenant, Request(method="GET", url=sockets + "/away")):
            pass
    assert refused.value.status == 302


async def test_S_57_a_message_that_is_too_large_ends_the_websocket(sockets: str, client: Client, tenant: UUID) -> None:
    async with client.websocket(tenant, Request(method="GET", url=sockets + "/large")) as socket:
        with pytest.raises(Failed) as failed:
            await socket.receive()
    assert failed.value.kind == "too-large"


@pytest.mark.parametrize("way", ["websocket", "stream"])
async def test_S_50_S_56_the_guard_and_the_binding_of_credentials_hold_on_every_way_out(
    strict: Client, client: Client, tenant: UUID, way: str
) -> None:
    with pytest.raises(Refused) as refused:
        async with getattr(strict, way)(tenant, Request(method="GET", url="http://169.254.169.254/")):
            pass
    assert refused.value.rule == "address"
    request = Request(
        method="GET", url="http://127.0.0.1:8001/", credentials={"Authorization": Secret("Bearer canary")}
    )
    with pytest.raises(Refused) as refused:
        async with getattr(client, way)(tenant, request):
            pass
    assert refused.value.rule == "credential"


async def test_a_stream_is_read_while_it_comes(serve: Any, client: Client, tenant: UUID) -> None:
    go_on = asyncio.Event()

    async def two_parts(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\none")
        await writer.drain()
        await go_on.wait()
        writer.write(b"two")
        await writer.drain()

    server = await serve(two_parts)
    async with client.stream(tenant, Request(method="GET", url=server.url)) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
        chunks = stream.chunks()
        assert await anext(chunks) == b"one"
        go_on.set()
        assert await anext(chunks) == b"two"
        with pytest.raises(StopAsyncIteration):
            await anext(chunks)


async def test_S_57_a_stream_is_bounded_in_size_and_time(serve: Any, client: Client, tenant: UUID) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        await reader.read()

    large, slow = await serve(endless), await serve(silent)
    with pytest.raises(Failed) as failed:
        async with client.stream(tenant, Request(method="GET", url=large.url), limit=1_000_000) as stream:
            await stream.read()
    assert failed.value.kind == "too-large"
    with pytest.raises(Failed) as failed:
        async with client.stream(tenant, Request(method="GET", url=slow.url, timeout=1.0)) as stream:
            await stream.read()
    assert failed.value.kind == "timeout"


@pytest.mark.parametrize("way", ["stream", "websocket"])
async def test_S_72_what_a_stream_was_asked_with_is_masked_in_what_is_said_of_it(
    sockets: str, client: Client, tenant: UUID, way: str
) -> None:
    fetched = "words that were fetched"
    request = Request(
        method="GET",
        url=sockets + "/echo",
        credentials={"Authorization": Secret(f"Bearer {fetched}")},
        destination=Destination(allowed_origins=(sockets,), allow_http=True),
    )
    assert redaction.here().text(fetched) == fetched
    async with getattr(client, way)(tenant, request):
        assert redaction.here().text(f"said {fetched}") == "said [redacted]"
