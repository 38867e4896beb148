"""Units of measure that records may use.

They are of UN/ECE Recommendation 20 (revision 17), and packs as it forms them of Recommendation 21, with an X before
the code. The list is a choice: what a distributor counts, weighs and measures by. Factors are exact by definition (the
pound and inch of 1959, US gallon of 231 cubic inches, imperial gallon of 4.54609 litres); there some are rounded.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).with_name("units.json")


class Unit(msgspec.Struct, frozen=True):
    """One unit.

    Attributes:
        dimension: `count mass volume length area time energy`, `pack` for what holds as much as its item's record says,
            and `other` for what measures in a way of its own.
        factor: of the dimension's first unit; None where it has none that holds for every item.
    """

    code: str
    name: str
    dimension: str
    factor: Fraction | None


class UnknownUnit(ValueError):
    """No unit of the list. A connector maps its system's units to these."""


@cache
def units() -> dict[str, Unit]:
    """All of them by code."""
    read = msgspec.json.decode(_FILE.read_bytes(), type=dict[str, dict[str, tuple[str, str | None]]])
    return {
        code: Unit(code, name, dimension, None if factor is None else Fraction(factor))
        for dimension, codes in read.items()
        for code, (name, factor) in codes.items()
    }


def is_unit(code: str) -> bool:
    return code in units()


def find(code: str) -> Unit:
    """Raises UnknownUnit."""
    try:
        return units()[code]
    except KeyError:
        raise UnknownUnit(f"{code[:8]!r} is no unit of the list") from None
