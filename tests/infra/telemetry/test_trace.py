"""What is recorded, what is kept, and where it hangs."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from infra.telemetry import trace, working_for
from infra.telemetry.trace import HELD, NOTHING, Context, Nothing, Span

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
RUN = UUID("01890f3e-7c00-7abc-8123-456789abcdef")


def header(text: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"api"), (b"traceparent", text.encode())]


def record(spans: list[Span], ratio: float, *, obeys_caller: bool = False) -> None:
    trace.record_with(trace.Recorder(spans.append, ratio, obeys_caller))


def recorded(span: Span | Nothing) -> Span:
    assert isinstance(span, Span)
    return span


def test_nothing_is_recorded_where_nothing_was_asked_for() -> None:
    assert trace.serve(header(f"00-{TRACE}-{PARENT}-01")) is NOTHING
    assert trace.activate(None, RUN, 0, is_first=True) is NOTHING
    with trace.span("inner") as span:
        span.note("attempt", 1)
        span.call("other")
        span.fail("timeout")
    assert span is NOTHING
    assert trace.current().context is None


def test_a_request_goes_on_in_its_callers_trace(exported: list[Span]) -> None:
    with trace.serve(header(f"00-{TRACE}-{PARENT}-00")), trace.span("inner"):
        pass
    inner, request = exported
    assert f"{request.piece.trace_id:032x}" == TRACE
    assert request.parent_id == int(PARENT, 16)
    assert inner.parent_id == request.span_id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_a_broken_traceparent_counts_as_none(text: str, exported: list[Span]) -> None:
    with trace.serve(header(text)):
        pass
    assert exported[0].parent_id is None
    assert f"{exported[0].piece.trace_id:032x}" != TRACE


def test_two_traceparents_count_as_none(exported: list[Span]) -> None:
    with trace.serve(header(f"00-{TRACE}-{PARENT}-01") * 2):
        pass
    assert exported[0].parent_id is None


def test_a_later_version_of_the_header_is_read_as_far_as_we_know_it() -> None:
    assert Context.read(f"01-{TRACE}-{PARENT}-01-more".encode()) == Context(int(TRACE, 16), int(PARENT, 16), True)


def test_the_caller_decides_only_where_the_operator_lets_it() -> None:
    spans: list[Span] = []
    record(spans, 0.0)
    with trace.serve(header(f"00-{TRACE}-{PARENT}-01")):
        pass
    assert spans == []
    record(spans, 0.0, obeys_caller=True)
    with trace.serve(header(f"00-{TRACE}-{PARENT}-01")):
        pass
    record(spans, 1.0, obeys_caller=True)
    with trace.serve(header(f"00-{TRACE}-{PARENT}-00")):
        pass
    trace.record_with(None)
    assert [span.piece.sampled for span in spans] == [True]


def test_the_ratio_is_kept_and_every_process_decides_alike() -> None:
    half, tenth = trace.Recorder(lambda _: None, 0.5), trace.Recorder(lambda _: None, 0.1)
    chosen = [uuid4().int for _ in range(4000)]
    kept = {one for one in chosen if half.samples(one)}
    assert 1800 < len(kept) < 2200
    assert {one for one in chosen if tenth.samples(one)} < kept
    assert not trace.Recorder(lambda _: None, 0.0).samples(2**128 - 1)
    assert trace.Recorder(lambda _: None, 1.0).samples(0)


def test_an_error_keeps_the_piece_that_it_happened_in(exported: list[Span]) -> None:
    record(exported, 0.0)
    with trace.serve([]), trace.span("good"):
        pass
    assert exported == []
    with trace.serve([]):
        with trace.span("good"):
            pass
        with trace.span("bad") as bad:
            bad.fail("timeout")
    assert [span.name for span in exported] == ["good", "bad", "request"]
    assert [span.failure for span in exported] == [None, "timeout", None]


def test_S_73_an_exception_is_named_and_never_quoted(exported: list[Span]) -> None:
    record(exported, 0.0)
    with pytest.raises(ValueError, match="canary"), trace.serve([]), trace.span("inner"):
        raise ValueError("canary")
    assert [(span.failure, span.attributes) for span in exported] == [("ValueError", {}), ("ValueError", {})]


async def test_a_cancelled_piece_is_no_error(exported: list[Span]) -> None:
    record(exported, 0.0)

    async def work() -> None:
        with trace.serve([]):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert exported == []


def test_F_29_an_undecided_piece_holds_its_last_spans_only(exported: list[Span]) -> None:
    record(exported, 0.0)
    with trace.serve([]):
        for number in range(10 * HELD):
            with trace.span(str(number)) as span:
                if number == 10 * HELD - 1:
                    span.fail("timeout")
    assert len(exported) == HELD
    assert [span.name for span in exported[-2:]] == [str(10 * HELD - 1), "request"]


def test_a_run_goes_on_in_the_trace_of_its_request(exported: list[Span]) -> None:
    with trace.serve([]) as request:
        place = request.context
    assert place is not None
    for is_first in (True, False, False):
        with trace.activate(place.encode(), RUN, 5, is_first=is_first), trace.span("call"):
            pass
    assert {span.piece.trace_id for span in exported} == {place.trace_id}
    assert [span.parent_id for span in exported if span.name == "activation"] == [place.span_id] * 3


def test_a_run_without_a_request_is_one_tree_of_its_own(exported: list[Span]) -> None:
    for is_first in (True, False):
        with trace.activate(None, RUN, 5, is_first=is_first):
            pass
    root, first, second = exported
    assert (root.name, root.parent_id, root.piece.trace_id, root.began) == ("run", None, RUN.int, 5)
    assert first.parent_id == second.parent_id == root.span_id


def test_a_run_that_fails_is_kept_as_a_tree_when_its_request_was_not(exported: list[Span]) -> None:
    record(exported, 0.0)
    with trace.serve([]) as request:
        place = request.context
    assert place is not None
    with trace.activate(place.encode(), RUN, 5, is_first=True):
        pass
    assert exported == []
    for _ in range(2):
        with trace.activate(place.encode(), RUN, 5, is_first=False) as activation:
            activation.fail("communication")
    roots = [span for span in exported if span.parent_id is None]
    assert [(span.name, span.span_id) for span in roots] == [("run", RUN.int % 2**64)] * 2
    assert {span.piece.trace_id for span in exported} == {place.trace_id}


@pytest.mark.parametrize("stored", [None, b"", b"short", b"x" * 26])
def test_what_is_no_place_is_none(stored: bytes | None) -> None:
    assert Context.decode(stored) is None


def test_a_place_survives_its_row() -> None:
    for sampled in (True, False):
        place = Context(2**127 + 1, 2**63 + 1, sampled)
        assert len(place.encode()) == 25
        assert Context.decode(place.encode()) == place


async def test_S_17_tasks_side_by_side_keep_their_own_subject_and_place(exported: list[Span]) -> None:
    async def work(tenant: UUID) -> None:
        working_for(tenant, RUN)
        with trace.serve([]):
            await asyncio.sleep(0)
            with trace.span("inner"):
                await asyncio.sleep(0)

    tenants = [uuid4() for _ in range(20)]
    await asyncio.gather(*(asyncio.create_task(work(tenant)) for tenant in tenants))
    by_trace = {span.piece.trace_id: span.subject.tenant for span in exported if span.name == "request"}
    assert sorted(map(str, by_trace.values())) == sorted(map(str, tenants))
    assert all(span.subject.tenant == by_trace[span.piece.trace_id] for span in exported)
