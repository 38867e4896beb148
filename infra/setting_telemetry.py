"""The settings of telemetry. OpenTelemetry's keep the names and meanings of its specification."""

from __future__ import annotations

from typing import Final

from infra import setting_values as values
from infra.setting_values import Definition

_ENDPOINT: Final = "http://host:port or https://host"
_SAMPLERS: Final = tuple(
    prefix + name for prefix in ("", "parentbased_") for name in ("always_on", "always_off", "traceidratio")
)
_EXPORTERS: Final = ("", "none", "console", "otlp")

TELEMETRY: Final = (
    Definition("metrics_host", "127.0.0.1", "a host name or address", "Address of the metrics ports.", values.host),
    Definition(
        "metrics_port",
        "",
        "a port, 1 to 65535",
        "First port of the metrics for Prometheus, at `/metrics`: every process takes the first of 32 that is free and "
        "logs it. Empty: none.",
        values.optional(values.whole(1, 65535)),
    ),
    Definition("otel_sdk_disabled", "false", "true or false", "Turns all export by OpenTelemetry off.", values.switch),
    Definition(
        "otel_traces_exporter",
        "",
        "otlp, console or none",
        "Where traces go. Empty: `otlp` when an endpoint is set, else nowhere.",
        values.one_of(*_EXPORTERS),
    ),
    Definition(
        "otel_metrics_exporter",
        "",
        "otlp, console or none",
        "Where metrics are pushed. Empty: `otlp` when an endpoint is set, else nowhere.",
        values.one_of(*_EXPORTERS),
    ),
    Definition(
        "otel_exporter_otlp_endpoint",
        "",
        _ENDPOINT,
        "Collector that takes OTLP over HTTP; `/v1/traces` and `/v1/metrics` are added.",
        values.url("http", "https"),
    ),
    Definition(
        "otel_exporter_otlp_traces_endpoint",
        "",
        _ENDPOINT,
        "Whole address for traces, in place of the common one.",
        values.url("http", "https"),
    ),
    Definition(
        "otel_exporter_otlp_metrics_endpoint",
        "",
        _ENDPOINT,
        "Whole address for metrics, in place of the common one.",
        values.url("http", "https"),
    ),
    Definition(
        "otel_exporter_otlp_protocol",
        "",
        "http/protobuf",
        "Protocol of OTLP; no other one is offered.",
        values.one_of("", "http/protobuf"),
    ),
    Definition(
        "otel_exporter_otlp_headers",
        "",
        "name=value,name=value with values percent-encoded",
        "Headers that the collector wants, such as an API key.",
        values.pairs,
    ),
    Definition(
        "otel_exporter_otlp_timeout",
        "10000",
        "milliseconds, 100 to 60000",
        "How long one export may take, repeats included.",
        values.whole(100, 60_000),
    ),
    Definition(
        "otel_traces_sampler",
        "traceidratio",
        "always_on, always_off, traceidratio, or one of these after parentbased_",
        "Which traces are kept beside those with an error; `parentbased_` obeys the caller's own decision.",
        values.one_of(*_SAMPLERS),
    ),
    Definition(
        "otel_traces_sampler_arg",
        "1",
        "0 to 1",
        "Share of traces that `traceidratio` keeps. Traces with an error are always kept.",
        values.seconds(0, 1),
    ),
    Definition(
        "otel_service_name",
        "",
        "a name",
        "Service name in traces and metrics. Empty: `waybill-` and the process, such as `waybill-worker`.",
        str,
    ),
    Definition(
        "otel_resource_attributes",
        "",
        "name=value,name=value with values percent-encoded",
        "Further attributes of everything that is exported, such as deployment.environment.name=live.",
        values.pairs,
    ),
    Definition(
        "otel_bsp_max_queue_size",
        "2048",
        "1 to 100000",
        "Spans that wait for export; what comes when it is full is dropped and counted.",
        values.whole(1, 100_000),
    ),
    Definition(
        "otel_bsp_max_export_batch_size",
        "128",
        "1 to 10000",
        "Spans in one export. 128 are encoded in about 2 ms, during which the process does little else.",
        values.whole(1, 10_000),
    ),
    Definition(
        "otel_bsp_schedule_delay",
        "5000",
        "milliseconds, 10 to 600000",
        "Longest time between two exports of spans.",
        values.whole(10, 600_000),
    ),
    Definition(
        "otel_metric_export_interval",
        "60000",
        "milliseconds, 100 to 3600000",
        "Time between two exports of metrics.",
        values.whole(100, 3_600_000),
    ),
)
