"""Repetitions → one set of figures: medians, with the lowest and highest beside them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from tests.bench.load import Result
from tests.bench.meter import NOT_OURS, Cost

Repetition = tuple[Result, Cost]
_APART = {*NOT_OURS, "load"}


def throughput(repetitions: list[Repetition]) -> dict[str, Any]:
    """Runs per second, cost by process and latency of `repetitions` of one workload."""
    runs = [len(result.milliseconds) for result, _ in repetitions]
    groups = list(repetitions[0][1].cpu)
    each = {
        name: [cost.cpu[name] / count * 1000 for count, (_, cost) in zip(runs, repetitions, strict=True)]
        for name in groups
    }
    totals = [sum(each[name][n] for name in groups if name not in _APART) for n in range(len(repetitions))]
    counts = repetitions[0][1].counts
    return {
        "runs": sum(runs),
        "runs_per_s": _spread(len(result.milliseconds) / result.seconds for result, _ in repetitions),
        "cpu_s_per_1000": {
            "all": _spread(totals, 3),
            **{name: _median(each[name], 3) for name in groups if name not in _APART},
        },
        "not_counted_cpu_s_per_1000": {name: _median(each[name], 3) for name in groups if name in _APART},
        "loaded_ms": latency([value for result, _ in repetitions for value in result.milliseconds]),
        "peak_mib": {name: round(max(cost.memory.get(name, 0) for _, cost in repetitions)) for name in _held(groups)},
        "per_run": {
            name: _median([cost.counts[name] / count for count, (_, cost) in zip(runs, repetitions, strict=True)], 2)
            for name in counts
        },
        "cores_of_others": _spread((cost.others for _, cost in repetitions), 2),
        "cores_stolen": _spread((cost.stolen for _, cost in repetitions), 2),
    }


def latency(milliseconds: list[float]) -> dict[str, Any]:
    """p50, p99 and their number."""
    ordered = sorted(milliseconds)
    at = {share: ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)}
    return {"n": len(ordered), "p50": round(at[0.5], 2), "p99": round(at[0.99], 2), "max": round(ordered[-1], 2)}


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return _spread(values)


def _held(groups: list[str]) -> list[str]:
    return [name for name in groups if name not in _APART]


def _spread(values: Iterable[float], digits: int = 1) -> dict[str, float]:
    found = list(values)
    return {
        "median": round(statistics.median(found), digits),
        "low": round(min(found), digits),
        "high": round(max(found), digits),
    }


def _median(values: list[float], digits: int) -> float:
    return round(statistics.median(values), digits)
