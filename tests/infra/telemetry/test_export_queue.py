"""F-29: a collector that is slow or gone costs what it drops, and that is counted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from infra.telemetry import trace
from infra.telemetry.export_queue import ExportQueue
from infra.telemetry.trace import Piece, Recorder, Span
from tests.patience import PATIENCE


def span() -> Span:
    return Span(Piece(Recorder(lambda _: None), 1, sampled=True), "x", "internal", None)


def queue(send: Callable[[list[Span]], bool], *, size: int = 100, batch: int = 10) -> ExportQueue:
    made = ExportQueue(send, size=size, batch=batch, delay=0.01)
    made.start()
    return made


def lost(made: ExportQueue) -> dict[str, float]:
    return {values[0]: float(str(count)) for values, count in made.dropped()}


def test_everything_goes_out_in_batches_and_the_rest_at_the_end() -> None:
    sent: list[list[Span]] = []

    def send(batch: list[Span]) -> bool:
        sent.append(batch)
        return True

    made = queue(send, size=1000)
    spans = [span() for _ in range(95)]
    for one in spans:
        made.put(one)
    made.stop(10)
    assert [one for batch in sent for one in batch] == spans
    assert max(map(len, sent)) <= 10
    assert lost(made) == {"queue-full": 0, "export-failed": 0}


def test_F_29_a_collector_that_hangs_stops_nobody() -> None:
    hanging, entered = threading.Event(), threading.Event()

    def send(_: list[Span]) -> bool:
        entered.set()
        return hanging.wait(60)

    made = queue(send)
    made.put(span())
    assert entered.wait(PATIENCE)
    for _ in range(10_000):
        made.put(span())
    assert lost(made)["queue-full"] == 9_900
    made.stop(0.01)
    made.put(span())
    assert lost(made)["queue-full"] == 9_901
    hanging.set()
    made.stop(10)


def test_F_29_what_the_collector_refuses_is_counted() -> None:
    made = queue(lambda _: False)
    for _ in range(25):
        made.put(span())
    made.stop(10)
    assert lost(made) == {"queue-full": 0, "export-failed": 25}


def test_F_29_a_mistake_in_export_is_counted_and_ends_nothing() -> None:
    calls: list[int] = []

    def send(batch: list[Span]) -> bool:
        calls.append(len(batch))
        if len(calls) == 1:
            raise RuntimeError("broken")
        return True

    made = queue(send)
    for _ in range(20):
        made.put(span())
    made.stop(10)
    assert sum(calls) == 20
    assert lost(made)["export-failed"] == calls[0]


def test_spans_are_ended_before_they_wait() -> None:
    sent: list[Span] = []

    def send(batch: list[Span]) -> bool:
        sent.extend(batch)
        return True

    made = queue(send)
    trace.record_with(Recorder(made.put))
    with trace.serve([]), trace.span("inner"):
        pass
    trace.record_with(None)
    made.stop(10)
    assert [one.ended >= one.began > 0 for one in sent] == [True, True]
