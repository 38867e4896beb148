"""Metrics in a real Prometheus: scraped, and asked for in PromQL."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from infra.embedded.ports import choose
from tests.counterparts.telemetry.servers import prometheus, read
from tests.faults.plant import Plant
from tests.infra.telemetry.collector import Collector

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("with_prometheus")]

RUNS = 12
ANSWERS = {
    'sum(waybill_runs_ended_total{state="completed"})': RUNS,
    "sum(waybill_runs_started_total)": RUNS,
    'sum(http_server_request_duration_seconds_count{http_route="/v1/events",http_response_status_class="2xx"})': RUNS,
    'sum(waybill_connector_duration_seconds_count{operation="erp.sales-orders.create",outcome="done"})': RUNS,
    'sum(waybill_connector_duration_seconds_count{outcome="later"})': 1,
    "sum(waybill_retries_total)": 1,
    "sum(waybill_claims_total)": RUNS + 1,
    "max(waybill_queue_depth)": 0,
    "count(waybill_runs)": 4,
    'sum(waybill_flush_checkpoints_sum) == bool sum(waybill_commits_total{outcome="committed"})': 1,
    # The collector of this test takes nothing, and is told so at once.
    'sum(waybill_telemetry_dropped_total{reason="export-failed"}) > bool 0': 1,
    'sum(waybill_telemetry_dropped_total{reason="queue-full"})': 0,
    "count(histogram_quantile(0.95, sum by (le) (waybill_run_duration_seconds_bucket)) < 60)": 1,
}


async def until_answered(url: str, query: str, wanted: float, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while True:
        result = (await asyncio.to_thread(read, f"{url}/api/v1/query", query=query))["data"]["result"]
        if [float(one["value"][1]) for one in result] == [wanted]:
            return
        if time.monotonic() > until:
            raise AssertionError(f"{query} is {result}, wanted {wanted}")
        await asyncio.sleep(0.3)


class Measured(Plant):
    """A plant whose processes show their metrics from `port` on, and export their spans to `collector`."""

    def __init__(self, folder: Path, port: int, collector: str) -> None:
        self._more = {"WAYBILL_METRICS_PORT": str(port), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector}
        super().__init__(folder)

    def environment(self, changes: dict[str, str] | None = None) -> dict[str, str]:  # type: ignore[override]
        return super().environment({**self._more, **(changes or {})})


async def test_what_runs_did_can_be_asked_in_promql(tmp_path: Path) -> None:
    port = choose(None)
    with Collector() as collector:
        collector.status = 400
        async with Measured(tmp_path / "home", port, f"{collector.url}/v1/traces") as plant:
            plant.start_worker()
            await _told(tmp_path, port, plant)


async def _told(tmp_path: Path, port: int, plant: Plant) -> None:
    with prometheus(tmp_path, [port + number for number in range(4)]) as url:
        await plant.faults(next=["unavailable"])
        await asyncio.gather(*(plant.send_until_taken(number) for number in range(RUNS)))
        await plant.all_ended(RUNS)
        for query, wanted in ANSWERS.items():
            await until_answered(url, query, wanted)
        targets = await asyncio.to_thread(read, f"{url}/api/v1/query", query="sum(up)")
        assert float(targets["data"]["result"][0]["value"][1]) == 2
