"""Credit and stock as Tryton sees them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.connectors.builtin.tryton import lookups
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import stock as free
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.money import to_money


async def credit(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`credit_amount` counts what is owed and what is ordered and not yet invoiced, in the company's currency.

    Raises:
        Refusal: the company has no currency, so no amount means anything.
    """
    found = await lookups.party(rpc, values["customer"], ("credit_limit_amount", "credit_amount", "currency.code"))
    if found is None:
        return {"customer": values["customer"], "found": False, "limit": None, "exposure": None, "available": None}
    code = (found.get("currency.") or {}).get("code")
    if not code:
        raise Refusal("The ERP's company has no currency", name="configuration", title="No currency")
    limit, exposure = found["credit_limit_amount"], found["credit_amount"] or Decimal(0)
    return {
        "customer": found["code"] or found["name"],
        "found": True,
        "limit": None if limit is None else to_money(limit, code),
        "exposure": to_money(exposure, code),
        "available": None if limit is None else to_money(limit - exposure, code),
    }


async def availability(values: Any, rpc: Rpc) -> dict[str, Any]:
    """What is on hand in the warehouse, less what is promised: the lower of `quantity` and `forecast_quantity`.

    Forecasts count goods that are still to arrive; those are not free to promise before they are on hand.
    """
    found = await lookups.products(
        rpc,
        (line["item"] for line in values["items"]),
        ("quantity", "forecast_quantity"),
        locations=[await lookups.warehouse(rpc)],
        with_childs=True,
    )
    stock = {
        code: max(Decimal(0), min(_decimal(one["quantity"]), _decimal(one["forecast_quantity"])))
        for code, one in found.items()
    }
    return free.answer(values["items"], stock)


def _decimal(quantity: float | None) -> Decimal:
    return Decimal(repr(quantity or 0.0))
