"""Quantities in other units: exactly, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from template_library.values import decimals, units
from template_library.values.decimals import Rounding


class Conversion(msgspec.Struct, frozen=True):
    """One `unit` is `holds` of `of`, as an item's record says: a case holds 12 each."""

    unit: str
    holds: Decimal
    of: str

    def __str__(self) -> str:
        return f"1 {self.unit} = {decimals.show(self.holds)} {self.of}"


class Quantity(msgspec.Struct, frozen=True):
    """So many of a unit."""

    value: Decimal
    unit: str


class NoConversion(ValueError):
    """Nothing leads from one unit to the other. Whoever keeps the item's record says how they relate."""


class Contradiction(ValueError):
    """What is said of units cannot all be true: no conversion by them can be trusted. The item's record is wrong."""


class Conversions:
    """Of one item, together with those that hold for every item: a dozen, a pound.

    Each unit has a place: which units it can be compared with, and how much of their first it is. A statement joins two
    such groups, or agrees with what is known, or contradicts it: so all ways from unit to unit come to one answer.

    Raises:
        Contradiction: `declared` contradict one another or the list of units.
        UnknownUnit: one of them names no unit.
        ValueError: one says that a unit holds nothing, less, or itself.
    """

    def __init__(self, declared: Iterable[Conversion] = ()) -> None:
        self._places: dict[str, tuple[str, Fraction]] = {}
        for one in declared:
            self._take(one)

    def factor(self, source: str, target: str) -> Fraction:
        """How many `target` one `source` is.

        Raises:
            NoConversion, UnknownUnit: see there.
        """
        (group, much), (other, little) = self._place(source), self._place(target)
        if group != other:
            raise NoConversion(f"nothing says how many {target} one {source} is")
        return much / little

    def convert(self, quantity: Quantity, target: str) -> Quantity:
        """The same quantity in `target`. Nothing is rounded.

        Raises:
            NoConversion, UnknownUnit: see there.
            Inexact: such as 13 each in cases of 12. `rounded` is told how to round.
        """
        return Quantity(decimals.exactly(self._converted(quantity, target)), target)

    def rounded(self, quantity: Quantity, target: str, places: int, rounding: Rounding) -> Quantity:
        """To `places`: 13 each are two cases of 12, rounded `up` to whole ones.

        Raises:
            NoConversion, UnknownUnit, Inexact: see there.
        """
        return Quantity(decimals.rounded(self._converted(quantity, target), places, rounding), target)

    def _converted(self, quantity: Quantity, target: str) -> Fraction:
        return Fraction(quantity.value) * self.factor(quantity.unit, target)

    def _place(self, code: str) -> tuple[str, Fraction]:
        unit = units.find(code)
        own = (code, Fraction(1)) if unit.factor is None else (unit.dimension, unit.factor)
        group, much = self._places.get(own[0], (own[0], Fraction(1)))
        return group, much * own[1]

    def _take(self, said: Conversion) -> None:
        if said.unit == said.of or said.holds <= 0:
            raise ValueError(f"{said}: a unit holds some of another one")
        (group, much), (other, little) = self._place(said.unit), self._place(said.of)
        implied = Fraction(said.holds) * little
        if group == other:
            if much != implied:
                raise Contradiction(f"{said}, but what else is said makes it {_shown(much / little)}")
            return
        # All of `group` is measured by the first unit of `other` from here on.
        ratio = implied / much
        for name in [group, *(name for name, (of, _) in self._places.items() if of == group)]:
            _, before = self._places.get(name, (group, Fraction(1)))
            self._places[name] = (other, before * ratio)


def _shown(number: Fraction) -> str:
    try:
        return decimals.show(decimals.exactly(number))
    except decimals.Inexact:
        return str(number)


STANDARD: Final = Conversions()
"""What holds for every item."""
