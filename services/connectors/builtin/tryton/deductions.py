"""What a customer deducted, claimed again: where the invoice is still open for it, the invoice itself claims it.

Nothing is written: a payment that was taken as a whole, and a rest that was written off, are undone by a person.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.money import to_decimal, to_money


async def collect(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.deductions.collect`.

    Raises:
        Refusal: less than that is open on it, a payment is to be reversed, or there is no such invoice.
    """
    owed = await _owed(values, rpc)
    if owed is None:
        words = f"Of {values['invoice']!r} so much is not open: somebody of the accounting claims it again in Tryton"
        raise Refusal(words, status=409, title="By a person")
    return owed


async def read_back(values: Any, rpc: Rpc) -> ReadBack:
    """Whether it is owed already."""
    owed = await _owed(values, rpc)
    return Absent() if owed is None else Found(owed)


async def _owed(values: Any, rpc: Rpc) -> dict[str, Any] | None:
    """None where a program cannot claim it."""
    domain = [["number", "=", values["invoice"]], ["type", "=", "out"]]
    fields = ["state", "amount_to_pay", "currency.code"]
    found = await rpc.model("account.invoice.search_read", domain, 0, 1, None, fields)
    if not found:
        raise Refusal(f"The ERP has no invoice {values['invoice']!r}", title="Unknown invoice")
    currency = (found[0].get("currency.") or {}).get("code")
    asked, is_open = values["amount"], found[0]["state"] == "posted" and values["method"] == "chargeback"
    left: Decimal = found[0]["amount_to_pay"] or Decimal(0)
    if not is_open or asked["currency"] != currency or left < to_decimal(asked["amount"], currency):
        return None
    return {"document": values["invoice"], "open": to_money(left, currency)}
