"""Keys of GS1, each with the check digit at its end (GS1 General Specifications, 7.9)."""

from __future__ import annotations

from typing import Final

GTINS: Final = (8, 12, 13, 14)
"""Lengths of a Global Trade Item Number."""
GLN: Final = 13
"""Digits of a Global Location Number."""
SSCC: Final = 18
"""Digits of a Serial Shipping Container Code."""


class NotAKey(ValueError):
    """No key of this kind: not its number of digits, or not the check digit that these make. Its sender corrects it."""


def check_digit(digits: str) -> int:
    """The digit to put behind `digits`: every other one counts threefold, from the right, up to the next ten.

    Raises:
        NotAKey: something else than digits of ASCII.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise NotAKey(f"{digits[:40]!r} is not of digits alone")
    total = sum(int(one) * (3 if place % 2 == 0 else 1) for place, one in enumerate(reversed(digits)))
    return -total % 10


def is_gtin(text: str) -> bool:
    """A GTIN-8, -12, -13 or -14."""
    return len(text) in GTINS and _checks(text)


def is_gln(text: str) -> bool:
    return len(text) == GLN and _checks(text)


def is_sscc(text: str) -> bool:
    return len(text) == SSCC and _checks(text)


def gtin14(text: str) -> str:
    """A GTIN with zeros before it: two of them are of the same trade item when these are equal.

    Raises:
        NotAKey: it is no GTIN.
    """
    if not is_gtin(text):
        raise NotAKey(f"{text[:40]!r} is no GTIN")
    return text.zfill(14)


def _checks(text: str) -> bool:
    return text.isascii() and text.isdigit() and check_digit(text[:-1]) == int(text[-1])
