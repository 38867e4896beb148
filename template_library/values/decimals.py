"""Decimal numbers as text: exact, in one way of writing, never a binary fraction."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

PATTERN: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?$"
"""As the schemas of records have it: at most 18 digits before the point and 12 behind it."""
PLACES: Final = 12
Rounding = Literal["half-even", "up", "down"]
"""`up` and `down` are away from zero and towards it."""

_FORM: Final = re.compile(PATTERN)
_BEFORE: Final = 10**18


class NotADecimal(ValueError):
    """The text is not of `PATTERN`. Its sender writes it anew, without exponent, grouping or leading zeros."""


class Inexact(ValueError):
    """The number has no exact decimal of 12 places, or no room. The caller names a rounding, or refuses."""


def read(text: str) -> Decimal:
    """Raises NotADecimal."""
    if _FORM.fullmatch(text) is None:
        raise NotADecimal(f"{text[:40]!r} is no decimal number such as 12.5")
    return Decimal(text)


def exactly(number: Fraction) -> Decimal:
    """The same number, with as few digits as it needs.

    Raises:
        Inexact: thirds, say, or 1/2^13.
    """
    scaled = number * 10**PLACES
    if scaled.denominator != 1 or abs(number) >= _BEFORE:
        raise Inexact(f"{number} has no decimal of {PLACES} places")
    return _written(scaled.numerator, PLACES)


def rounded(number: Fraction, places: int, rounding: Rounding) -> Decimal:
    """To `places` behind the point, 0 to 12.

    Raises:
        Inexact: more than 18 digits before the point.
        ValueError: `places` is out of range.
    """
    if not 0 <= places <= PLACES:
        raise ValueError(f"places are 0 to {PLACES}")
    scaled = number * 10**places
    if rounding == "half-even":
        whole = round(scaled)
    else:
        whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
        whole = whole + (rest != 0 and rounding == "up")
        whole = -whole if scaled < 0 else whole
    if abs(whole) >= _BEFORE * 10**places:
        raise Inexact(f"{number} has more than 18 digits before the point")
    return _written(whole, places)


def show(number: Decimal) -> str:
    """As `read` takes it: without exponent, and zero without a sign."""
    text = f"{number:f}"
    return text.removeprefix("-") if not number else text


def _written(whole: int, places: int) -> Decimal:
    """`whole` · 10^-`places`, without zeros at its end. Made of digits: arithmetic of Decimal rounds to a precision."""
    while places and whole % 10 == 0:
        whole, places = whole // 10, places - 1
    return Decimal((int(whole < 0), tuple(map(int, str(abs(whole)))), -places))
