"""What is stated of a hold for the authority, and what stands where several stated it (ADR 0115). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.holds.errors import OtherFacts, TooManyNamed
from template_library.holds import HoldFacts
from tenants.audit import digests
from tenants.authority import facts as judged
from tenants.authority.errors import BadFact
from tenants.authority.spaces import OTHER

_PEOPLE: Final = ("requester", "last_editor")
_MOST_RUNS: Final = 2
"""Of one hold: enough to tell that it is not one run's alone."""
MOST_NAMED: Final = 30
"""People of one fact, and who raised a hold: of both together the authority reads a hundred, and 64 KiB are kept."""
RUN: Final = "run:"
_KEY: Final = "key:"
_MACHINE: Final = "system:run"
_SAME: Final = ("site", "customer_class", "margin_percent", "last_editor")


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What a hold is judged by.

    Attributes:
        value: in minor units of `currency`.
        facts: as `kept` has them.
        decision: that its type asks for, and `run_may_clear`: both as they were when it was stated.
    """

    value: int | None
    currency: str | None
    facts: Mapping[str, Any]
    raisers: tuple[str, ...]
    decision: str | None = None
    run_may_clear: bool = True


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


def check(given: Mapping[str, Any], *, value: int | None, currency: str | None, site: str | None) -> None:
    """Whether the authority can judge by them at all; `given` as `kept` has it.

    Raises:
        BadFact: by these nobody could ever let the hold go.
    """
    stated = {**given, "site": site, "amount": None if value is None else {"amount": value, "currency": currency}}
    _ = judged.read(stated).margin
    for name in _PEOPLE:
        people = given.get(name, [])
        judged.names_of(people, f"/facts/{name}")
        if any(one.startswith(_KEY) for one in people):
            # Whose it is may be known to nobody who judges, now or later.
            raise BadFact(f"/facts/{name}", "A key is nobody: name who made it, by account or e-mail address")
    for name, word in (("/site", site), ("/facts/customer_class", given.get("customer_class"))):
        if word == OTHER:
            raise BadFact(name, "This stands for what no row names")


def asked(given: Mapping[str, Any], raisers: Iterable[str]) -> dict[str, Any]:
    """As the matrix reads them: who raised it asked for it, and so did whom they named; a run is nobody.

    `given` as a question has it; `raisers`: who stands behind each.
    """
    found = {name: given[name] for name in _SAME if name in given}
    if "amount" in given:
        found["amount"] = {"amount": given["amount"], "currency": given["currency"]}
    found["requester"] = [_MACHINE if one.startswith(RUN) else one for one in raisers] + given.get("requester", [])
    return found


def digests_of(salt: bytes, given: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit: of each fact, and of each person by themselves, so that it shows who named whom."""
    return {
        name: [digests.of(salt, one) for one in said] if name in _PEOPLE else digests.of(salt, said)
        for name, said in given.items()
    }


def joined(there: Stated, more: Stated) -> Stated:
    """What stands when the same is raised again: nobody makes it less than it was, nor takes it for themselves alone.

    The higher amount, the lower margin, and everybody who is named or raised it.

    Raises:
        OtherFacts: it is in another currency, of another class of customer, or for another decision, which cannot be
            compared.
        TooManyNamed: of people.
    """
    if None not in {there.currency, more.currency} and there.currency != more.currency:
        raise OtherFacts(f"It is held with an amount in {there.currency}")
    if None not in {there.decision, more.decision} and there.decision != more.decision:
        raise OtherFacts(f"It is held for the decision {there.decision}")
    facts = dict(there.facts)
    for name, said in more.facts.items():
        facts[name] = said if name not in facts else _both(name, facts[name], said)
    amounts = [one for one in (there.value, more.value) if one is not None]
    return Stated(
        value=max(amounts, default=None),
        currency=there.currency or more.currency,
        facts=facts,
        raisers=_raisers(there.raisers, *more.raisers),
        decision=there.decision or more.decision,
        run_may_clear=there.run_may_clear and more.run_may_clear,
    )


def _both(name: str, before: Any, now: Any) -> Any:
    if name in _PEOPLE:
        return _few([*before, *(one for one in now if one not in before)])
    if name == "margin_percent":
        return min(before, now, key=Decimal)
    if before != now:
        raise OtherFacts("It is held with another class of customer")
    return before


def _raisers(there: tuple[str, ...], *more: str) -> tuple[str, ...]:
    found = list(there)
    for one in more:
        runs = sum(each.startswith(RUN) for each in found)
        is_one_too_many = one.startswith(RUN) and (runs >= _MOST_RUNS or len(found) >= MOST_NAMED)
        if one not in found and not is_one_too_many:
            found.append(one)
    return tuple(_few(found))


def _few(people: list[str]) -> list[str]:
    if len(people) > MOST_NAMED:
        raise TooManyNamed(f"Of people {MOST_NAMED} are kept with a hold")
    return people
