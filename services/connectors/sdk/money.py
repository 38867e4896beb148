"""Money as integer minor units with an ISO 4217 code, and its way to and from an ERP's decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

# ISO 4217: codes whose minor unit is not a hundredth.
_DIGITS: Final = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),  # noqa: SIM905
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
    "required": ["amount", "currency"],
    "additionalProperties": False,
}


def digits(currency: str) -> int:
    """Decimal places of the currency's minor unit."""
    return _DIGITS.get(currency, 2)


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as a decimal number of the currency's unit."""
    return Decimal(amount).scaleb(-digits(currency))


def to_money(value: Decimal, currency: str) -> dict[str, Any]:
    """A decimal number of the currency's unit as Money; digits beyond the minor unit are rounded half even."""
    minor = value.scaleb(digits(currency)).quantize(Decimal(1), ROUND_HALF_EVEN)
    return {"amount": int(minor), "currency": currency}
