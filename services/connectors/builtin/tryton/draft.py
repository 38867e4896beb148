"""A new draft sale. `create` runs no `on_change` in Tryton, so its derived values are asked for, as its clients do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from services.connectors.builtin.tryton import lookups
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.builtin.tryton.wire import added_ids, writable
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.money import to_decimal

_DEFAULTS: Final = ("company", "warehouse", "invoice_method", "shipment_method")
_FROM_PARTY: Final = frozenset(
    {"invoice_address", "shipment_address", "payment_term", "invoice_method", "shipment_method", "invoice_party"}
)


async def create(order: Any, reference: str, rpc: Rpc) -> int:
    """Create the draft and give its id. Tryton does it in one transaction.

    Raises:
        Refusal: 422 for an unknown customer or item, or prices in another currency; nothing was created.
    """
    if any(line["unit_price"]["currency"] != order["currency"] for line in order["lines"]):
        raise Refusal("Every unit price must be in the order's currency", name="validation")
    party = await lookups.party(rpc, order["customer"])
    if party is None:
        raise Refusal(f"The ERP has no customer {order['customer']!r}", title="Unknown customer")
    products = await lookups.products(rpc, (line["item"] for line in order["lines"]))
    for line in order["lines"]:
        product = products.get(line["item"])
        if product is None or not product["salable"]:
            raise Refusal(f"The ERP sells no item {line['item']!r}", title="Unknown item")
    sale = await _head(order, party["id"], rpc)
    derived = {code: await _derived(sale, one["id"], rpc) for code, one in products.items()}
    rows = [_row(line, products[line["item"]]["id"], derived[line["item"]]) for line in order["lines"]]
    made = await rpc.model("sale.sale.create", [{**sale, "reference": reference, "lines": [["create", rows]]}])
    return int(made[0])


async def _head(order: Any, party: int, rpc: Rpc) -> dict[str, Any]:
    sale = writable(await rpc.model("sale.sale.default_get", list(_DEFAULTS)))
    # Where there are several, Tryton proposes none.
    if rpc.context.settings.get("warehouse") or not sale.get("warehouse"):
        sale["warehouse"] = await lookups.warehouse(rpc)
    asked: dict[str, Any] = {
        "party": party,
        "company": sale.get("company"),
        "warehouse": sale.get("warehouse"),
        "lines": [],
    }
    changed = writable(await rpc.model("sale.sale.on_change", asked, ["party"]))
    sale.update({name: value for name, value in changed.items() if name in _FROM_PARTY})
    return {**sale, "party": party, "currency": await lookups.currency(rpc, order["currency"])}


async def _derived(sale: dict[str, Any], product: int, rpc: Rpc) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "product": product,
        "type": "line",
        "quantity": 1.0,
        "_parent_sale.party": sale["party"],
        "_parent_sale.company": sale.get("company"),
        "_parent_sale.currency": sale["currency"],
        "taxes": [],
    }
    answer: dict[str, Any] = await rpc.model("sale.line.on_change", asked, ["product"])
    return answer


def _row(line: Any, product: int, derived: dict[str, Any]) -> dict[str, Any]:
    price: Decimal = to_decimal(line["unit_price"]["amount"], line["unit_price"]["currency"])
    row = {
        "type": "line",
        "product": product,
        "quantity": float(line["quantity"]),
        "unit": derived.get("unit"),
        "unit_price": price,
        "taxes": [["add", added_ids(derived.get("taxes"))]],
    }
    return {**row, "description": line["description"]} if line.get("description") else row
