"""One stream of server-sent events: its form, and how it ends (F-23, S-06)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infra import ids
from services.api import event_stream
from services.api.event_stream import EventStream
from services.api.feed import Watcher
from tests.patience import PATIENCE


class Line:
    """One caller of a stream; `gate` closed: it reads nothing."""

    def __init__(self, stream: EventStream, *, is_head: bool = False) -> None:
        self.sent: list[bytes] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.gone = asyncio.Event()
        self.arrived = asyncio.Event()
        scope: Any = {"state": {"is_head": is_head}}
        self.serving = asyncio.create_task(stream._serve(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.gate.wait()
        self.sent.append(message.get("body", b""))
        self.arrived.set()

    async def until(self, part: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            while part not in b"".join(self.sent):
                self.arrived.clear()
                await self.arrived.wait()


@asynccontextmanager
async def given(watcher: Watcher) -> AsyncIterator[Watcher]:
    try:
        yield watcher
    finally:
        watcher.left = True  # type: ignore[attr-defined]


async def yes() -> bool:
    return True


async def test_a_stream_is_framed_as_server_sent_events() -> None:
    watcher = Watcher()
    line = Line(EventStream(lambda: given(watcher), yes))
    await line.until(b"retry: 1000\n: open\n\n")
    watcher.offer(ids.new(), b'{"a":1}')
    await line.until(b'event: run\nid: 1\ndata: {"a":1}\n\n')
    watcher.lose()
    await line.until(b"event: reload\nid: 2\ndata: {}\n\n")
    line.gone.set()
    await line.serving
    assert watcher.left  # type: ignore[attr-defined]


async def test_a_stream_that_has_nothing_to_tell_keeps_its_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.01)
    line = Line(EventStream(lambda: given(Watcher()), yes))
    await line.until(b":\n\n:\n\n:\n\n")
    line.gone.set()
    await line.serving


async def test_F_23_a_reader_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.05)
    watcher = Watcher()
    line = Line(EventStream(lambda: given(watcher), yes))
    await line.until(b": open")
    line.gate.clear()
    watcher.offer(ids.new(), b"{}")
    async with asyncio.timeout(PATIENCE):
        await line.serving
    assert watcher.left  # type: ignore[attr-defined]


async def test_S_06_a_stream_ends_when_its_caller_may_no_longer_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "CHECK_SECONDS", 0.01)
    answers: list[bool | OSError] = [True, OSError(), True, False]

    async def may_go_on() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer  # the database is away: nothing is known, and nothing is told either
        return answer

    line = Line(EventStream(lambda: given(Watcher()), may_go_on))
    async with asyncio.timeout(PATIENCE):
        await line.serving
    assert answers == []


async def test_S_06_a_question_that_fails_ends_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "CHECK_SECONDS", 0.01)

    async def may_go_on() -> bool:
        raise ValueError("a defect")

    line = Line(EventStream(lambda: given(Watcher()), may_go_on))
    async with asyncio.timeout(PATIENCE):
        await line.serving


async def test_a_caller_that_sends_on_and_on_is_let_go() -> None:
    watcher = Watcher()
    line = Line(EventStream(lambda: given(watcher), yes))

    async def chatter() -> Any:
        return {"type": "http.request", "body": b"x", "more_body": True}

    line._receive = chatter  # type: ignore[method-assign]
    other = EventStream(lambda: given(Watcher()), yes)
    scope: Any = {"state": {}}
    async with asyncio.timeout(PATIENCE):
        await other._serve(scope, chatter, line._send)
    line.gone.set()
    await line.serving


async def test_a_head_request_opens_no_stream() -> None:
    line = Line(EventStream(lambda: given(Watcher()), yes), is_head=True)
    async with asyncio.timeout(PATIENCE):
        await line.serving
    assert b"".join(line.sent) == b""
