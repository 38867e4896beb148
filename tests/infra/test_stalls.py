"""F-37: whoever stops the event loop is named."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from infra.stalls import Watch
from tests.patience import PATIENCE

LIMIT = 0.1


def stand_still(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


def told_of(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Of where we stood still, and not of where a busy machine let us wait."""
    records = [record for record in caplog.records if record.name == "infra.stalls"]
    return [one for one in records if any("stand_still" in place for place in vars(one)["stack"])]


async def test_F_37_a_loop_that_stands_still_is_told_once_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    with Watch(LIMIT):
        for times in (1, 2):
            async with asyncio.timeout(PATIENCE):
                # Who watches may stand still at the same time, and then knows nothing.
                while len(told_of(caplog)) < times:
                    await asyncio.sleep(LIMIT)
                    stand_still(5 * LIMIT)
            assert len(told_of(caplog)) == times
    assert vars(told_of(caplog)[0])["seconds"] >= LIMIT


async def test_F_37_a_loop_that_goes_on_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with Watch(10.0):
        stand_still(0.05)
        await asyncio.sleep(0.05)
    assert [record for record in caplog.records if record.name == "infra.stalls"] == []
