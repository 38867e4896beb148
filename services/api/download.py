"""An answer that is a file in the making: sent as it is made, to a reader who may leave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from infra import clock

SEND_SECONDS: Final = 60.0
"""A reader that takes nothing for so long is let go."""
ASK_SECONDS: Final = 2.0
"""How often it is asked whether the reader may have the rest; the promise is 5 s (S-06)."""
_log: Final = logging.getLogger(__name__)


class Download(Response[bytes]):
    """Made when it is sent and not before; what fails on the way cuts the answer off: nobody takes it for whole.

    Args:
        chunks: the file.
        name: what it is to be called; ASCII without quotation marks. Or a whole `Content-Disposition`.
        headers: that it has besides.
        goes_on: whether the reader may have the rest; a key may be revoked while a file lasts for hours.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        *,
        name: str,
        media_type: str,
        goes_on: Callable[[], Awaitable[bool]],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(b"", media_type=media_type)
        self._chunks = chunks
        self._goes_on = goes_on
        self._head = [
            (b"content-type", media_type.encode()),
            (b"content-disposition", (name if ";" in name else f'attachment; filename="{name}"').encode()),
            (b"cache-control", b"no-store"),
            *((key.encode(), value.encode()) for key, value in (headers or {}).items()),
        ]

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        return self._serve

    async def _serve(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._head})
        leaving = asyncio.create_task(_gone(receive))
        asked = clock.monotonic()
        try:
            async for chunk in self._chunks:
                if leaving.done():
                    return
                if clock.monotonic() - asked >= ASK_SECONDS:
                    if not await self._goes_on():
                        _log.warning("a download was cut off: its reader is admitted no more")
                        return
                    asked = clock.monotonic()
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
