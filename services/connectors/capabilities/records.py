"""Canonical records made of what connectors' mappings give: amounts in minor units, nothing padded, nothing empty.

A mapping writes an amount as its system has it, `{ units: "12.99", currency: USD }`, or `{ units: 1299, places: 2, … }`
where the system counts in hundredths; how many a currency's minor unit has is not a mapping's to know. A price has
`per`, as records do. What a system does not say is null in a mapping, and absent in a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from template_library.records import registry
from template_library.values import currencies, decimals

RECORDS: Final[Mapping[str, tuple[str, int]]] = {
    "order": ("sales-order", 1),
    "customer": ("customer", 1),
    "payments": ("payment", 1),
    "shipments": ("shipment", 1),
    "invoices": ("invoice", 1),
    "positions": ("inventory-position", 1),
    "statuses": ("tax-status", 1),
    "proof": ("proof-of-delivery", 1),
}
"""By the member of an answer that holds one, or a list of them."""
AMOUNTS: Final = frozenset({"limit", "charged", "total", "taxes"})
"""Members of an answer that hold amounts and are part of no record."""
_AMOUNT: Final = {"units", "places", "currency", "per"}
_FINEST: Final = 6
"""Digits behind the minor unit that a price may have; it is then one of so many more."""


def completed(_values: Any, facts: Any) -> dict[str, Any]:
    """`facts` with its records made and held to their schemas, also those in the objects of a list.

    Raises:
        ValueError: an amount has no minor unit, or a record is none: with the first place that is wrong.
    """
    return {member: _read(member, value) for member, value in facts.items()}


def _read(member: str, value: Any) -> Any:
    if member in RECORDS:
        return _made(member, value)
    if member in AMOUNTS:
        return _settled(value)
    if isinstance(value, list):
        return [completed(None, one) if isinstance(one, dict) else one for one in value]
    return value


def _made(member: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_made(member, one) for one in value]
    if value is None:
        return None
    name, version = RECORDS[member]
    record = _settled(value)
    for breach in registry.check(name, version, record):
        raise ValueError(f"it maps to no {name}: {breach.detail} (at {breach.pointer or 'the root'})")
    return record


def _settled(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_settled(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() >= {"units", "currency"} and value.keys() <= _AMOUNT:
        return _amount(value)
    # An extension is the client's own: nothing of ours reads or changes it.
    found = {name: one if name == "extension" else _settled(one) for name, one in value.items()}
    return {name: one for name, one in found.items() if one not in (None, "", {})}


def _amount(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Money, or a price of `per`; None where the system names no amount."""
    units, currency = given["units"], given["currency"]
    if units is None:
        return None
    number = Fraction(decimals.read(units if isinstance(units, str) else f"{units}")) / 10 ** given.get("places", 0)
    if "per" not in given:
        return {"amount": currencies.minor(decimals.exactly(number), currency), "currency": currency}
    per = decimals.read(given["per"]["value"])
    for finer in range(_FINEST + 1):
        scaled = number * 10**finer * 10 ** currencies.digits(currency)
        if scaled.denominator == 1:
            shown = decimals.show(decimals.exactly(Fraction(per) * 10**finer))
            return {"amount": scaled.numerator, "currency": currency, "per": {**given["per"], "value": shown}}
    raise ValueError(f"a price of {Decimal(units)} {currency} has too many digits")
