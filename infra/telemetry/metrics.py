"""Counters, gauges and histograms as plain dictionaries: an update costs half a microsecond (ADR 0013).

Written on one event loop, read from any thread. Label values are few by their nature; what goes beyond the bound is
counted together under `_other`. No label is a tenant, a run, or what somebody wrote (S-17).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate
from typing import Final, Literal

import msgspec

MOST_SERIES: Final = 500
"""Label sets of one instrument."""
OTHER: Final = "_other"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Values = tuple[str, ...]
Form = Literal["counter", "gauge", "histogram"]


class Distribution(msgspec.Struct):
    """`counts[i]`: observations up to `bounds[i]` and above the bound before it; one more for the rest."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @property
    def count(self) -> int:
        return sum(self.counts)

    def cumulative(self) -> list[int]:
        return list(accumulate(self.counts))


Series = list[tuple[Values, float | Distribution]]


class Instrument:
    """One metric. `name` and `unit` as OpenTelemetry writes them (`waybill.queue.age`, `s`)."""

    form: Form = "gauge"

    def __init__(self, name: str, unit: str, meaning: str, labels: Values = ()) -> None:
        self.name = name
        self.unit = unit
        self.meaning = meaning
        self.labels = labels

    def series(self) -> Series:
        raise NotImplementedError


class _Numbers(Instrument):
    def __init__(self, name: str, unit: str, meaning: str, labels: Values = ()) -> None:
        super().__init__(name, unit, meaning, labels)
        self._numbers: dict[Values, float] = {}

    def series(self) -> Series:
        return list(self._numbers.items())


class Counter(_Numbers):
    form = "counter"

    def add(self, amount: float, *values: str) -> None:
        numbers = self._numbers
        if values not in numbers and len(numbers) >= MOST_SERIES:
            values = (OTHER,) * len(self.labels)
        numbers[values] = numbers.get(values, 0) + amount


class Gauge(_Numbers):
    def set(self, number: float, *values: str) -> None:
        if values in self._numbers or len(self._numbers) < MOST_SERIES:
            self._numbers[values] = number


class Observed(Instrument):
    """A counter that somebody else keeps: `read` answers its series when they are wanted."""

    form = "counter"

    def __init__(self, name: str, unit: str, meaning: str, labels: Values = ()) -> None:
        super().__init__(name, unit, meaning, labels)
        self.read: Callable[[], Series] = list

    def series(self) -> Series:
        return self.read()


class Histogram(Instrument):
    form = "histogram"

    def __init__(
        self, name: str, unit: str, meaning: str, labels: Values = (), *, bounds: tuple[float, ...] = SECONDS
    ) -> None:
        super().__init__(name, unit, meaning, labels)
        self._bounds = bounds
        self._series: dict[Values, Distribution] = {}

    def record(self, number: float, *values: str) -> None:
        found = self._series.get(values)
        if found is None:
            if len(self._series) >= MOST_SERIES:
                values = (OTHER,) * len(self.labels)
            found = self._series.setdefault(values, Distribution(self._bounds, [0] * (len(self._bounds) + 1)))
        found.counts[bisect_left(self._bounds, number)] += 1
        found.total += number

    def series(self) -> Series:
        return [
            (values, Distribution(one.bounds, list(one.counts), one.total))
            for values, one in list(self._series.items())
        ]
