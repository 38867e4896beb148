"""Sends orders and learns of their runs' ends: many at a time, or one after another."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, Self
from uuid import uuid4

import msgspec

from infra.redis import TOLD, Doorbell
from services.engine.lifecycle import TOPIC
from tests.bench.installation import Installation
from tests.bench.line import Line
from tests.bench.work import Work

_FORM: Final = "application/cloudevents+json"
_LOST_SECONDS: Final = 30.0


class _Accepted(msgspec.Struct):
    runs: list[str]


class _Told(msgspec.Struct):
    subject: str


class Load:
    """Use as `async with Load(installation, work)`. Tenants take turns, so that each has as much as the others.

    The end of a run is heard as everybody hears it who follows runs: from what the relay tells after its commit.
    """

    def __init__(self, installation: Installation, work: Work) -> None:
        self._installation = installation
        self._work = work
        self._mark = uuid4().hex[:8]
        self._sent = 0
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._early: set[str] = set()
        self.unheard = 0

    async def __aenter__(self) -> Self:
        self._bell = Doorbell(self._installation.redis_url)
        self._hearing = asyncio.create_task(self._bell.listen(f"{TOLD}:{TOPIC}", self._heard))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)
        await self._bell.close()

    @property
    def sent(self) -> int:
        return self._sent

    def _heard(self, message: bytes) -> None:
        run = msgspec.json.decode(message, type=_Told).subject
        future = self._waiting.pop(run, None)
        if future is None:
            self._early.add(run)
        elif not future.done():
            future.set_result(None)

    async def one(self, line: Line) -> float:
        """Send an order and wait for its run's end; milliseconds from the request to the news."""
        number, self._sent = self._sent, self._sent + 1
        key = self._installation.keys[number % len(self._installation.keys)]
        body = self._work.envelope(f"{self._work.name}-{self._mark}-{number}", number)
        began = time.perf_counter()
        status, answer = await line.ask("POST", "/v1/events", body, key=key, form=_FORM)
        if status != 202:
            raise AssertionError(f"an event was answered with {status}: {answer[:500]!r}")
        (run,) = msgspec.json.decode(answer, type=_Accepted).runs
        await self._ended(line, run, key)
        return (time.perf_counter() - began) * 1000

    async def _ended(self, line: Line, run: str, key: str) -> None:
        if run in self._early:
            self._early.discard(run)
            return
        future = self._waiting[run] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_LOST_SECONDS):
                await future
        except TimeoutError:
            # The news of a run may be lost, the run may not: the API knows.
            self.unheard += 1
            self._waiting.pop(run, None)
            await _completed(line, run, key)

    async def asked(self, line: Line) -> float:
        """As `one`, for a client that asks the API to be told: `GET /v1/runs/RUN?wait=10`."""
        number, self._sent = self._sent, self._sent + 1
        key = self._installation.keys[number % len(self._installation.keys)]
        body = self._work.envelope(f"{self._work.name}-{self._mark}-{number}", number)
        began = time.perf_counter()
        _, answer = await line.ask("POST", "/v1/events", body, key=key, form=_FORM)
        (run,) = msgspec.json.decode(answer, type=_Accepted).runs
        await _completed(line, run, key)
        return (time.perf_counter() - began) * 1000

    async def many(self, count: int, in_flight: int, seconds: float) -> Result:
        """`count` orders with at most `in_flight` at a time, or as many as were sent after `seconds`."""
        loads: list[float] = []
        left = iter(range(count))
        began = time.perf_counter()

        async def lane() -> None:
            async with Line(self._installation.api_port) as line:
                for _ in left:
                    if time.perf_counter() - began > seconds:
                        return
                    loads.append(await self.one(line))

        async with asyncio.TaskGroup() as lanes:
            for _ in range(in_flight):
                lanes.create_task(lane())
        return Result(loads, time.perf_counter() - began)


class Result(msgspec.Struct, frozen=True):
    """Milliseconds of each run, and seconds of all together."""

    milliseconds: list[float]
    seconds: float


async def _completed(line: Line, run: str, key: str) -> dict[str, Any]:
    status, answer = await line.ask("GET", f"/v1/runs/{run}?wait=10", key=key)
    found: dict[str, Any] = msgspec.json.decode(answer)
    if status != 200 or found["state"] != "completed":
        raise AssertionError(f"{run}: {status} {answer[:500]!r}")
    return found
