from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, Self

from services.engine.expressions import process
from services.engine.expressions.lanes import Lanes
from services.engine.expressions.process import Died, EvaluatorProcess
from services.engine.expressions.protocol import ExpressionFailed, ExpressionsUnavailable

_log = logging.getLogger(__name__)

BATCH: Final = 16
RECYCLE_AFTER: Final = 10_000
PENDING_PER_LANE: Final = 256

_DIED_WORDS: Final = {
    "expression_timeout": "the expression ran longer than 250 ms of processor time or 2 s in all",
    "expression_crashed": "the expression needed more memory or stack than it may have",
}


class _Request:
    def __init__(self, operation: bytes, names: str, text: bytes, programs: Sequence[str]) -> None:
        self.strings = [operation, names.encode(), text, *(program.encode() for program in programs)]
        self.wanted = len(programs)
        self.answers: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()


class ExpressionPool:
    """A few evaluator processes, shared by every run of a worker.

    Use as `async with ExpressionPool() as pool`, or `start` and `stop`. All methods belong to the loop that started it.
    Requests of several runs travel to a process together. Of two processes or more, one never takes the work of a lane
    whose programs were killed lately.
    """

    def __init__(self, *, size: int = 2, eager: bool = False) -> None:
        """`size` processes of about 15 MiB; `eager` starts them with the pool instead of on first use."""
        self._size = size
        self._eager = eager
        self._lanes: Lanes[_Request] = Lanes(lambda: asyncio.get_running_loop().time())
        self._ready = asyncio.Event()
        self._slots: list[asyncio.Task[None]] = []
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._guests: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        self._slots = [asyncio.create_task(self._serve(number)) for number in range(self._size)]

    async def stop(self) -> None:
        """End the processes; requests that wait fail with ExpressionsUnavailable. Safe to repeat."""
        for slot in self._slots:
            slot.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)
        self._slots = []
        while waiting := self._lanes.take(BATCH, penalised=True):
            _fail_all(waiting, "the pool was stopped")

    async def evaluate(self, lane: str, names: Sequence[str], text: bytes, programs: Sequence[str]) -> list[bytes]:
        """For each program the JSON array of its results, two at most.

        Args:
            lane: see `Evaluator.evaluate`.
            names: variables, in a stable order.
            text: JSON object with the input as `i` and the variables as object `v`.
            programs: jq.

        Raises:
            ExpressionFailed, ExpressionsUnavailable: see `Evaluator.evaluate`.
        """
        return await self._submit(lane, _Request(b"e", ",".join(names), text, programs))

    async def check(self, lane: str, names: Sequence[str], program: str) -> str | None:
        """Why the program does not compile; None when it does. Raises ExpressionsUnavailable."""
        try:
            await self._submit(lane, _Request(b"c", ",".join(names), b"", [program]))
        except ExpressionFailed as error:
            return error.detail
        return None

    async def _submit(self, lane: str, request: _Request) -> list[bytes]:
        if not self._slots:
            raise ExpressionsUnavailable("the pool is not started")
        # The bound makes a flooding lane wait in its own coroutines; the others never notice.
        room = self._rooms.setdefault(lane, asyncio.Semaphore(PENDING_PER_LANE))
        self._guests[lane] = self._guests.get(lane, 0) + 1
        try:
            async with room:
                self._lanes.put(lane, request)
                self._ready.set()
                return await request.answers
        finally:
            self._guests[lane] -= 1
            if not self._guests[lane]:
                del self._guests[lane], self._rooms[lane]

    async def _serve(self, number: int) -> None:
        """One slot: keeps one process and gives it batches."""
        child: EvaluatorProcess | None = None
        batch: list[tuple[str, _Request]] = []
        takes_penalised = number > 0 or self._size == 1
        try:
            if self._eager:
                child = await _started()
            while True:
                batch = await self._next(penalised=takes_penalised)
                try:
                    child = await self._work(child, batch)
                except Exception:  # noqa: BLE001 - whatever it was, it is logged
                    # A slot must outlive whatever happens in it; its requests may be tried again elsewhere.
                    _log.exception("an expression slot failed")
                    _fail_all(batch, "the evaluator failed")
        finally:
            _fail_all(batch, "the pool was stopped")
            if child is not None:
                await child.stop()

    async def _work(self, child: EvaluatorProcess | None, batch: list[tuple[str, _Request]]) -> EvaluatorProcess | None:
        """Have the batch answered; returns the process for the next one."""
        if child is not None and (child.gone or child.answers >= RECYCLE_AFTER):
            await child.stop()
            child = None
        child = child or await _started()
        if child is None:
            _fail_all(batch, "no evaluator process could be started")
            return None
        return child if await self._converse(child, batch) else await _started()

    async def _next(self, *, penalised: bool) -> list[tuple[str, _Request]]:
        while True:
            share = -(-len(self._lanes) // self._size)
            if batch := self._lanes.take(max(1, min(BATCH, share)), penalised=penalised):
                return batch
            self._ready.clear()
            await self._ready.wait()

    async def _converse(self, child: EvaluatorProcess, batch: list[tuple[str, _Request]]) -> bool:
        """Send the batch and hand out its answers; False when the process died on the way.

        The request that killed it fails; those behind it had not begun and go back to the front of their lanes.
        """
        for _, request in batch:
            child.ask(request.strings)
        for position, (lane, request) in enumerate(batch):
            try:
                await _answer(child, request)
            except Died as death:
                self._lanes.strike(lane)
                index = child.answers_of_request
                _fail(request, ExpressionFailed(death.kind, _DIED_WORDS[death.kind], index))
                for other, innocent in reversed(batch[position + 1 :]):
                    self._lanes.put(other, innocent, first=True)
                self._ready.set()
                return False
        return True


async def _answer(child: EvaluatorProcess, request: _Request) -> None:
    texts: list[bytes] = []
    failure: ExpressionFailed | None = None
    child.answers_of_request = 0
    for index in range(request.wanted):
        status, text = await child.answer()
        child.answers_of_request += 1
        if failure is not None:
            continue
        if status == process.OK:
            texts.append(text)
        elif status == process.TOO_LARGE:
            failure = ExpressionFailed("expression_refused", "the result is larger than 4 MiB", index)
        else:
            failure = ExpressionFailed("expression_failed", text.decode("utf-8", "replace"), index)
    if failure is not None:
        _fail(request, failure)
    elif not request.answers.done():
        request.answers.set_result(texts)


def _fail_all(batch: list[tuple[str, _Request]], words: str) -> None:
    for _, request in batch:
        _fail(request, ExpressionsUnavailable(words))


def _fail(request: _Request, error: Exception) -> None:
    if not request.answers.done():
        request.answers.set_exception(error)


async def _started() -> EvaluatorProcess | None:
    try:
        return await EvaluatorProcess.start()
    except ExpressionsUnavailable:
        return None
