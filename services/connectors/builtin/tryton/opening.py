"""Opening an account once, in an ERP that knows no idempotency keys: its code is made of what asked for it.

No two parties have one code: Tryton's own constraint keeps the second of two at once out. Terms and places are written
by what they are to be, so that the same again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import lookups
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.money import to_decimal

CREATE: Final = "erp.customers.create"
ADD_SHIP_TO: Final = "erp.customers.add-ship-to"
SET_TERMS: Final = "erp.customers.set-terms"
_EIN: Final = re.compile(r"[0-9]{2}-?[0-9]{7}")


def code_of(reference: str) -> str:
    """Of the account that this asked for."""
    return f"C{hashlib.sha256(reference.encode()).hexdigest()[:9].upper()}"


async def create(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.customers.create`.

    Raises:
        Refusal: the ERP does not take it; nothing was created.
    """
    if await _opened(values, rpc) is None:
        try:
            await rpc.model("party.party.create", [await _party(values, rpc)])
        except Refusal:
            # Also the answer to who comes second with the same code.
            if await _opened(values, rpc) is None:
                raise
    return {"number": code_of(values["reference"]), "reference": values["reference"]}


async def add_ship_to(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.customers.add-ship-to`. Raises Refusal: there is no such customer."""
    party, place = await _known(values["customer"], rpc), values["ship_to"]
    if await _place(party["id"], place, rpc) is None:
        await rpc.model("party.address.create", [{"party": party["id"], **await _row(place, rpc)}])
    return {"customer": party["code"], "ship_to": place["id"]}


async def set_terms(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.customers.set-terms`. Raises Refusal: no such customer or terms, or another currency than the company's."""
    party = await _known(values["customer"], rpc, "currency.code")
    limit = values["limit"]
    if (party.get("currency.") or {}).get("code") != limit["currency"]:
        raise Refusal("The ERP keeps credit in another currency", name="validation")
    domain = [["name", "=", values["payment_terms"]]]
    terms = await rpc.model("account.invoice.payment_term.search", domain, 0, 1, [["id", "ASC"]])
    if not terms:
        raise Refusal(f"The ERP has no payment terms {values['payment_terms']!r}", name="validation")
    wanted = {"customer_payment_term": terms[0], "credit_limit_amount": to_decimal(limit["amount"], limit["currency"])}
    await rpc.model("party.party.write", [party["id"]], wanted)
    return {"customer": party["code"], "payment_terms": values["payment_terms"], "limit": limit}


async def created(values: Any, rpc: Rpc) -> ReadBack:
    """The account that an earlier call opened."""
    number = await _opened(values, rpc)
    return Absent() if number is None else Found({"number": number, "reference": values["reference"]})


async def added(values: Any, rpc: Rpc) -> ReadBack:
    """The place, where it is there."""
    party = await _known(values["customer"], rpc)
    is_there = await _place(party["id"], values["ship_to"], rpc) is not None
    return Found({"customer": party["code"], "ship_to": values["ship_to"]["id"]}) if is_there else Absent()


async def set_before(values: Any, rpc: Rpc) -> ReadBack:
    """The terms, where they are what they are to be."""
    fields = ("customer_payment_term.name", "credit_limit_amount", "currency.code")
    party, limit = await _known(values["customer"], rpc, *fields), values["limit"]
    has = (
        (party.get("customer_payment_term.") or {}).get("name"),
        party["credit_limit_amount"],
        (party.get("currency.") or {}).get("code"),
    )
    if has != (values["payment_terms"], to_decimal(limit["amount"], limit["currency"]), limit["currency"]):
        return Absent()
    return Found({"customer": party["code"], "payment_terms": values["payment_terms"], "limit": limit})


async def _opened(values: Any, rpc: Rpc) -> str | None:
    """The number of the account that was opened for this, and has its tax number where one is given."""
    code, numbers = code_of(values["reference"]), _numbers(values["customer"])
    domain: list[Any] = [["code", "=", code]]
    if numbers:
        domain.append(["identifiers.code", "in", numbers])
    return code if await rpc.model("party.party.search", domain, 0, 1, None) else None


async def _known(customer: str, rpc: Rpc, *fields: str) -> dict[str, Any]:
    found = await lookups.party(rpc, customer, fields)
    if found is None:
        raise Refusal(f"The ERP has no customer {customer!r}", title="Unknown customer")
    return found


async def _party(values: Any, rpc: Rpc) -> dict[str, Any]:
    asked = values["customer"]
    contacts = [
        {"type": kind, "value": one[member]}
        for one in asked.get("contacts", ())
        for kind, member in (("email", "email"), ("phone", "telephone"))
        if one.get(member)
    ]
    identifiers = [{"type": _type(one), "code": one["number"]} for one in asked.get("tax_numbers", ())]
    places = [
        {**await _address(asked.get("address", {}), rpc), "invoice": True},
        *[await _row(one, rpc) for one in asked.get("ship_to", ())],
    ]
    return {
        "name": asked["name"],
        "code": code_of(values["reference"]),
        "identifiers": [["create", identifiers]] if identifiers else [],
        "addresses": [["create", places]],
        "contact_mechanisms": [["create", contacts]] if contacts else [],
    }


def _type(number: Mapping[str, str]) -> str | None:
    """None: Tryton looks at no check digits of it."""
    if number["scheme"] == "EIN" and _EIN.fullmatch(number["number"]):
        return "us_ein"
    return "eu_vat" if number["scheme"] == "VAT" else None


def _numbers(customer: Mapping[str, Any]) -> list[str]:
    return [one["number"] for one in customer.get("tax_numbers", ())]


async def _address(given: Mapping[str, str], rpc: Rpc) -> dict[str, Any]:
    """A country that the ERP has no row of is left out."""
    row: dict[str, Any] = {
        "street": given.get("street"),
        "city": given.get("city"),
        "postal_code": given.get("postal_code"),
    }
    if given.get("country"):
        found = await rpc.model("country.country.search", [["code", "=", given["country"]]], 0, 1, None)
        row["country"] = found[0] if found else None
    return {name: value for name, value in row.items() if value is not None}


async def _row(place: Mapping[str, Any], rpc: Rpc) -> dict[str, Any]:
    return {**await _address(place["address"], rpc), "attn": place["id"], "delivery": True}


async def _place(party: int, place: Mapping[str, Any], rpc: Rpc) -> int | None:
    domain = [["party", "=", party], ["attn", "=", place["id"]], ["delivery", "=", True]]
    found = await rpc.model("party.address.search", domain, 0, 1, None)
    return int(found[0]) if found else None
