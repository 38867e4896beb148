"""Customers' accounts as canonical records: parties with their identifiers, addresses and contacts.

Tryton has no standing of a party but whether it is active, and gives inactive ones only to who asks for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes, lookups
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import likeness, records
from services.connectors.sdk.money import to_money

_PARTY: Final = [
    "code",
    "name",
    "identifiers",
    "addresses",
    "contact_mechanisms",
    "customer_payment_term.name",
    "credit_limit_amount",
    "currency.code",
]
_ADDRESS: Final = ["attn", "street", "postal_code", "city", "subdivision.code", "country.code", "delivery"]
_MOST: Final = 50
"""Accounts that are compared with an applicant."""
_SHORTEST: Final = 3
"""Letters of a word of a name that is looked for."""
_TELEPHONES: Final = frozenset({"phone", "mobile"})
_SCHEMES: Final = {"us_ein": "EIN", "us_tin": "TIN", "eu_vat": "VAT"}


async def get(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.customers.get`. Raises Refusal: several parties have the name."""
    found = await lookups.party(rpc, values["customer"], _PARTY[2:])
    if found is None:
        return {"found": False, "customer": None}
    (record,) = await _records([found], rpc)
    return {"found": True, "customer": records.made("customer", record)}


async def match(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.customers.match`: those of which a number, a contact, the postal code or a word of the name is the same."""
    asked = values["customer"]
    numbers = [one["number"] for one in asked.get("tax_numbers", ())]
    words = [one for one in asked["name"].split() if len(one) >= _SHORTEST]
    reached = [one[name] for one in asked.get("contacts", ()) for name in ("email", "telephone") if one.get(name)]
    domain: list[Any] = ["OR", ["identifiers.code", "in", numbers], ["contact_mechanisms.value", "in", reached]]
    domain += [["name", "ilike", f"%{_plainly(one)}%"] for one in words]
    if code := asked.get("address", {}).get("postal_code"):
        domain.append(["addresses.postal_code", "=", code])
    found = await rpc.model("party.party.search_read", domain, 0, _MOST, [["id", "ASC"]], _PARTY)
    return likeness.completed(values, {"customers": await _records(found, rpc)})


def _plainly(word: str) -> str:
    """Without what `ilike` takes for any letter."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _records(parties: list[dict[str, Any]], rpc: Rpc) -> list[dict[str, Any]]:
    async def parts(model: str, member: str, fields: list[str]) -> Mapping[int, Any]:
        return await changes.read(rpc, model, (each for one in parties for each in one[member]), fields)

    identifiers = await parts("party.identifier", "identifiers", ["type", "code"])
    addresses = await parts("party.address", "addresses", _ADDRESS)
    contacts = await parts("party.contact_mechanism", "contact_mechanisms", ["type", "value"])
    return [
        _record(
            one,
            [identifiers[each] for each in one["identifiers"] if each in identifiers],
            [addresses[each] for each in one["addresses"] if each in addresses],
            [contacts[each] for each in one["contact_mechanisms"] if each in contacts],
        )
        for one in parties
    ]


def _record(party: Any, identifiers: Iterable[Any], addresses: list[Any], contacts: Iterable[Any]) -> dict[str, Any]:
    currency = (party.get("currency.") or {}).get("code")
    limit = party.get("credit_limit_amount")
    return {
        "id": party["code"],
        "name": party["name"],
        "status": "active",
        "tax_numbers": [
            {"scheme": _SCHEMES.get(one["type"] or "", one["type"] or "TIN"), "number": one["code"]}
            for one in identifiers
        ],
        "address": address(addresses[0]) if addresses else None,
        "contacts": [each for one in contacts if (each := _contact(one))],
        "currency": currency,
        "payment_terms": (party.get("customer_payment_term.") or {}).get("name"),
        "credit": {"limit": to_money(limit, currency)} if limit is not None and currency else None,
        "ship_to": [
            {"id": one["attn"] or f"{one['id']}", "address": address(one)}
            for one in addresses
            if one["delivery"] and address(one)
        ],
    }


def address(one: Any) -> dict[str, Any]:
    """The part of a record; members that Tryton does not know are absent."""
    found = {
        "street": " ".join((one["street"] or "").split()),
        "city": one["city"],
        "region": (one.get("subdivision.") or {}).get("code"),
        "postal_code": one["postal_code"],
        "country": (one.get("country.") or {}).get("code"),
    }
    return {name: value for name, value in found.items() if value}


def _contact(one: Any) -> dict[str, str] | None:
    if one["type"] == "email":
        return {"email": one["value"]}
    return {"telephone": one["value"]} if one["type"] in _TELEPHONES else None
