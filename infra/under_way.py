"""Tasks that go on behind the loop that began them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class UnderWay(Generic[T]):
    """Each with what it is about. A task that ends is forgotten; it must not raise."""

    def __init__(self, ended: Callable[[], None] = lambda: None) -> None:
        """`ended` is called behind each one's end."""
        self._ended = ended
        self._tasks: dict[asyncio.Task[None], T] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def about(self) -> list[T]:
        return list(self._tasks.values())

    def begin(self, work: Coroutine[Any, Any, None], about: T) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = about
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._ended()

    async def wait(self, seconds: float, until: str = asyncio.FIRST_COMPLETED) -> None:
        """`seconds` at most; sooner where one ends, or as `asyncio.wait` has it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds, return_when=until)
        else:
            await asyncio.sleep(seconds)

    async def settled(self) -> None:
        """When nothing is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self) -> None:
        """Cancel all, and wait for their ends. Safe to repeat."""
        ending = list(self._tasks)
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
