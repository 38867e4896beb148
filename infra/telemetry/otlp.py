"""The only module that knows OpenTelemetry's SDK; imported when something is to be exported.

Its exporters are the one way out of the product beside `infra.egress`: they go to the address that the operator set,
never to one of a tenant's, and obey the standard variables for certificates, compression and proxies.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    ConsoleMetricExporter,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from infra import ids
from infra.settings import Settings
from infra.telemetry.metrics import Distribution, Instrument
from infra.telemetry.trace import Span

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}
_SCOPE: Final = InstrumentationScope("waybill", version("waybill"))
_UNSET: Final = Status(StatusCode.UNSET)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_CUMULATIVE: Final = AggregationTemporality.CUMULATIVE


def resource_of(settings: Settings, process: str) -> Resource:
    """Who exports; what the operator says of it stands, but for the service's name when that is set too."""
    name = settings.otel_service_name or settings.otel_resource_attributes.get("service.name") or f"waybill-{process}"
    return Resource(
        {
            "service.version": version("waybill"),
            "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            **settings.otel_resource_attributes,
            "service.name": name,
            "waybill.process": process,
        }
    )


class SpanSender:
    """Converts and exports batches of spans."""

    def __init__(self, settings: Settings, exporter: str, resource: Resource) -> None:
        self._resource = resource
        self._exporter: SpanExporter = ConsoleSpanExporter(out=sys.stdout, formatter=_line)
        if exporter == "otlp":
            _quiet()
            self._exporter = OTLPSpanExporter(
                endpoint=endpoint(settings, "traces"),
                headers=settings.otel_exporter_otlp_headers,
                timeout=settings.otel_exporter_otlp_timeout / 1000,
            )

    def __call__(self, spans: list[Span]) -> bool:
        return self._exporter.export([self._readable(span) for span in spans]) is SpanExportResult.SUCCESS

    def close(self) -> None:
        """Gives up what is being repeated."""
        self._exporter.shutdown()

    def _readable(self, span: Span) -> ReadableSpan:
        trace_id = span.piece.trace_id
        parent = None if span.parent_id is None else SpanContext(trace_id, span.parent_id, True, _SAMPLED)
        # A name without a dot is ours; the others are OpenTelemetry's own.
        attributes: dict[str, Any] = {
            name if "." in name else f"waybill.{name}": value for name, value in span.attributes.items()
        }
        if span.subject.tenant is not None:
            attributes["waybill.tenant"] = ids.show("ten", span.subject.tenant)
        if span.subject.run is not None:
            attributes["waybill.run"] = ids.show("run", span.subject.run)
        status = _UNSET
        if span.failure is not None:
            attributes["error.type"] = span.failure
            status = Status(StatusCode.ERROR)
        return ReadableSpan(
            span.name,
            SpanContext(trace_id, span.span_id, is_remote=False, trace_flags=_SAMPLED),
            parent,
            self._resource,
            attributes,
            kind=_KINDS[span.kind],
            status=status,
            start_time=span.began,
            end_time=span.ended,
            instrumentation_scope=_SCOPE,
        )


class MetricSender:
    """Exports what all instruments say at one moment."""

    def __init__(
        self, settings: Settings, exporter: str, resource: Resource, instruments: Sequence[Instrument]
    ) -> None:
        self._resource = resource
        self._instruments = instruments
        self._began = time.time_ns()
        self._exporter: MetricExporter = ConsoleMetricExporter(out=sys.stdout, formatter=_line)
        if exporter == "otlp":
            _quiet()
            self._exporter = OTLPMetricExporter(
                endpoint=endpoint(settings, "metrics"),
                headers=settings.otel_exporter_otlp_headers,
                timeout=settings.otel_exporter_otlp_timeout / 1000,
            )

    def __call__(self) -> bool:
        found = [metric for one in self._instruments if (metric := self._metric(one)) is not None]
        scope = ScopeMetrics(_SCOPE, found, "")
        data = MetricsData([ResourceMetrics(self._resource, [scope], "")])
        return self._exporter.export(data) is MetricExportResult.SUCCESS

    def close(self) -> None:
        self._exporter.shutdown()

    def _metric(self, instrument: Instrument) -> Metric | None:
        now = time.time_ns()
        numbers, distributions = [], []
        for values, found in instrument.series():
            labels = dict(zip(instrument.labels, values, strict=True))
            if isinstance(found, Distribution):
                distributions.append(self._distribution(labels, found, now))
            else:
                numbers.append(NumberDataPoint(labels, self._began, now, found))
        data: Any
        if instrument.form == "histogram":
            data = Histogram(distributions, _CUMULATIVE)
        elif instrument.form == "counter":
            data = Sum(numbers, _CUMULATIVE, is_monotonic=True)
        else:
            data = Gauge(numbers)
        return Metric(instrument.name, instrument.meaning, instrument.unit, data) if data.data_points else None

    def _distribution(self, labels: dict[str, str], found: Distribution, now: int) -> HistogramDataPoint:
        unknown: Any = None  # the least and the greatest value are optional in the protocol
        return HistogramDataPoint(
            labels, self._began, now, found.count, found.total, found.counts, found.bounds, unknown, unknown
        )


def endpoint(settings: Settings, signal: str) -> str:
    """Where `signal` (traces, metrics) goes: its own address as it is, else below the common one."""
    own: str = getattr(settings, f"otel_exporter_otlp_{signal}_endpoint")
    return own or f"{settings.otel_exporter_otlp_endpoint or 'http://localhost:4318'}/v1/{signal}"


def _line(shown: ReadableSpan | MetricsData) -> str:
    # One object a line, as in the log that it is printed into.
    return shown.to_json(indent=None) + "\n"


def _quiet() -> None:
    # Each failed try would be a log line; ours comes once a minute and counts.
    for name in ("opentelemetry.exporter", "opentelemetry.sdk"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
