"""Calls an ASGI application in this process: what a server would hand in, and what it would send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """`headers` by lower-case name, each cookie that is set on a line of its own; `body` whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem's type; fails when the answer is no problem document."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        kind: str = self.json["type"]
        return kind.removeprefix("/problems/")


class Caller:
    """Sends requests to `app` as the holder of `key`, connecting from `address`."""

    def __init__(self, app: Any, key: str | None = None, address: str = "127.0.0.1") -> None:
        self.app = app
        self.key = key
        self.address = address

    def having(self, key: str | None) -> Caller:
        return Caller(self.app, key, self.address)

    def by(self, address: str) -> Caller:
        return Caller(self.app, self.key, address)

    async def get(self, target: str, **more: Any) -> Answer:
        return await self.send("GET", target, **more)

    async def post(self, target: str, body: Any = None, **more: Any) -> Answer:
        return await self.send("POST", target, body, **more)

    async def send(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        chunks: list[bytes] | None = None,
    ) -> Answer:
        """`body` is sent as JSON; `raw` and `chunks` as they are. A header of the value '' is left out."""
        content = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        sent = {"host": "127.0.0.1:8420"}
        if self.key is not None:
            sent["authorization"] = f"Bearer {self.key}"
        if body is not None or raw is not None or chunks is not None:
            sent["content-type"] = "application/json"
        if chunks is None and content:
            sent["content-length"] = str(len(content))
        sent.update(headers or {})
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in sent.items() if value]
        return await self.exchange(method, target, pairs, chunks or [content])

    async def exchange(
        self, method: str, target: str, headers: list[tuple[bytes, bytes]], chunks: list[bytes]
    ) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": (self.address, 1),
            "server": ("127.0.0.1", 8420),
        }
        waiting = list(chunks)
        sent: list[Any] = []
        enough = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not waiting:
                await enough.wait()
                return {"type": "http.disconnect"}
            chunk = waiting.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            sent.append(message)
            # A stream has no end of its own: its first part is its answer here.
            if (b"content-type", b"text/event-stream") in sent[0]["headers"] and len(sent) > 1:
                enough.set()

        await self.app(scope, receive, send)
        start = sent[0]
        found: dict[str, str] = {}
        for name, value in start["headers"]:
            key, text = name.decode().lower(), value.decode("latin-1")
            found[key] = f"{found[key]}\n{text}" if key == "set-cookie" and key in found else text
        return Answer(start["status"], found, b"".join(one.get("body", b"") for one in sent[1:]))


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Opens and closes `app` by lifespan events, as a server does."""
    queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    happened: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    serving = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}}, queue.get, happened.put))
    await queue.put({"type": "lifespan.startup"})
    starting = asyncio.create_task(happened.get())
    await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        starting.cancel()
        serving.result()
    began = await starting
    assert began["type"] == "lifespan.startup.complete", began
    try:
        yield
    finally:
        await queue.put({"type": "lifespan.shutdown"})
        await happened.get()
        await serving
