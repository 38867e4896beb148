"""An answer that is read while it comes: server-sent events, lines. Bounded in time and size like any other."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import aiohttp

from infra.egress.failures import translated
from infra.egress.messages import MAX_BODY, Failed
from infra.egress.pool import Flight

STREAM_SECONDS: Final = 600.0
"""Longest that an answer is read."""


class Stream:
    """The beginning of an answer, and a way to read on.

    Attributes:
        status, headers: as of `Response`.
    """

    def __init__(
        self, answer: aiohttp.ClientResponse, headers: dict[str, str], flight: Flight, limit: int = MAX_BODY
    ) -> None:
        self.status = answer.status
        self.headers = headers
        self._answer = answer
        self._flight = flight
        self._limit = limit

    async def chunks(self) -> AsyncGenerator[bytes]:
        """What comes, as it comes, until the other side ends.

        Raises:
            Failed: `cut`, `timeout`, `too-large` beyond the limit, `malformed` for an encoding that was not asked for.
        """
        if self._answer.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Failed("malformed", "the body has a content encoding that was not asked for", sent=True)
        size = 0
        while True:
            with translated(self._flight):
                chunk = await self._answer.content.readany()
            if not chunk:
                return
            size += len(chunk)
            if size > self._limit:
                raise Failed("too-large", f"the body has more than {self._limit} bytes", sent=True)
            yield chunk

    async def read(self) -> bytes:
        """All that is left of it. Raises as `chunks`."""
        return b"".join([chunk async for chunk in self.chunks()])
