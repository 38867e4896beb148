"""What is stated of a hold for the authority, and what stands where several stated it (ADR 0115). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.holds.errors import OtherFacts
from template_library.holds import HoldFacts

_PEOPLE: Final = ("requester", "last_editor")
_MOST_RUNS: Final = 2
"""Of one hold: enough to tell that it is not one run's alone."""
RUN: Final = "run:"


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold is judged by. `facts` as JSON; `value` in minor units of `currency`."""

    value: int | None
    currency: str | None
    facts: Mapping[str, Any]
    raisers: tuple[str, ...]


def kept(given: HoldFacts | None) -> dict[str, Any]:
    """As it is kept: people as lists, a margin as text."""
    if given is None:
        return {}
    found: dict[str, Any] = {}
    for name in _PEOPLE:
        if (people := getattr(given, name)) is not None:
            found[name] = [people] if isinstance(people, str) else people
    if given.customer_class is not None:
        found["customer_class"] = given.customer_class
    if given.margin_percent is not None:
        found["margin_percent"] = given.margin
    return found


def joined(there: Stated, more: Stated) -> Stated:
    """What stands when the same is raised again: nobody makes it less than it was, nor takes it for themselves alone.

    The higher amount, the lower margin, and everybody who is named or raised it.

    Raises:
        OtherFacts: it is in another currency, or of another class of customer, which cannot be compared.
    """
    if None not in {there.currency, more.currency} and there.currency != more.currency:
        raise OtherFacts(f"It is held with an amount in {there.currency}")
    facts = dict(there.facts)
    for name, said in more.facts.items():
        facts[name] = said if name not in facts else _both(name, facts[name], said)
    amounts = [one for one in (there.value, more.value) if one is not None]
    return Stated(
        value=max(amounts, default=None),
        currency=there.currency or more.currency,
        facts=facts,
        raisers=_raisers(there.raisers, *more.raisers),
    )


def _both(name: str, before: Any, now: Any) -> Any:
    if name in _PEOPLE:
        return [*before, *(one for one in now if one not in before)]
    if name == "margin_percent":
        return min(before, now, key=Decimal)
    if before != now:
        raise OtherFacts("It is held with another class of customer")
    return before


def _raisers(there: tuple[str, ...], *more: str) -> tuple[str, ...]:
    found = list(there)
    for one in more:
        is_one_too_many = one.startswith(RUN) and sum(each.startswith(RUN) for each in found) >= _MOST_RUNS
        if one not in found and not is_one_too_many:
            found.append(one)
    return tuple(found)
