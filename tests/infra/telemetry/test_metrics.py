"""What is counted, and how Prometheus reads it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from infra.telemetry.instruments import INSTRUMENTS
from infra.telemetry.metrics import MOST_SERIES, OTHER, Counter, Distribution, Gauge, Histogram, Observed
from infra.telemetry.prometheus import MetricsServer, name_of, render

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "operator" / "telemetry.md"


def test_a_counter_adds_and_a_gauge_replaces() -> None:
    counter, gauge = Counter("a", "", "", ("x",)), Gauge("b", "", "")
    for _ in range(3):
        counter.add(2, "one")
        gauge.set(7)
    counter.add(1, "two")
    assert counter.series() == [(("one",), 6), (("two",), 1)]
    assert gauge.series() == [((), 7)]


def test_a_histogram_counts_up_to_and_with_each_bound() -> None:
    histogram = Histogram("a", "s", "", bounds=(1.0, 2.0))
    for number in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.record(number)
    ((_, found),) = histogram.series()
    assert isinstance(found, Distribution)
    assert (found.counts, found.cumulative(), found.count, found.total) == ([2, 2, 1], [2, 4, 5], 5, 14.0)


def test_labels_without_end_are_counted_together() -> None:
    counter, gauge = Counter("a", "", "", ("x",)), Gauge("b", "", "", ("x",))
    histogram = Histogram("c", "s", "", ("x",))
    for number in range(3 * MOST_SERIES):
        counter.add(1, str(number))
        gauge.set(1, str(number))
        histogram.record(1, str(number))
    assert len(counter.series()) == len(histogram.series()) == MOST_SERIES + 1
    assert len(gauge.series()) == MOST_SERIES
    assert dict(counter.series())[(OTHER,)] == 2 * MOST_SERIES
    assert sum(found.count for _, found in histogram.series() if isinstance(found, Distribution)) == 3 * MOST_SERIES


def test_the_page_is_prometheus_text() -> None:
    duration = Histogram("waybill.run.duration", "s", "Runs.", ("state",), bounds=(0.5, 1.0))
    duration.record(0.25, "completed")
    duration.record(3, "completed")
    dropped = Observed("waybill.dropped", "{span}", "Lost.", ("reason",))
    dropped.read = lambda: [(('a "b"\\\n',), 2)]
    assert render([duration, dropped, Gauge("nothing", "", "")], {"process": "api"}).splitlines() == [
        "# HELP waybill_run_duration_seconds Runs.",
        "# TYPE waybill_run_duration_seconds histogram",
        'waybill_run_duration_seconds_bucket{process="api",state="completed",le="0.5"} 1',
        'waybill_run_duration_seconds_bucket{process="api",state="completed",le="1"} 1',
        'waybill_run_duration_seconds_bucket{process="api",state="completed",le="+Inf"} 2',
        'waybill_run_duration_seconds_sum{process="api",state="completed"} 3.25',
        'waybill_run_duration_seconds_count{process="api",state="completed"} 2',
        "# HELP waybill_dropped_total Lost.",
        "# TYPE waybill_dropped_total counter",
        'waybill_dropped_total{process="api",reason="a \\"b\\"\\\\\\n"} 2',
    ]


def test_every_instrument_stands_in_the_operators_table() -> None:
    text = DOCUMENT.read_text()
    assert [one.name for one in INSTRUMENTS if f"`{name_of(one)}`" not in text] == []


def test_S_17_no_label_can_hold_a_tenant_or_a_run() -> None:
    labels = {label for one in INSTRUMENTS for label in one.labels}
    assert labels == {
        "connector",
        "function",
        "http.request.method",
        "http.response.status_class",
        "http.route",
        "level",
        "operation",
        "outcome",
        "quota",
        "reason",
        "state",
    }


async def ask(port: int, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_page_is_served_on_the_first_free_port_and_nothing_else_is() -> None:
    counter = Counter("a", "", "A.")
    counter.add(1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = taken.getsockname()[1]
        server = await MetricsServer([counter], {}).open("127.0.0.1", first)
        assert server.port > first
        assert (await ask(server.port, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")).endswith(b"\r\n\r\n" + PAGE)
        assert (await ask(server.port, b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 404")
        assert (await ask(server.port, b"POST /metrics HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 404")
        assert await ask(server.port, b"x" * 20_000) == b""
        await server.close()


PAGE = b"# HELP a_total A.\n# TYPE a_total counter\na_total 1\n"
