"""Money as integer minor units with an ISO 4217 code, and its way to and from an ERP's decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from services.connectors.sdk.errors import Misread, Refusal
from template_library.values import currencies
from template_library.values.currencies import UnknownCurrency


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units as a decimal number of the currency's unit, with all its places.

    Raises:
        Refusal: the input names no currency of ISO 4217.
    """
    try:
        return Decimal(amount).scaleb(-currencies.digits(currency))
    except UnknownCurrency as error:
        raise Refusal(str(error), name="validation", status=400, title="The input is not one that it takes") from error


def to_money(value: Decimal, currency: str) -> dict[str, Any]:
    """A decimal number of the currency's unit as Money; digits beyond the minor unit are rounded half even.

    Raises:
        Misread: the other side names no currency of ISO 4217.
    """
    try:
        minor = value.scaleb(currencies.digits(currency)).quantize(Decimal(1), ROUND_HALF_EVEN)
    except UnknownCurrency as error:
        raise Misread(str(error), {"amount": str(value), "currency": currency}) from error
    return {"amount": int(minor), "currency": currency}
