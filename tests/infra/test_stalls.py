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


async def until_told(caplog: pytest.LogCaptureFixture, times: int) -> list[logging.LogRecord]:
    async with asyncio.timeout(PATIENCE):
        while len(told := [record for record in caplog.records if record.name == "infra.stalls"]) < times:
            await asyncio.sleep(0.01)
    return told


async def test_F_37_a_loop_that_stands_still_is_told_once_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    told: list[logging.LogRecord] = []
    with Watch(LIMIT):
        for times in (1, 2):
            await asyncio.sleep(LIMIT)
            stand_still(5 * LIMIT)
            told = await until_told(caplog, times)
            assert len(told) == times
    assert any("stand_still" in place for place in vars(told[0])["stack"])
    assert vars(told[0])["seconds"] >= LIMIT


async def test_F_37_a_loop_that_goes_on_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with Watch(10.0):
        stand_still(0.05)
        await asyncio.sleep(0.05)
    assert [record for record in caplog.records if record.name == "infra.stalls"] == []
