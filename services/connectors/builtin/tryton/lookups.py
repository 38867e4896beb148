"""Codes that people know, to the ids that Tryton wants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.errors import Refusal


async def party(rpc: Rpc, customer: str, fields: Iterable[str] = ()) -> dict[str, Any] | None:
    """The party with this code, else the only one with this name.

    Raises:
        Refusal: several parties have the name.
    """
    domain = ["OR", ["code", "=", customer], ["name", "=", customer]]
    found = await rpc.model("party.party.search_read", domain, 0, 10, [["id", "ASC"]], ["code", "name", *fields])
    by_code = [one for one in found if one["code"] == customer]
    if not by_code and len(found) > 1:
        raise Refusal(f"Several customers are named {customer!r}: use the code", name="validation")
    candidates: list[dict[str, Any]] = by_code or found
    return candidates[0] if candidates else None


async def products(rpc: Rpc, codes: Iterable[str], fields: Iterable[str] = (), **context: Any) -> dict[str, Any]:
    """Products by code; an unknown code is missing."""
    wanted = list(dict.fromkeys(codes))
    found = await rpc.model(
        "product.product.search_read",
        [["code", "in", wanted]],
        0,
        None,
        [["id", "DESC"]],
        ["code", "salable", *fields],
        **context,
    )
    return {one["code"]: one for one in found}  # the oldest of several wins


async def warehouse(rpc: Rpc) -> int:
    """The warehouse of the connection's settings, else Tryton's first.

    Raises:
        Refusal: there is none.
    """
    code = rpc.context.settings.get("warehouse")
    domain = [["type", "=", "warehouse"], *([["code", "=", code]] if code else [])]
    found = await rpc.model("stock.location.search", domain, 0, 1, [["id", "ASC"]])
    if not found:
        raise Refusal("The ERP has no such warehouse", name="configuration")
    return int(found[0])


async def currency(rpc: Rpc, code: str) -> int:
    """Raises Refusal when Tryton does not know the currency."""
    found = await rpc.model("currency.currency.search", [["code", "=", code]], 0, 1, None)
    if not found:
        raise Refusal(f"The ERP does not know the currency {code}", name="validation")
    return int(found[0])
