"""This checkout beside another one: `python -m tests.bench.beside OTHER [--bursts 10] [--runs 1000]`.

Both are installed at once and measured by turns, a few seconds each: a machine whose speed changes with the minutes
changes it for both. Prints the medians of the ratios, burst by burst, and their range; 1 is no change. What the load's
own process took is the same work in both, so its ratio says how far the machine was the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

import msgspec

from tests.bench.work import WORKS

_HERE: Final = Path(__file__).resolve()
Figures = dict[str, float]


class Side:
    """An installation of a checkout; use as a context."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(_HERE.with_name("bursts.py"))],
            cwd=self._checkout,
            env={**os.environ, "PYTHONPATH": str(self._checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise SystemExit(f"{self._checkout} cannot be measured")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline().strip()

    def burst(self, work: str, runs: int) -> Figures:
        """See `bursts.burst`."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{work} {runs}\n")
            self._process.stdin.flush()
        return msgspec.json.decode(self._line(), type=Figures)


def rows(pairs: list[tuple[Figures, Figures]]) -> list[str]:
    """A line for each figure: medians of both sides, the median of the ratios and their range."""
    lines = []
    for name in pairs[0][0]:
        ratios = [after[name] / before[name] for before, after in pairs if before[name]]
        if ratios:
            before, after = (statistics.median(pair[side][name] for pair in pairs) for side in (0, 1))
            spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
            lines.append(f"{name:12} {before:9.2f} {after:9.2f} {statistics.median(ratios):7.2f}  {spread}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside")
    parser.add_argument("other", type=Path, help="a checkout of what was before")
    parser.add_argument("--bursts", type=int, default=10)
    parser.add_argument("--runs", type=int, default=1000)
    asked = parser.parse_args()
    with Side(asked.other.resolve()) as before, Side(_HERE.parents[2]) as after:
        for work in WORKS:
            pairs = []
            for number in range(asked.bursts):
                turns = [before, after] if number % 2 == 0 else [after, before]
                measured = {side: side.burst(work, asked.runs) for side in turns}
                pairs.append((measured[before], measured[after]))
            lines = [f"{work:12} {'before':>9} {'here':>9} {'ratio':>7}  range", *rows(pairs), ""]
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
