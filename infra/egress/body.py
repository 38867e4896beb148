"""Reading a response within bounds. Nothing is decompressed that was not asked for, nor more than fits (S-57)."""

from __future__ import annotations

import zlib
from typing import Final

import aiohttp

from infra.egress.messages import MAX_BODY, Failed

MAX_RATIO: Final = 100
# Short runs compress further than 100:1 honestly; below this the ratio proves nothing.
_RATIO_FROM: Final = 256 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


class Decompressor:
    """gzip (one member or several) or deflate (with or without the zlib wrapper), bounded in size and ratio."""

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding
        self._limit = limit
        self._decoder: zlib._Decompress | None = None
        self._taken = 0
        self._given = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """What `chunk` decodes to.

        Raises:
            Failed: `too-large` beyond the limit or the ratio, `malformed` when it does not decode.
        """
        self._taken += len(chunk)
        parts = []
        while chunk:
            decoder = self._decoder or self._open(chunk)
            try:
                part = decoder.decompress(chunk, self._limit - self._given + 1)
            except zlib.error as error:
                raise Failed("malformed", "the body does not decompress", sent=True) from error
            self._given += len(part)
            if self._given > max(_RATIO_FROM, self._taken * MAX_RATIO) or self._given > self._limit:
                raise Failed("too-large", "the body decompresses beyond the limit", sent=True)
            parts.append(part)
            chunk = decoder.unconsumed_tail
            if decoder.eof:
                self._decoder, chunk = None, decoder.unused_data
        return parts

    def finish(self) -> None:
        """Say that the body ended.

        Raises:
            Failed: `cut`: it ended inside the compressed data.
        """
        if self._decoder is not None:
            raise Failed("cut", "the body ends inside its compressed data", sent=True)

    def _open(self, first: bytes) -> zlib._Decompress:
        bits = _GZIP
        if self._encoding == "deflate":
            wrapped = first[0] & 0x0F == zlib.DEFLATED and first[0] >> 4 <= 7  # noqa: PLR2004 (RFC 1950, CMF)
            bits = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
        self._decoder = zlib.decompressobj(bits)
        return self._decoder


async def read(response: aiohttp.ClientResponse, limit: int = MAX_BODY) -> bytes:
    """The decoded body.

    Raises:
        Failed: `too-large`, `malformed` (also an encoding we never asked for) or `cut`.
    """
    length = response.content_length
    if length is not None and length > limit and response.method != "HEAD":
        raise Failed("too-large", f"the body has {length} bytes", sent=True)
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return await _plain(response.content, limit)
    encoding = encoding.removeprefix("x-")
    if encoding not in {"gzip", "deflate"}:
        raise Failed("malformed", "the body has a content encoding that was not asked for", sent=True)
    decompressor = Decompressor(encoding, limit)
    parts: list[bytes] = []
    while chunk := await response.content.readany():
        parts += decompressor.feed(chunk)
    decompressor.finish()
    return b"".join(parts)


async def _plain(content: aiohttp.StreamReader, limit: int) -> bytes:
    first = await content.readany()
    if content.at_eof():
        return _within(first, len(first), limit)
    parts, size = [first], len(first)
    while chunk := await content.readany():
        parts.append(chunk)
        size += len(chunk)
        _within(chunk, size, limit)
    return b"".join(parts)


def _within(chunk: bytes, size: int, limit: int) -> bytes:
    if size > limit:
        raise Failed("too-large", f"the body has more than {limit} bytes", sent=True)
    return chunk
