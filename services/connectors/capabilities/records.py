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
    "invoice": ("invoice", 1),
    "invoices": ("invoice", 1),
    "positions": ("inventory-position", 1),
    "statuses": ("tax-status", 1),
    "proof": ("proof-of-delivery", 1),
    "product": ("item", 1),
}
"""By the member of an answer that holds one, or a list of them."""
AMOUNTS: Final = frozenset({"limit", "charged", "total", "taxes"})
"""Members of an answer that hold amounts and are part of no record."""
_AMOUNT: Final = {"units", "places", "currency", "per"}
_FINEST: Final = 6
"""Digits behind the minor unit that a price may have; it is then one of so many more."""
_MOST_WORDS: Final = 400
_MOST_ID: Final = 200
_NAMES: Final = ("number", "id")
"""Members of a record that it is known by."""


class NoRecord(ValueError):
    """It is none. `hidden` says why without what it holds."""

    def __init__(self, detail: str, hidden: str) -> None:
        super().__init__(detail)
        self.hidden = hidden


def completed(_values: Any, facts: Any) -> dict[str, Any]:
    """`facts` with its records made and held to their schemas, also those in the objects of a list.

    Raises:
        ValueError: an amount has no minor unit, or a record is none: with the first place that is wrong.
    """
    return {member: _read(member, value) for member, value in facts.items()}


def each(_values: Any, facts: Any) -> dict[str, Any]:
    """As `completed`, with each record of a list by itself: one that is none is told in `unfit`, with its reason.

    What the mapping itself has found unfit stands before those.
    """
    found: dict[str, Any] = {}
    told: list[dict[str, str]] = [unfit(one["id"], one["why"]) for one in facts.get("unfit", ())]
    for member, value in facts.items():
        if member == "unfit":
            continue
        if member not in RECORDS or not isinstance(value, list):
            found[member] = _read(member, value)
            continue
        fit: list[Any] = []
        for one in value:
            try:
                fit.append(made(member, one))
            except NoRecord as error:
                told.append(unfit(next((one[name] for name in _NAMES if one.get(name)), ""), error.hidden))
        found[member] = fit
    return {**found, "unfit": told} if told else found


def unfit(known_by: Any, why: str, status: str | None = None) -> dict[str, str]:
    """Of a member `unfit` of an answer; see there. `status`: of an order, where no state is known for it."""
    found = {"id": str(known_by)[:_MOST_ID], "why": why[:_MOST_WORDS]}
    return found if status is None else {**found, "status": status[:_MOST_ID]}


def _read(member: str, value: Any) -> Any:
    if member in RECORDS:
        return made(member, value)
    if member in AMOUNTS:
        return _settled(value)
    if isinstance(value, list):
        return [completed(None, one) if isinstance(one, dict) else one for one in value]
    return value


def made(member: str, value: Any) -> Any:
    """The record, or the list of them, that an answer has under `member`, from what a mapping gives.

    Raises:
        NoRecord: it breaks the record's schema, or an amount in it has no minor unit.
    """
    if isinstance(value, list):
        return [made(member, one) for one in value]
    if value is None:
        return None
    name, version = RECORDS[member]
    words = f"it maps to no {name}"
    try:
        record = _settled(value)
    except (ValueError, ArithmeticError, KeyError, TypeError) as error:
        raise NoRecord(str(error), f"{words}: an amount in it is none of its currency") from error
    for breach in registry.check(name, version, record):
        place = breach.pointer or "the root"
        raise NoRecord(f"{words}: {breach.detail} (at {place})", f"{words}: what is wrong is at {place}")
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
