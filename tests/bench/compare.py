"""Two results of `make bench` side by side: `python -m tests.bench.compare A.json B.json`; 1 when too far apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import msgspec

WITHIN: Final = 0.15

_FIGURES: Final = {
    "runs/s": ("throughput", "runs_per_s", "median"),
    "CPU-s per 1,000 runs": ("throughput", "cpu_s_per_1000", "all", "median"),
    "p50 ms, idle": ("idle_ms", "p50"),
}


def compare(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, float, float, float]]:
    """Name, both values, and their distance as a share of the smaller one; for each figure of each workload."""
    rows = []
    for work in first["workloads"]:
        for name, path in _FIGURES.items():
            a, b = (_at(result["workloads"][work], path) for result in (first, second))
            rows.append((f"{work}: {name}", a, b, abs(a - b) / min(a, b)))
    return rows


def _at(value: Any, path: tuple[str, ...]) -> float:
    for name in path:
        value = value[name]
    return float(value)


def main(first: str, second: str) -> int:
    a, b = (msgspec.json.decode(Path(name).read_bytes()) for name in (first, second))
    rows = compare(a, b)
    lines = [f"{'figure':34} {'first':>9} {'second':>9} {'apart':>7}"]
    lines += [f"{name:34} {x:9.2f} {y:9.2f} {apart:7.1%}" for name, x, y, apart in rows]
    far = [name for name, _, _, apart in rows if apart > WITHIN]
    lines.append(f"all within {WITHIN:.0%}" if not far else f"further apart than {WITHIN:.0%}: {', '.join(far)}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
