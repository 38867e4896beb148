from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.engine.recovery import Swept
from services.worker.scheduler import Scheduler

NOTHING = Swept(requeued=0, quarantined=0, woken=0, solo=False)


async def run(
    sweep: Callable[[], Awaitable[Swept]], keep_house: Callable[[], Awaitable[None]], until: asyncio.Event
) -> list[str]:
    said: list[str] = []
    scheduler = Scheduler(
        sweep, keep_house, poll=0.001, wake=lambda: said.append("wake"), run_solo=lambda: said.append("solo")
    )
    task = asyncio.create_task(scheduler.run())
    await until.wait()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return said


async def _nothing() -> None:
    return


async def _fail() -> None:
    raise ConnectionError("Redis is away")


async def _hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("keep_house", [_fail, _hang])
async def test_F_11_housekeeping_that_fails_or_hangs_stops_no_sweep(
    keep_house: Callable[[], Awaitable[None]],
) -> None:
    swept, until = 0, asyncio.Event()

    async def sweep() -> Swept:
        nonlocal swept
        swept += 1
        if swept == 5:
            until.set()
        return NOTHING

    assert await run(sweep, keep_house, until) == []


async def test_a_sweep_that_fails_is_tried_again() -> None:
    until = asyncio.Event()
    answers: list[Swept | Exception] = [ConnectionError("away"), ValueError("ours"), NOTHING]

    async def sweep() -> Swept:
        if not answers:
            until.set()
            return NOTHING
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    await run(sweep, _nothing, until)
    assert answers == []


async def test_what_a_sweep_found_is_acted_on() -> None:
    until = asyncio.Event()

    async def sweep() -> Swept:
        if until.is_set():
            return NOTHING
        until.set()
        return Swept(requeued=1, quarantined=0, woken=1, solo=True)

    assert await run(sweep, _nothing, until) == ["wake", "solo"]
