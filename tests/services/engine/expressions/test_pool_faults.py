"""F-38: evaluators that are killed, hang, cannot be started or answer half: the pool is whole again soon."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.engine.expressions.evaluator import Expressions
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed, ExpressionsUnavailable
from tests.patience import PATIENCE

SIZE = 3


@pytest.fixture
async def pool() -> AsyncIterator[Expressions]:
    _others.clear()
    _others.update(children())
    async with ExpressionPool(size=SIZE, eager=True) as started:
        yield Expressions(started)


_others: set[int] = set()
"""Evaluators of this process that are not of the pool in hand: other tests share one."""


def children() -> set[int]:
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in _read(thread / "children").split()}
    return {pid for pid in found - _others if b"child.py" in _read(Path(f"/proc/{pid}/cmdline"))}


def _read(file: Path) -> bytes:
    """Empty where its process or thread has just ended."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def asked(expressions: Expressions, number: int) -> Any:
    return (await expressions.evaluate([". as $x | [$x, $x] | add"], number, {}, lane=f"lane-{number}"))[0]


async def refusal(expressions: Expressions) -> None:
    """Ask until it raises something else than that this one expression failed."""
    while True:
        with contextlib.suppress(ExpressionFailed):
            await asked(expressions, 1)


async def until_whole(expressions: Expressions) -> None:
    """Until as many answers as there are processes come at once."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answers = await asyncio.gather(*(asked(expressions, n) for n in range(SIZE)), return_exceptions=True)
            if answers == [2 * n for n in range(SIZE)]:
                return
            await asyncio.sleep(0.02)


async def test_F_38_all_evaluators_killed_at_once_are_replaced_and_leave_nothing(pool: Expressions) -> None:
    await until_whole(pool)
    before, open_before = children(), handles()
    for _ in range(5):
        asking = [asyncio.ensure_future(asked(pool, number)) for number in range(20)]
        await asyncio.sleep(0)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        for answer in await asyncio.gather(*asking, return_exceptions=True):
            assert isinstance(answer, int | ExpressionFailed | ExpressionsUnavailable), answer
        await until_whole(pool)
    assert len(children()) == len(before) == SIZE
    assert handles() <= open_before + 1


async def test_F_38_an_evaluator_that_hangs_is_killed_and_its_neighbours_are_answered(pool: Expressions) -> None:
    await until_whole(pool)
    hung = min(children())
    os.kill(hung, signal.SIGSTOP)
    answers = await asyncio.gather(*(asked(pool, number) for number in range(12)), return_exceptions=True)
    failed = [answer for answer in answers if isinstance(answer, ExpressionFailed)]
    assert len(failed) <= 1
    assert all(answer.kind == "expression_timeout" for answer in failed)
    assert len([answer for answer in answers if isinstance(answer, int)]) == 12 - len(failed)
    await until_whole(pool)
    assert hung not in children() or not failed


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EMFILE, errno.ENOMEM])
async def test_F_38_when_none_can_be_started_it_says_so_and_works_once_one_can(
    pool: Expressions, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    await until_whole(pool)
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", refused)
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE):
            while children():
                await asyncio.gather(*(asked(pool, n) for n in range(SIZE)), return_exceptions=True)
                await asyncio.sleep(0.01)
            # The run goes back in line; it is not its fault. Before that each one that was killed may be found out.
            with pytest.raises(ExpressionsUnavailable):
                await refusal(pool)
    await until_whole(pool)


async def test_F_38_an_answer_that_breaks_off_is_a_failure_of_its_own_request(
    pool: Expressions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until_whole(pool)
    exactly = asyncio.StreamReader.readexactly
    broken: list[bytes] = []

    async def half(reader: asyncio.StreamReader, count: int) -> bytes:
        found = await exactly(reader, count)
        if not broken and count == 5:  # the head of an answer
            broken.append(found)
            raise asyncio.IncompleteReadError(found[:2], count)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.StreamReader, "readexactly", half)
        with pytest.raises(ExpressionFailed):
            await asked(pool, 1)
    assert broken
    await until_whole(pool)
