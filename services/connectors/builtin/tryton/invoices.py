"""What customers were charged, as canonical records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes
from services.connectors.builtin.tryton.place import instant, shown
from services.connectors.builtin.tryton.session import Rpc

_MODEL: Final = "account.invoice"
# What is negative is a credit note, which is another record. A draft that was cancelled never had a number.
_POSTED: Final = [["type", "=", "out"], ["state", "in", ["posted", "paid", "cancelled"]], ["number", "!=", None]]
_FIELDS: Final = (
    "number", "state", "invoice_date", "party.code", "party.name", "currency.code", "untaxed_amount", "tax_amount",
    "total_amount", "lines",
)  # fmt: skip
_LINE: Final = ["product.code", "description", "quantity", "unit.symbol", "unit_price", "amount", "origin", "type"]


async def watch(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.invoices.watch`. Raises Refusal: the cursor is none."""
    changed = await changes.since(rpc, _MODEL, _POSTED, _FIELDS, values.get("cursor"))
    found = [one for one in changed.documents if (one["total_amount"] or 0) >= 0]
    orders: dict[int, list[str]] = defaultdict(list)
    for sale in await changes.sales(rpc, "invoices", [one["id"] for one in found]):
        for invoice in sale["invoices"]:
            orders[invoice].append(sale["order"])
    lines = await changes.read(rpc, "account.invoice.line", (line for one in found for line in one["lines"]), _LINE)
    told = changes.told("invoices", changed, lambda one: _record(one, lines, orders[one["id"]]), found)
    # Paid, credited or cancelled, it is news again.
    written = {one["number"]: shown(instant(one["write_date"])) for one in found}
    return {**told, "versions": {one["number"]: written[one["number"]] for one in told["invoices"]}}


def _record(one: Any, lines: Mapping[int, Any], orders: list[str]) -> dict[str, Any]:
    """Raises Refusal, Misread: it makes none."""
    currency, party = (one.get("currency.") or {}).get("code"), one.get("party.") or {}

    def money(units: Any) -> dict[str, Any]:
        return {"units": None if units is None else f"{units:f}", "currency": currency}

    charged = [line for line in changes.parts(lines, one["lines"]) if line["type"] == "line"]
    return {
        "number": one["number"],
        "status": one["state"],
        "issued_on": changes.day(one["invoice_date"]),
        "customer": {"id": party.get("code") or party.get("name"), "name": party.get("name")},
        "orders": [{"number": order} for order in dict.fromkeys(orders)],
        "currency": currency,
        "totals": {
            "lines": money(one["untaxed_amount"]),
            "tax": money(one["tax_amount"]),
            "total": money(one["total_amount"]),
        },
        "lines": [_line(line, money) for line in charged],
    }


def _line(line: Any, money: Any) -> dict[str, Any]:
    product, charged = line.get("product.") or {}, changes.quantity(line["quantity"], line.get("unit."))
    return {
        "line": str(line["id"]),
        "item": {"id": product["code"]} if product.get("code") else None,
        "description": line["description"],
        "quantity": charged,
        "unit_price": {**money(line["unit_price"]), "per": {"value": "1", "unit": charged["unit"]}},
        "net": money(line["amount"]),
    }
