"""The calls of one run that are under way at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from services.engine.functions import Answer
from services.engine.state import Snapshot
from services.engine.waits import Effect


class Flights:
    """By strand. A call whose strand waits for it no longer is cancelled; it may still have its effect."""

    def __init__(self) -> None:
        self._ready: dict[int, tuple[Effect, Coroutine[Any, Any, Answer]]] = {}
        self._flying: dict[int, tuple[Effect, asyncio.Task[Answer]]] = {}

    def __len__(self) -> int:
        return len(self._ready) + len(self._flying)

    def __contains__(self, strand: int) -> bool:
        return strand in self._ready or strand in self._flying

    def launch(self, strand: int, effect: Effect, call: Coroutine[Any, Any, Answer]) -> None:
        """The call begins when answers are next asked for."""
        self._ready[strand] = (effect, call)

    async def keep(self, snapshot: Snapshot) -> None:
        """Cancel every call that `snapshot` does not wait for, and let it come to its end."""
        if not self._flying:
            return
        awaited = {strand.id: calling.effect for strand, calling in snapshot.calls()}
        gone = [strand for strand, (effect, _) in self._flying.items() if awaited.get(strand) != effect]
        await _cancel([self._flying.pop(strand)[1] for strand in gone])

    async def landed(self, seconds: float | None) -> list[tuple[int, Answer]]:
        """The answers at hand, at least one unless `seconds` pass before it. Raises what a call raised."""
        if seconds is None and not self._flying and len(self._ready) == 1:
            # Nothing is beside it: it needs no task of its own, which most calls would pay for.
            strand, (_, call) = self._ready.popitem()
            return [(strand, await call)]
        for strand, (effect, call) in self._ready.items():
            self._flying[strand] = (effect, asyncio.create_task(call))
        self._ready.clear()
        tasks = [task for _, task in self._flying.values()]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        done = [(strand, task) for strand, (_, task) in self._flying.items() if task.done()]
        for strand, _ in done:
            del self._flying[strand]
        return [(strand, task.result()) for strand, task in done]

    async def end(self) -> None:
        """Cancel what is still under way."""
        for _, call in self._ready.values():
            call.close()
        gone = [task for _, task in self._flying.values()]
        self._ready.clear()
        self._flying.clear()
        await _cancel(gone)


async def _cancel(tasks: list[asyncio.Task[Answer]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)
