"""Figures of the night."""

from __future__ import annotations

from collections.abc import Sequence


def p95(values: Sequence[float]) -> float:
    """The value that 95 of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def ahead(moments: Sequence[float], rate: float) -> float:
    """How many more there were at some moment than a rate lets through whose burst is one second of it.

    `moments` are seconds from when it began. Those that come late make room for no others: a machine that stands still
    for a while and then does much at once is not ahead.
    """
    return max((count - rate * (moment + 1) for count, moment in enumerate(sorted(moments), 1)), default=0.0)
