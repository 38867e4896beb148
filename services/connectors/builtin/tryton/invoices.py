"""What customers were charged, as canonical records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from services.connectors.builtin.tryton import changes
from services.connectors.builtin.tryton.disputes import is_disputed
from services.connectors.builtin.tryton.place import instant, shown
from services.connectors.builtin.tryton.session import Rpc
from services.connectors.capabilities import records
from services.connectors.sdk.errors import Misread

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
    told = changes.told(
        "invoices", changed, lambda one: records.made("invoices", _record(one, lines, orders[one["id"]])), found
    )
    # Paid, credited or cancelled, it is news again.
    written = {one["number"]: shown(instant(one["write_date"])) for one in found}
    return {**told, "versions": {one["number"]: written[one["number"]] for one in told["invoices"]}}


async def get(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.invoices.get`. Raises Misread: no record can be made of it."""
    domain = [["number", "=", values["invoice"]], *_POSTED]
    fields = [*_FIELDS, "amount_to_pay", "move.period.state"]
    found = await rpc.model("account.invoice.search_read", domain, 0, 1, None, fields)
    if not found or (found[0]["total_amount"] or 0) < 0:
        return {"found": False, "invoice": None, "period_open": None}
    one = found[0]
    orders = [sale["order"] for sale in await changes.sales(rpc, "invoices", [one["id"]])]
    lines = await changes.read(rpc, "account.invoice.line", one["lines"], _LINE)
    made = _record(one, lines, orders)
    if await is_disputed(one["id"], rpc):
        made["status"] = "disputed"
    left = {"units": f"{one['amount_to_pay']:f}", "currency": made["currency"]}
    try:
        record = records.made("invoice", {**made, "open": left})
    except records.NoRecord as error:
        raise Misread(error.hidden) from error
    period = ((one.get("move.") or {}).get("period.") or {}).get("state")
    return {"found": True, "invoice": record, "period_open": period == "open"}


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
