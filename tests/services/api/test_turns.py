"""Turns of requests: through the real edge, in front of an application that answers when it is told to."""

from __future__ import annotations

import asyncio
from typing import Any

from services.api.edge import Edge
from services.api.turns import MOST
from tests.asgi import Answer, Caller


class Slow:
    """Reads the body, then waits until `go`; `inside` counts who got so far."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.inside = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        self.inside += 1
        if scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.go.wait()
        if scope["path"] != "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def served() -> tuple[Slow, Caller]:
    slow = Slow()
    return slow, Caller(Edge(slow, hosts=["127.0.0.1"], max_body=1000))


async def settled() -> None:
    """Everything that can go on without `go` has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def ended(slow: Slow, calls: list[asyncio.Task[Answer]]) -> None:
    slow.go.set()
    async with asyncio.timeout(10):
        assert {answer.status for answer in await asyncio.gather(*calls)} == {200}


async def test_F_23_who_sends_many_at_once_has_some_worked_on_and_nobody_else_waits_for_the_rest() -> None:
    slow, caller = served()
    flood = [asyncio.create_task(caller.having("flood").post("/x", {})) for _ in range(5 * MOST)]
    await settled()
    assert slow.inside == MOST
    others = [asyncio.create_task(caller.having(key).get("/x")) for key in ("quiet", None)]
    await settled()
    assert slow.inside == MOST + 2
    await ended(slow, flood + others)
    assert slow.inside == 5 * MOST + 2
    assert not len(caller.app._turns)


async def test_a_stream_and_a_body_that_is_still_to_come_hold_no_turn() -> None:
    slow, caller = served()
    streams = [asyncio.create_task(caller.having("a").get("/stream")) for _ in range(2 * MOST)]
    await settled()
    assert slow.inside == 2 * MOST
    never = asyncio.Event()

    async def trickling() -> Any:
        await never.wait()

    scope = {"type": "http", "method": "POST", "path": "/x", "raw_path": b"/x", "query_string": b""}
    scope["headers"] = [(b"host", b"127.0.0.1"), (b"authorization", b"Bearer a")]
    trickles = [asyncio.ensure_future(caller.app(dict(scope), trickling, trickling)) for _ in range(2 * MOST)]
    await settled()
    last = asyncio.create_task(caller.having("a").get("/x"))
    await settled()
    assert slow.inside == 2 * MOST + 1
    for one in trickles:
        one.cancel()
    await asyncio.gather(*trickles, return_exceptions=True)
    await ended(slow, [*streams, last])


async def test_who_leaves_while_it_waits_or_works_takes_no_turn_along() -> None:
    slow, caller = served()
    first = [asyncio.create_task(caller.having("a").get("/x")) for _ in range(3 * MOST)]
    await settled()
    for one in first:
        one.cancel()
    await asyncio.gather(*first, return_exceptions=True)
    assert not len(caller.app._turns)
    second = [asyncio.create_task(caller.having("a").get("/x")) for _ in range(MOST)]
    await settled()
    assert slow.inside == 2 * MOST
    await ended(slow, second)
