"""An answer that goes on: server-sent events (WHATWG HTML, 9.2) from a watcher, until somebody has enough of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from infra.database import is_outage
from services.api.feed import Watcher

_log: Final = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 15.0
CHECK_SECONDS: Final = 2.5
"""Between two looks whether the caller may still read; what it asks is remembered for two more (S-06: at most 5)."""
SEND_SECONDS: Final = 30.0
"""A reader that takes nothing for so long is let go."""
AGAIN_MILLISECONDS: Final = 1_000
MEDIA_TYPE: Final = "text/event-stream"
_MOST_MESSAGES: Final = 8
_HEARTBEAT: Final = b":\n\n"
_HEADERS: Final = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy in between is not to collect it
]

Open = Callable[[], AbstractAsyncContextManager[Watcher]]
Tell = Callable[[Watcher], Awaitable[list[bytes]]]
"""Gives the blocks that are to be sent now, and takes from the watcher what it has; it must not raise."""


class EventStream(Response[bytes]):
    """Entered when it is sent and not before, so that a caller who is gone by then leaves nothing open.

    Args:
        watching: gives the watcher; what it raises is the answer.
        may_go_on: whether the caller may still read.
        tell: what is sent of what the watcher has seen; asked at each heartbeat, too. None: the runs themselves.
    """

    def __init__(self, watching: Open, may_go_on: Callable[[], Awaitable[bool]], tell: Tell | None = None) -> None:
        super().__init__(b"", media_type=MEDIA_TYPE)
        self._watching = watching
        self._may_go_on = may_go_on
        self._tell = tell or _Runs()

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIApp:  # type: ignore[override]
        return self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._watching() as watcher:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            if scope["state"].get("is_head"):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            leaving = asyncio.create_task(_gone(receive))
            leaving.add_done_callback(lambda _: watcher.leave())
            checking = asyncio.create_task(self._check(watcher))
            try:
                await _pump(watcher, self._tell, send)
                if not leaving.done():
                    await _send(send, b"", more=False)
            except (TimeoutError, OSError):
                pass  # nobody reads
            finally:
                leaving.cancel()
                checking.cancel()
                for end in await asyncio.gather(leaving, checking, return_exceptions=True):
                    if isinstance(end, Exception):
                        _log.error("a stream's check failed", exc_info=end)

    async def _check(self, watcher: Watcher) -> None:
        try:
            while True:
                await asyncio.sleep(CHECK_SECONDS)
                try:
                    if not await self._may_go_on():
                        return
                except Exception as error:
                    # While nobody can be asked, nothing of the client's can be read either.
                    if not is_outage(error):
                        raise
        finally:
            watcher.leave()


class _Runs:
    """Each run that changed as an event `run`, each notice as one, and `reload` where more changed than was kept."""

    def __init__(self) -> None:
        self._number = 0

    async def __call__(self, watcher: Watcher) -> list[bytes]:
        notices = [(b"notice", one) for one in watcher.notices()]
        runs, lost = watcher.take()
        blocks: list[bytes] = []
        for name, data in [*notices, *[(b"reload", b"{}")] * lost, *[(b"run", run) for run in runs]]:
            self._number += 1
            blocks.append(block(name, b"%x" % self._number, data))
        return blocks


def block(name: bytes, identity: bytes, data: bytes) -> bytes:
    """One event; `data` is of one line."""
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name, identity, data)


async def _pump(watcher: Watcher, tell: Tell, send: Send) -> None:
    await _send(send, f"retry: {AGAIN_MILLISECONDS}\n: open\n\n".encode())
    while not watcher.is_over:
        is_silent = not await _changed(watcher)
        blocks = await tell(watcher)
        if blocks:
            await _send(send, b"".join(blocks))
        elif is_silent:
            await _send(send, _HEARTBEAT)


async def _changed(watcher: Watcher) -> bool:
    """False when a heartbeat is due."""
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            await watcher.changed.wait()
    except TimeoutError:
        return False
    return True


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _gone(receive: Receive) -> None:
    """Returns when the caller has gone, or sends what nobody asked for."""
    for _ in range(_MOST_MESSAGES):
        if (await receive())["type"] == "http.disconnect":
            return
