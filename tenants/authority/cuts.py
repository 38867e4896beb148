"""Places between numbers, exact: a range of whole or decimal numbers is what stands from one cut up to another.

"To 5" ends behind 5 and "below 5" in front of it, so that neighbours neither overlap nor leave 5 out.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import msgspec

Cut = tuple[int, Fraction, int]
"""In order: before everything (-1), at a number (0: in front of it, 1: behind it), behind everything (1)."""

FIRST: Final[Cut] = (-1, Fraction(0), 0)
LAST: Final[Cut] = (1, Fraction(0), 0)


class Span(msgspec.Struct, frozen=True):
    """What stands between two cuts."""

    begin: Cut = FIRST
    end: Cut = LAST

    @property
    def is_empty(self) -> bool:
        return self.begin >= self.end

    def holds(self, number: Fraction) -> bool:
        return self.begin <= before(number) < self.end

    def example(self) -> Fraction:
        """A number in it, a plain one where there is one."""
        (low, least, behind), (high, most, far) = self.begin, self.end
        if low == 0 and not behind:
            return least
        if low < 0:
            return Fraction(0) if high > 0 else most if far else most - 1
        if high > 0 or most > least + 1:
            return least + 1
        steps = (10**places for places in range(1, 99))
        return next(one for step in steps if (one := Fraction(math.floor(least * step) + 1, step)) < most)


EVERYTHING: Final = Span()


def before(number: Fraction) -> Cut:
    return (0, number, 0)


def behind(number: Fraction) -> Cut:
    return (0, number, 1)
