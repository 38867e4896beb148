"""Traces in a real backend: what it stored is read back through its own API."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.telemetry.servers import read
from tests.faults.test_telemetry import CALLS, Traced
from tests.infra.telemetry.collector import Seen, assert_one_tree

pytestmark = [pytest.mark.night, pytest.mark.faults]

CALLER = "0af7651916cd43dd8448eb211c80319c"


def project(name: str) -> dict[str, str]:
    return {"OTEL_RESOURCE_ATTRIBUTES": f"openinference.project.name={name}"}


async def stored(phoenix_url: str, name: str, least: int = 1, seconds: float = 60.0) -> list[Seen]:
    """The spans of a project, once there are `least`."""
    until = time.monotonic() + seconds
    while True:
        names = [one["name"] for one in (await asyncio.to_thread(read, f"{phoenix_url}/v1/projects"))["data"]]
        if name in names:
            answer = await asyncio.to_thread(read, f"{phoenix_url}/v1/projects/{name}/spans", limit="1000")
            if len(answer["data"]) >= least:
                return [_seen(span) for span in answer["data"]]
        if time.monotonic() > until:
            raise TimeoutError(f"{names}, wanted {least} spans in {name}")
        await asyncio.sleep(0.2)


def _seen(span: dict[str, Any]) -> Seen:
    return Seen(
        trace=span["context"]["trace_id"],
        id=span["context"]["span_id"],
        parent=span["parent_id"] or "",
        name=span["name"],
        attributes={name: str(value) for name, value in span["attributes"].items()},
        service="",
        is_error=span["status_code"] == "ERROR",
    )


async def test_a_request_its_run_and_its_calls_are_one_tree(tmp_path: Path, phoenix_url: str) -> None:
    async with Traced(tmp_path / "home", phoenix_url, OTEL_METRICS_EXPORTER="none", **project("whole")) as plant:
        plant.start_worker()
        await plant.send_until_taken(1)
        await plant.all_ended(1)
        spans = await stored(phoenix_url, "whole", 8)
        spans = [span for span in spans if "/health/" not in span.name]
        assert assert_one_tree(spans).name == "POST /v1/events"
        assert sorted(span.name for span in spans) == sorted(
            ["POST /v1/events", "activation", *CALLS, "GET", "GET", "POST"]
        )
        by_id = {span.id: span for span in spans}
        order = next(span for span in spans if span.name == "POST")
        way = [order]
        while way[-1].parent:
            way.append(by_id[way[-1].parent])
        assert [span.name for span in way] == ["POST", "erp.sales-orders.create", "activation", "POST /v1/events"]
        assert {span.attributes["waybill.run"] for span in way[:-1]} == {way[0].attributes["waybill.run"]}


async def test_at_ratio_0_a_run_that_fails_is_kept_and_a_good_one_is_not(tmp_path: Path, phoenix_url: str) -> None:
    ratio = {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0", "OTEL_METRICS_EXPORTER": "none"}
    async with Traced(tmp_path / "home", phoenix_url, **ratio, **project("errors")) as plant:
        plant.start_worker()
        await plant.send_until_taken("good")
        await plant.all_ended(1)
        assert (await plant.send("bad", currency="not a currency")).status == 202
        spans = await stored(phoenix_url, "errors", 2)
        assert {span.name for span in spans} == {"run", "activation"}
        assert assert_one_tree(spans).name == "run"
        failed = next(span for span in spans if span.name == "activation")
        assert (failed.is_error, failed.attributes["error.type"]) == (True, "validation")
        rows = await plant.query("SELECT run_id FROM app.run WHERE state = 'faulted'")
        assert failed.trace != CALLER
        assert len(rows) == 1


async def test_a_callers_trace_goes_on(tmp_path: Path, phoenix_url: str) -> None:
    async with Traced(tmp_path / "home", phoenix_url, OTEL_METRICS_EXPORTER="none", **project("caller")) as plant:
        answer = await plant.request("GET", "/v1/me", headers={"traceparent": f"00-{CALLER}-b7ad6b7169203331-01"})
        assert answer.status == 200
        (span,) = await stored(phoenix_url, "caller")
        assert (span.trace, span.parent, span.name) == (CALLER, "b7ad6b7169203331", "GET /v1/me")
