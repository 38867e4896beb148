"""S-57: responses that want to be larger than they are."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from typing import Any
from uuid import UUID

import pytest

from infra.egress import Client, Failed, Request
from infra.egress.body import Decompressor

TEXT = b'{"a":"' + b"text " * 2000 + b'"}'


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def zipped(content: bytes) -> bytes:
    """Without the time of day, which would be part of a test's name."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", zipped(TEXT)),
        ("x-gzip", zipped(TEXT)),
        ("GZIP", zipped(TEXT[:100]) + zipped(TEXT[100:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("identity", TEXT),
    ],
)
async def test_honest_encodings_are_read(
    serve: Any, answer: Any, client: Client, tenant: UUID, encoding: str, body: bytes
) -> None:
    server = await serve(answer(body, f"Content-Encoding: {encoding}"))
    assert (await client.send(tenant, Request(method="GET", url=server.url))).body == TEXT


async def test_S_57_a_bomb_stops_at_the_limit_and_in_little_memory(
    serve: Any, answer: Any, client: Client, tenant: UUID
) -> None:
    server = await serve(answer(gzip.compress(bytes(200_000_000)), "Content-Encoding: gzip"))
    tracemalloc.start()
    try:
        with pytest.raises(Failed) as failed:
            await client.send(tenant, Request(method="GET", url=server.url))
        assert tracemalloc.get_traced_memory()[1] < 32_000_000
    finally:
        tracemalloc.stop()
    assert failed.value.kind == "too-large"


def test_S_57_the_ratio_is_bounded_before_the_size_is() -> None:
    with pytest.raises(Failed) as failed:
        Decompressor("gzip", 10_000_000).feed(gzip.compress(bytes(5_000_000)))
    assert failed.value.kind == "too-large"


@pytest.mark.parametrize(
    ("head", "body", "kind"),
    [
        ("Content-Encoding: br", b"anything", "malformed"),
        ("Content-Encoding: gzip, gzip", zipped(zipped(TEXT)), "malformed"),
        ("Content-Encoding: gzip", b"no gzip", "malformed"),
        ("Content-Encoding: gzip", zipped(TEXT) + b"trailing", "malformed"),
        ("Content-Encoding: gzip", zipped(TEXT)[:-9], "cut"),
        ("Content-Encoding: deflate", zlib.compress(TEXT)[:-5], "cut"),
    ],
)
async def test_S_57_a_body_that_does_not_decode_is_no_answer(
    serve: Any, answer: Any, client: Client, tenant: UUID, head: str, body: bytes, kind: str
) -> None:
    server = await serve(answer(body, head))
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url))
    assert (failed.value.kind, failed.value.sent) == (kind, True)


async def test_S_57_an_endless_chunked_body_stops_at_the_limit(serve: Any, client: Client, tenant: UUID) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            await writer.drain()

    server = await serve(endless)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url))
    assert failed.value.kind == "too-large"


async def test_S_57_a_declared_length_beyond_the_limit_is_not_read(serve: Any, client: Client, tenant: UUID) -> None:
    async def declares(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx")
        await writer.drain()

    server = await serve(declares)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url))
    assert failed.value.kind == "too-large"


@pytest.mark.parametrize("header", [b"X-A: a\r\n" * 100_000, b"X-A: " + b"a" * 1_000_000 + b"\r\n"])
async def test_S_57_too_many_or_too_long_headers_are_no_answer(
    serve: Any, client: Client, tenant: UUID, header: bytes
) -> None:
    async def headers(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 0\r\n\r\n")
        await writer.drain()

    server = await serve(headers)
    with pytest.raises(Failed) as failed:
        await client.send(tenant, Request(method="GET", url=server.url))
    assert failed.value.kind in {"malformed", "cut"}


async def test_S_57_bytes_beyond_the_declared_length_reach_no_later_call(
    serve: Any, client: Client, tenant: UUID
) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirstHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
    server = await serve(smuggled)
    for _ in range(2):
        assert (await client.send(tenant, Request(method="GET", url=server.url))).body == b"first"


async def test_answers_without_a_body_are_read(serve: Any, client: Client, tenant: UUID) -> None:
    server = await serve(b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\nX-content-length: 0\r\n\r\n")
    assert (await client.send(tenant, Request(method="DELETE", url=server.url))).body == b""
    head = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\nContent-Encoding: gzip\r\n\r\n")
    assert (await client.send(tenant, Request(method="HEAD", url=head.url))).body == b""
