"""The benchmark's own parts, on a small scale. What is asserted is the outcome; no time is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from services.engine.expressions import trivial
from template_library.dsl import parse
from tests.bench import connector, timers
from tests.bench.compare import compare, main
from tests.bench.installation import Installation
from tests.bench.main import Plan, measure
from tests.bench.stub import Books
from tests.bench.verdict import check
from tests.bench.work import ORDER, WORKS, Work, order

SMALL = Plan(runs=20, repetitions=2, warmup=10, idle=3, in_flight=8, partners=2, clients=2, seconds=60.0, durable=False)


async def test_a_small_benchmark_ends_with_every_run_done_and_every_figure_there(tmp_path: Path) -> None:
    found = await measure(SMALL, tmp_path / "home")
    each = SMALL.warmup + SMALL.runs * SMALL.repetitions + 2 * SMALL.idle
    assert found["checked"] == {"runs": 2 * each, "orders_created_once": each}
    for work in found["workloads"].values():
        assert work["throughput"]["runs"] == SMALL.runs * SMALL.repetitions
        assert work["idle_ms"]["n"] == SMALL.idle
        assert {"all", "database", "worker", "expressions", "api", "valkey"} == set(
            work["throughput"]["cpu_s_per_1000"]
        )
        assert {"stub", "load"} == set(work["throughput"]["not_counted_cpu_s_per_1000"])
    assert found["caps"]["tenants"] == 4
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


async def test_a_result_that_is_not_all_there_is_refused(tmp_path: Path) -> None:
    async with Installation(tmp_path / "home", durable=False) as installation:
        with pytest.raises(AssertionError, match="1 were started"):
            await check(installation, orders=1, pure=0)


def test_the_stub_creates_an_order_once_for_a_key_and_tells_a_second_creation() -> None:
    books, body = Books(), msgspec.json.encode({"order": {"id": "a"}})
    first = books.create(b"key", body)
    assert books.create(b"key", body) == first
    assert books.stats()["twice"] == []
    assert books.create(b"other", body) != first
    assert books.stats()["twice"] == ["a"]


def test_an_order_is_about_a_kibibyte_and_every_second_one_is_large() -> None:
    assert 900 < len(msgspec.json.encode(order("order-1", 1))) < 1150
    assert [order("x", n)["total"] > 1_000_000 for n in range(4)] == [False, True, False, True]
    assert "127.0.0.1:7" in ORDER.document("http://127.0.0.1:7")


def _result(rate: float) -> dict[str, object]:
    throughput = {"runs_per_s": {"median": rate}, "cpu_s_per_1000": {"all": {"median": 4.0}}}
    return {"workloads": {"order": {"throughput": throughput, "idle_ms": {"p50": 9.0}}}}


def test_two_results_are_compared_by_their_distance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"]
    for file, rate in zip(files, (100.0, 110.0, 130.0), strict=True):
        file.write_bytes(msgspec.json.encode(_result(rate)))
    assert [round(apart, 3) for _, _, _, apart in compare(_result(100.0), _result(110.0))] == [0.1, 0.0, 0.0]
    assert main(str(files[0]), str(files[1])) == 0
    assert "all within 15%" in capsys.readouterr().out
    assert main(str(files[0]), str(files[2])) == 1
    assert "order: runs/s" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("work", WORKS.values(), ids=list(WORKS))
def test_the_measured_documents_reach_into_their_event_without_a_process(work: Work) -> None:
    workflow = parse(work.document("http://127.0.0.1:1"))
    assert all(trivial.is_trivial(one.program) for one in workflow.expressions)
    assert trivial.evaluate(".[0].data", [{"data": {"id": "x"}}], {}) == {"id": "x"}


async def test_timers_are_ready_and_each_is_told(tmp_path: Path) -> None:
    figures = await timers.measure(40, tmp_path, ahead=3.0)
    assert (figures["runs"], figures["rounds"] > 0) == (40, True)
    assert figures["ready_after_last_seconds"] >= 0


async def test_a_declared_call_and_the_plain_one_give_the_same_answer() -> None:
    found = await connector.measure(turns=2, calls=3)
    assert len(connector.rows(found)) == 2
    assert all(one.clock > 0 for pair in found for one in pair)
