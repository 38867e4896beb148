"""Rehearsals that are asked for: a few at a time, and a child that is given up is ended."""

from __future__ import annotations

import asyncio

import pytest

from infra.problems import Unavailable
from services.rehearsals.rehearsals import AT_ONCE, MOST_WAITING, Rehearsals


async def test_more_than_a_few_at_once_are_asked_to_come_again() -> None:
    rehearsals = Rehearsals()
    taken = [asyncio.create_task(rehearsals("order-release", "1.0.0", {})) for _ in range(AT_ONCE + MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Too many"):
        await rehearsals("order-release", "1.0.0", {})
    for one in taken:
        one.cancel()
    ended = await asyncio.gather(*taken, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended)


async def test_a_child_that_dies_says_nothing_of_the_template() -> None:
    with pytest.raises(Unavailable, match="came to no end"):
        await Rehearsals()("nothing-of-the-kind", "1.0.0", {})
