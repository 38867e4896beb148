"""Charging what was delivered: the draft invoice that Tryton made of a sale, cut down to that, and posted.

A shipment is charged once, whoever asks: the invoice's description says which it is of. What is left of the draft's
lines Tryton puts into another draft, where its own rules say so, and a person decides about that.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, Final

from services.connectors.builtin.tryton.changes import sold
from services.connectors.builtin.tryton.session import Changed, Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.money import to_money

_ROUNDS: Final = 6
_IN_THE_BOOKS: Final = frozenset({"posted", "paid"})
_FIELDS: Final = ["number", "state", "description", "total_amount", "currency.code", "lines", "_timestamp"]
_LINE: Final = ["product.code", "quantity", "type"]


async def trigger(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.invoices.trigger`.

    Raises:
        Refusal: there is no such sale, or none of its draft invoices has so much of an item.
        Away: others keep changing the same invoice.
    """
    for _ in range(_ROUNDS):
        invoice = await _ours(values, rpc)
        if invoice is not None and invoice["state"] in _IN_THE_BOOKS:
            return _output(invoice)
        try:
            if invoice is None:
                await _cut_down(values, await _draft(values, rpc), rpc)
            else:
                unchanged = {f"account.invoice,{invoice['id']}": invoice["_timestamp"]}
                await rpc.model("account.invoice.post", [invoice["id"]], _timestamp=unchanged)
        except Changed:
            continue
    raise Away("others are changing the same invoice")


async def read_back(values: Any, rpc: Rpc) -> ReadBack:
    """The invoice of an earlier attempt that is in the books; a draft of ours `trigger` brings to its end."""
    invoice = await _ours(values, rpc)
    return Found(_output(invoice)) if invoice is not None and invoice["state"] in _IN_THE_BOOKS else Absent()


def _mark(values: Any) -> str:
    return f"Shipment {values['shipment']}"


async def _ours(values: Any, rpc: Rpc) -> dict[str, Any] | None:
    """The invoice of this shipment, cancelled ones aside."""
    found = [one for one in await _invoices(values, rpc) if one["description"] == _mark(values)]
    return found[0] if found else None


async def _invoices(values: Any, rpc: Rpc) -> list[dict[str, Any]]:
    sale = await sold(rpc, values["order"])
    domain = [["id", "in", sale["invoices"]], ["state", "!=", "cancelled"], ["type", "=", "out"]]
    found: list[dict[str, Any]] = await rpc.model(
        "account.invoice.search_read", domain, 0, None, [["id", "ASC"]], _FIELDS
    )
    return found


async def _draft(values: Any, rpc: Rpc) -> dict[str, Any]:
    drafts = [one for one in await _invoices(values, rpc) if one["state"] == "draft" and not one["description"]]
    if not drafts:
        raise Refusal(
            f"The ERP has no draft invoice of the order {values['order']!r} that is still to be charged",
            status=409,
            title="Nothing to charge",
        )
    return drafts[0]


async def _cut_down(values: Any, draft: dict[str, Any], rpc: Rpc) -> None:
    """Leave in the draft what was delivered, and mark it. One write, which nobody else's comes between."""
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for one in values["lines"]:
        wanted[one["item"]] += Decimal(str(one["quantity"]))
    lines = await rpc.model("account.invoice.line.search_read", [["id", "in", draft["lines"]]], 0, None, None, _LINE)
    changes: list[list[Any]] = []
    for line in sorted(lines, key=lambda one: int(one["id"])):
        if line["type"] != "line":
            continue
        code = str((line.get("product.") or {}).get("code"))
        takes = min(wanted.get(code, Decimal(0)), Decimal(repr(line["quantity"])))
        if code in wanted:
            wanted[code] -= takes
        changes.append(["write", [line["id"]], {"quantity": float(takes)}] if takes else ["delete", [line["id"]]])
    missing = sorted(code for code, quantity in wanted.items() if quantity)
    if missing:
        raise Refusal(f"Of {', '.join(missing)} so much is not left to charge", status=409, title="Nothing to charge")
    unchanged = {f"account.invoice,{draft['id']}": draft["_timestamp"]}
    written = {"description": _mark(values), "lines": changes}
    await rpc.model("account.invoice.write", [draft["id"]], written, _timestamp=unchanged)


def _output(invoice: dict[str, Any]) -> dict[str, Any]:
    currency = (invoice.get("currency.") or {})["code"]
    return {"invoice": invoice["number"], "state": "posted", "total": to_money(invoice["total_amount"], currency)}
