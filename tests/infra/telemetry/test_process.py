"""A process's telemetry by the standard variables."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra import ids, settings
from infra.telemetry import Telemetry, instruments, trace, working_for
from infra.telemetry.process import exporter_of, ratio_of
from tests.infra.telemetry.collector import Collector, assert_one_tree


def load(**variables: str) -> settings.Settings:
    return settings.load(variables)


@pytest.mark.parametrize(
    ("variables", "traces", "metrics"),
    [
        ({}, "none", "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp", "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, "otlp", "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_METRICS_EXPORTER": "none"}, "otlp", "none"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, "none", "none"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console", "none"),
    ],
)
def test_nothing_is_exported_unless_it_is_asked_for(variables: dict[str, str], traces: str, metrics: str) -> None:
    read = load(**variables)
    assert (exporter_of(read, "traces"), exporter_of(read, "metrics")) == (traces, metrics)


@pytest.mark.parametrize(
    ("sampler", "ratio"),
    [("always_on", 1.0), ("always_off", 0.0), ("traceidratio", 0.25), ("parentbased_traceidratio", 0.25), ("", 0.25)],
)
def test_the_samplers_of_the_standard(sampler: str, ratio: float) -> None:
    assert ratio_of(load(OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG="0.25")) == ratio


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_RESOURCE_ATTRIBUTES", "no-equals-sign"),
    ],
)
def test_what_is_not_offered_is_refused_at_start(name: str, given: str) -> None:
    with pytest.raises(settings.BadSetting, match=name):
        settings.load({name: given})


def test_a_bad_list_of_headers_is_not_repeated_in_the_error() -> None:
    with pytest.raises(settings.BadSetting) as caught:
        settings.load({"OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary,broken"})
    assert "canary" not in str(caught.value)


def test_a_process_without_telemetry_does_not_even_import_it() -> None:
    script = (
        "import asyncio, sys\nfrom infra import settings\nfrom infra.telemetry import Telemetry\n"
        "telemetry = Telemetry(settings.load({}), 'api')\nasyncio.run(telemetry.open())\n"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


async def work(settings_: settings.Settings) -> None:
    telemetry = Telemetry(settings_, "worker")
    await telemetry.open()
    tenant, run = uuid4(), uuid4()
    working_for(tenant, run)
    with trace.serve([]) as request:
        request.call("POST /v1/events")
        request.note("attempt", 1)
        with trace.span("inner") as inner:
            inner.fail("timeout")
    instruments.CLAIMS.add(1)
    await telemetry.close()
    await telemetry.close()
    assert trace.serve([]) is trace.NOTHING


async def test_spans_and_metrics_reach_a_collector_with_what_the_operator_says(collector: Collector) -> None:
    await work(
        load(
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url + "/",
            OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20b",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=live",
            OTEL_SERVICE_NAME="hub",
        )
    )
    root = assert_one_tree(collector.spans)
    inner = next(span for span in collector.spans if span.parent)
    assert (root.name, root.service, root.is_error) == ("POST /v1/events", "hub", False)
    assert root.attributes["waybill.attempt"] == "1"
    assert ids.read("run", root.attributes["waybill.run"]) == ids.read("run", inner.attributes["waybill.run"])
    assert (inner.is_error, inner.attributes["error.type"]) == (True, "timeout")
    assert "waybill.claims" in collector.metrics
    assert collector.headers[0]["api-key"] == "a b"


async def test_F_29_a_collector_that_refuses_is_counted(collector: Collector) -> None:
    collector.status = 400
    await work(load(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url))
    assert dict(instruments.DROPPED.series())[("export-failed",)] == 2


async def test_F_29_a_collector_that_hangs_does_not_hold_up_the_end(collector: Collector) -> None:
    collector.hangs = True
    await work(load(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url))
    assert collector.spans == []


async def test_F_29_nobody_listens() -> None:
    await work(load(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9"))


async def test_the_console_shows_spans_and_metrics_one_object_a_line(capsys: Any) -> None:
    await work(load(OTEL_TRACES_EXPORTER="console", OTEL_METRICS_EXPORTER="console"))
    printed = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["name"] for one in printed if "name" in one] == ["inner", "POST /v1/events"]
    assert any("resource_metrics" in one for one in printed)
