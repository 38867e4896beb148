"""Currencies and the places of their minor units: ISO 4217, list one as published on 2026-01-01.

Those that it no longer holds stay here while records of their time are kept: what was invoiced in one stays readable.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from template_library.values import decimals

_PLACES: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW "
    "CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
    "MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG "
    "YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
RETIRED: Final = frozenset({"ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"})
"""Left list one since 2021; each had hundredths."""
DIGITS: Final[dict[str, int]] = {code: places for places, codes in _PLACES.items() for code in codes.split()} | (
    dict.fromkeys(RETIRED, 2)
)
"""Places of the minor unit, by code. Metals, units of account and codes for tests are no currencies to pay in."""


class UnknownCurrency(ValueError):
    """ISO 4217 has no such code, or nothing is paid in it."""


def is_currency(code: str) -> bool:
    return code in DIGITS


def digits(code: str) -> int:
    """Raises UnknownCurrency."""
    try:
        return DIGITS[code]
    except KeyError:
        raise UnknownCurrency(f"{code[:8]!r} is no currency of ISO 4217") from None


def major(amount: int, code: str) -> Decimal:
    """Minor units as a decimal of the currency's unit: 1299 USD are 12.99, 1299 JPY are 1299.

    Raises:
        UnknownCurrency: see there.
    """
    return decimals.exactly(Fraction(amount, 10 ** digits(code)))


def minor(value: Decimal, code: str) -> int:
    """A decimal of the currency's unit in minor units. Nothing is rounded.

    Raises:
        UnknownCurrency: see there.
        Inexact: `value` has digits beyond the minor unit; its sender means a price, or has to round.
    """
    scaled: Fraction = Fraction(value) * 10 ** digits(code)
    if scaled.denominator != 1:
        raise decimals.Inexact(f"{value} {code} has digits beyond the minor unit")
    return scaled.numerator
