"""F-29: what a collector that is slow, gone or refusing adds to the time of a request."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Iterator

import pytest

from infra import settings
from infra.telemetry import Telemetry, trace
from tests.infra.telemetry.collector import Collector
from tests.patience import PATIENCE

REQUESTS = 600
AT_ONCE = 16
SPANS = 9
"""As many as an order has."""
CUTS = (50, 90, 99)


@pytest.fixture(autouse=True)
def no_collection_of_what_others_left() -> Iterator[None]:
    """All that a whole run of tests has allocated is no part of a request's time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def request() -> float:
    """One request of the order's shape: it waits for others twice, and records between."""
    began = time.perf_counter()
    with trace.serve([]):
        for _ in range(2):
            for _ in range((SPANS - 1) // 2):
                with trace.span("inner") as span:
                    span.note("task", "/do/0/credit")
            await asyncio.sleep(0.002)
    return time.perf_counter() - began


async def times(variables: dict[str, str], deadline: float | None = None) -> tuple[float, list[float]]:
    """How long all took, and the `CUTS`, in seconds, while every span is exported in batches of the usual size.

    Raises TimeoutError when not all were served within `deadline` seconds.
    """
    telemetry = Telemetry(settings.load(variables), "api")
    await telemetry.open()
    taken: list[float] = []

    async def client() -> None:
        taken.extend([await request() for _ in range(REQUESTS // AT_ONCE)])

    began = time.perf_counter()
    try:
        async with asyncio.timeout(deadline):
            await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    finally:
        whole = time.perf_counter() - began
        await telemetry.close()
    assert len(taken) >= REQUESTS - AT_ONCE
    found = statistics.quantiles(taken, n=100)
    return whole, [found[cut - 1] for cut in CUTS]


@pytest.mark.parametrize("how", ["hangs", "is gone", "refuses"])
async def test_F_29_a_bad_collector_adds_nothing_to_a_request_that_anybody_would_feel(how: str) -> None:
    """The figures are printed and not asserted. Whoever waited for it, 16 at once, would wait for many minutes."""
    whole, without = await times({})
    deadline = whole + PATIENCE
    with Collector() as collector:
        collector.hangs = how == "hangs"
        collector.status = 503
        url = "http://127.0.0.1:9" if how == "is gone" else collector.url
        _, found = await times({"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "20"}, deadline)
        assert how == "is gone" or collector.asked > 0
    added = [after - before for after, before in zip(found, without, strict=True)]
    shown = ", ".join(f"{seconds * 1000:.1f} ms at p{cut}" for cut, seconds in zip(CUTS, added, strict=True))
    print(f"a collector that {how} adds {shown}")  # noqa: T201 (the figure)
