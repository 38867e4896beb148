"""S-53, S-55, S-56 and what a failure says about whether the other side may have acted (F-03)."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from infra.egress import Client, Destination, Failed, Guard, Refused, Request
from infra.encryption.secret import Secret

CANARY = Secret("Bearer canary-51c2-token")


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/", "http://{own}/other", "//evil.example", "file:///etc/passwd", "gopher://x", "/a\tb"],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_S_53_a_redirect_is_an_answer_and_never_followed(
    serve: Any, answer: Any, client: Client, tenant: UUID, location: str, status: str
) -> None:
    server = await serve(answer(b"", f"Location: {location.format(own='127.0.0.1')}", status=status))
    bound = Destination(allowed_origins=(server.url,))
    request = Request(method="GET", url=server.url, credentials={"Authorization": CANARY}, destination=bound)
    got = await client.send(tenant, request)
    assert str(got.status) == status[:3]
    assert len(server.heads) == 1
    async with client.stream(tenant, request) as stream:
        assert str(stream.status) == status[:3]
    assert len(server.heads) == 2


async def test_S_55_proxy_settings_and_netrc_in_the_environment_are_ignored(
    serve: Any, answer: Any, client: Client, tenant: UUID, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    proxy, server = await serve(answer(b"proxy")), await serve(answer(b"server"))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NETRC", str(netrc))
    got = await client.send(tenant, Request(method="GET", url=server.url))
    assert got.body == b"server"
    assert not proxy.heads
    assert "uthorization" not in server.heads[0]


async def test_S_56_a_credential_goes_to_its_own_origin_only(
    serve: Any, answer: Any, client: Client, tenant: UUID
) -> None:
    bound, other = await serve(answer(b"")), await serve(answer(b""))
    request = Request(method="GET", url="", credentials={"Authorization": CANARY})
    own = Destination(allowed_origins=(bound.url + "/api",))
    await client.send(tenant, replace(request, url=bound.url + "/x", destination=own))
    assert "Authorization: Bearer canary-51c2-token" in bound.heads[0]
    for url, destination in [(other.url, own), (bound.url, Destination()), (f"http://localhost:{bound.port}", own)]:
        with pytest.raises(Refused) as refused:
            await client.send(tenant, replace(request, url=url, destination=destination))
        assert refused.value.rule == "credential"
    assert not other.heads


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "evil.example"),
        ("host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("Forwarded", "host=evil.example"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"),
        ("Accept-Encoding", "br"),
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\x00b"),
        ("X A", "a"),
        ("", "a"),
        ("X-A\r\nX-B", "a"),
    ],
)
async def test_S_56_routing_and_framing_headers_cannot_be_set(
    client: Client, tenant: UUID, name: str, value: str
) -> None:
    request = Request(method="GET", url="http://127.0.0.1:8001/", headers={name: value})
    with pytest.raises(Refused) as refused:
        await client.send(tenant, request)
    assert refused.value.rule == "header"


async def test_S_57_no_cookie_travels_between_calls_or_tenants(
    serve: Any, answer: Any, client: Client, tenant: UUID
) -> None:
    server = await serve(answer(b"", "Set-Cookie: session=abc; Path=/"))
    for who in (tenant, tenant, UUID(int=2)):
        await client.send(who, Request(method="GET", url=server.url))
    assert not any("cookie" in head.lower() for head in server.heads)
    assert server.connections == 2, "a connection is kept for its tenant, and shared with no other"


async def test_the_user_agent_names_no_product(serve: Any, answer: Any, client: Client, tenant: UUID) -> None:
    server = await serve(answer(b""))
    await client.send(tenant, Request(method="POST", url=server.url, body=b"{}", headers={"Content-Type": "a/b"}))
    assert "User-Agent: integration/1.0" in server.heads[0]
    assert "aiohttp" not in server.heads[0]


async def test_S_73_a_request_with_credentials_shows_none_of_them(
    serve: Any, answer: Any, client: Client, tenant: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    server = await serve(answer(b""))
    request = Request(
        method="GET",
        url=server.url,
        credentials={"Authorization": CANARY},
        destination=Destination(allowed_origins=(server.url,)),
    )
    with caplog.at_level(logging.DEBUG):
        await client.send(tenant, request)
    assert "canary" not in repr(request)
    assert "canary" not in caplog.text


async def test_F_03_a_refused_connection_was_certainly_not_sent(client: Client, tenant: UUID) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Failed) as failed:
            await client.send(tenant, Request(method="POST", url=f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert (failed.value.kind, failed.value.sent) == ("connect", False)


async def test_F_03_a_failed_tls_handshake_was_certainly_not_sent(
    serve: Any, answer: Any, client: Client, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.egress.client.CONNECT_SECONDS", 0.2)
    server = await serve(answer(b"no TLS here"))
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="POST", url=f"https://127.0.0.1:{server.port}/", body=b"x"))
    assert (failed.value.kind, failed.value.sent) == ("connect", False)
    assert not server.heads


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_F_03_a_connection_cut_after_the_request_may_have_been_acted_upon(
    serve: Any, client: Client, tenant: UUID, method: str
) -> None:
    async def cut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await serve(cut)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method=method, url=server.url, body=b"order"))
    assert (failed.value.kind, failed.value.sent) == ("cut", True)
    assert len(server.heads) == 1, "never repeated by itself"


async def test_F_03_a_cut_body_is_no_answer(serve: Any, client: Client, tenant: UUID) -> None:
    async def half(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()

    server = await serve(half)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="POST", url=server.url, body=b"order"))
    assert (failed.value.kind, failed.value.sent) == ("cut", True)


async def test_F_03_silence_ends_in_a_timeout_that_was_sent(serve: Any, client: Client, tenant: UUID) -> None:
    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await serve(silence)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="POST", url=server.url, body=b"order", timeout=1.0))
    assert (failed.value.kind, failed.value.sent) == ("timeout", True)


async def test_a_slow_body_ends_with_the_whole_calls_time(serve: Any, client: Client, tenant: UUID) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na")
        await reader.read()

    server = await serve(drip)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url, timeout=0.2))
    assert failed.value.kind == "timeout"


@pytest.mark.parametrize("bytes_sent", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"])
async def test_an_answer_that_is_no_http_is_malformed(
    serve: Any, client: Client, tenant: UUID, bytes_sent: bytes
) -> None:
    async def nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes_sent)
        await writer.drain()

    server = await serve(nonsense)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url))
    assert (failed.value.kind, failed.value.sent) == ("malformed", True)


async def test_large_requests_go_out_and_larger_ones_do_not(
    serve: Any, answer: Any, client: Client, tenant: UUID
) -> None:
    server = await serve(answer(b"ok"))
    assert (await client.send(tenant, Request(method="POST", url=server.url, body=bytes(3_000_000)))).status == 200
    with pytest.raises(Refused) as refused:
        await client.send(tenant, Request(method="POST", url=server.url, body=bytes(10 * 1024 * 1024 + 1)))
    assert refused.value.rule == "body"


async def test_tenants_beyond_the_kept_number_lose_only_idle_connections(
    serve: Any, answer: Any, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.egress.client.TENANTS_KEPT", 2)
    server = await serve(answer(b"ok"))
    async with Client(Guard(allow_loopback=True)) as client:
        for number in range(5):
            assert (await client.send(UUID(int=number), Request(method="GET", url=server.url))).status == 200
        assert len(client._pools) == 2
        await client.send(tenant, Request(method="GET", url=server.url))
