"""How alike an account and an applicant are, reckoned alike for every ERP.

A number that an authority or a registry gave is the same or it is not: the same one scores 1. Else name, address and
contact count by their weights, each only where both sides have it. A customer that is known by its name alone is
as alike as its name is, so that a namesake is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from services.connectors.capabilities.records import made

_MOST: Final = 20
_LEAST: Final = 0.5
"""Who is less alike is no candidate."""
_NEARLY: Final = 0.85
_WEIGHTS: Final[Mapping[str, float]] = {"name": 0.6, "address": 0.25, "contact": 0.15}
_FORMS: Final = frozenset(
    {"inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company", "plc", "lp"}
    | {"gmbh", "ag", "kg", "ohg", "se", "sa", "sarl", "sas", "srl", "spa", "bv", "nv", "ab", "as", "oy", "the"}
)
"""Legal forms and the like: they come and go between two systems."""
_WORDS: Final = re.compile(r"[^\W_]+")


def completed(values: Any, facts: Any) -> dict[str, Any]:
    """The output of `erp.customers.match`; `facts` has the accounts as a connector's mapping gives them.

    Raises:
        ValueError: an account is no customer's record.
    """
    found = [candidate(values["customer"], made("customer", one)) for one in facts["customers"]]
    alike = [one for one in found if one["score"] >= _LEAST]
    return {"candidates": sorted(alike, key=lambda one: (-one["score"], one["number"]))[:_MOST]}


def candidate(applicant: Mapping[str, Any], account: Mapping[str, Any]) -> dict[str, Any]:
    """The account with its score from 0 to 1, in hundredths, and what is alike."""
    same = [name for name, numbers in _NUMBERS.items() if numbers(applicant) & numbers(account)]
    parts = {name: likeness(applicant, account) for name, likeness in _LIKENESS.items()}
    known = {name: one for name, one in parts.items() if one is not None}
    weight = sum(_WEIGHTS[name] for name in known)
    score = 1.0 if same else sum(_WEIGHTS[name] * one for name, one in known.items()) / weight if weight else 0.0
    return {
        "number": account["id"],
        "name": account["name"],
        "status": account["status"],
        "parent": (account.get("parent") or {}).get("id"),
        "score": round(score, 2),
        "alike": [*same, *(name for name, one in known.items() if one >= _NEARLY)],
    }


def _tax_numbers(customer: Mapping[str, Any]) -> set[str]:
    return {_signs(one["number"]) for one in customer.get("tax_numbers", ())} - {""}


def _only(member: str) -> Callable[[Mapping[str, Any]], set[str]]:
    return lambda customer: {_signs(customer.get(member, ""))} - {""}


_NUMBERS: Final[Mapping[str, Callable[[Mapping[str, Any]], set[str]]]] = {
    "tax number": _tax_numbers,
    "D-U-N-S number": _only("duns"),
    "GLN": _only("gln"),
}


def _name(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    names = [[_named(each.get(member, "")) for member in ("name", "legal_name")] for each in (one, other)]
    pairs = [(mine, theirs) for mine in names[0] for theirs in names[1] if mine and theirs]
    return max((_ratio(*pair) for pair in pairs), default=None)


def _address(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    texts = [_placed(each.get("address", {})) for each in (one, other)]
    return _ratio(*texts) if all(texts) else None


def _contact(one: Mapping[str, Any], other: Mapping[str, Any]) -> float | None:
    mine, theirs = _reached(one), _reached(other)
    return None if not (mine and theirs) else float(bool(mine & theirs))


_LIKENESS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], float | None]]] = {
    "name": _name,
    "address": _address,
    "contact": _contact,
}


def _named(text: str) -> str:
    words = _WORDS.findall(text.casefold())
    return " ".join(sorted(one for one in words if one not in _FORMS)) or " ".join(words)


def _placed(address: Mapping[str, str]) -> str:
    """Street, postal code and town; nothing where the street is not known, since many live in one town."""
    parts = [address.get(name, "") for name in ("street", "postal_code", "city", "country")]
    return " ".join(_WORDS.findall(" ".join(parts).casefold())) if parts[0] else ""


def _reached(customer: Mapping[str, Any]) -> set[str]:
    """Addresses of mail, and the last digits of telephone numbers, which countries write in many ways."""
    contacts = customer.get("contacts", ())
    mails = {one["email"].casefold() for one in contacts if one.get("email")}
    numbers = {re.sub(r"\D", "", one["telephone"])[-8:] for one in contacts if one.get("telephone")}
    return mails | (numbers - {""})


def _signs(text: str) -> str:
    return "".join(_WORDS.findall(text.casefold()))


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
