"""F-29 through the real processes, and one trace across the death of a worker, as a collector sees it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.plant import Plant, order
from tests.infra.telemetry.collector import Collector, Seen, assert_one_tree

pytestmark = [pytest.mark.faults]

CALLS = {"erp.customers.credit", "erp.items.availability", "erp.sales-orders.create"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


class Traced(Plant):
    """A plant whose processes export to the collector at `url`."""

    def __init__(self, folder: Path, url: str, **more: str) -> None:
        self._more = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            **more,
        }
        super().__init__(folder)

    def environment(self, changes: dict[str, str] | None = None) -> dict[str, str]:  # type: ignore[override]
        return super().environment({**self._more, **(changes or {})})


async def until_seen(collector: Collector, names: set[str], seconds: float = 60.0) -> list[Seen]:
    """The spans that the collector has, once each of `names` is among them."""
    until = time.monotonic() + seconds
    while not names <= {span.name for span in collector.spans}:
        if time.monotonic() > until:
            raise TimeoutError(f"{names - {span.name for span in collector.spans}} are missing")
        await asyncio.sleep(0.05)
    return list(collector.spans)


async def until_asked(collector: Collector, times: int, seconds: float = 60.0) -> None:
    """When that many exports have come."""
    until = time.monotonic() + seconds
    while collector.asked < times:
        if time.monotonic() > until:
            raise TimeoutError(f"{collector.asked} exports came")
        await asyncio.sleep(0.05)


async def until_failed(collector: Collector, seconds: float = 60.0) -> list[Seen]:
    until = time.monotonic() + seconds
    while not any(span.name == "activation" and span.is_error for span in collector.spans):
        if time.monotonic() > until:
            raise TimeoutError("no activation failed")
        await asyncio.sleep(0.05)
    return list(collector.spans)


async def test_F_01_a_trace_goes_on_after_its_workers_death(tmp_path: Path, collector: Collector) -> None:
    async with Traced(tmp_path / "home", collector.url) as plant:
        worker = plant.start_worker("call.answered%2")
        await plant.send_until_taken(1)
        await asyncio.to_thread(worker.wait, 60)
        plant.start_worker()
        await plant.all_ended(1)
        # The first call was made and committed by the worker that died, and its span died with it.
        spans = await until_seen(collector, {"POST /v1/events", "activation", *CALLS} - {"erp.customers.credit"})
    assert assert_one_tree(spans).name == "POST /v1/events"
    assert {span.service for span in spans} >= {"waybill-api", "waybill-suspects"}
    assert "waybill.runs.started" in collector.metrics


async def test_F_29_a_collector_that_hangs_or_is_gone_holds_up_no_order(tmp_path: Path, collector: Collector) -> None:
    collector.hangs = True
    async with Traced(tmp_path / "home", collector.url, OTEL_BSP_MAX_QUEUE_SIZE="1") as plant:
        plant.start_worker()
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(20)))
        await plant.all_ended(20, 60)
        # API and worker have both asked it, and it answers nobody.
        await until_asked(collector, 2)
        plant.start_worker(changes={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(20, 40)))
        await plant.all_ended(40, 60)


async def test_A15_no_payload_and_no_secret_is_in_a_trace(tmp_path: Path, collector: Collector) -> None:
    async with Traced(tmp_path / "home", collector.url) as plant:
        plant.start_worker()
        await plant.send_until_taken(1)
        assert (await plant.send("bad", currency="canary")).status == 202
        await plant.all_ended(1, otherwise=1)
        await until_failed(collector)
        # The two runs' spans may leave in either order.
        await until_seen(collector, CALLS)
        secrets = [plant.key, plant.erp_token, plant.key.rpartition("_")[2]]
    sent = b"".join(collector.bodies)
    content = order(1)
    words = [content["number"], content["customer"], content["lines"][0]["item"], "canary", "order-1", "/tests/shop"]
    assert [word for word in (*secrets, *words, "Acme", "acme", "127.0.0.1") if word.encode() in sent] == []
