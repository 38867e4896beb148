from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.telemetry import trace
from infra.telemetry.trace import Span
from tests.infra.telemetry.collector import Collector


@pytest.fixture
def exported() -> Iterator[list[Span]]:
    """What this process hands to export; a test sets the ratio with `record`."""
    spans: list[Span] = []
    trace.record_with(trace.Recorder(spans.append))
    yield spans
    trace.record_with(None)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector
