"""What a customer objects to: a line of the invoice's comment, which stays changeable in the books.

Tryton itself has no state for it, and reminds nobody unless its module for dunning is there, whose block is not set.
"""

from __future__ import annotations

from typing import Any, Final

from services.connectors.builtin.tryton.session import Changed, Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.money import to_decimal

_ROUNDS: Final = 6
_SIGN: Final = "In dispute, case "


async def dispute(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.invoices.dispute`. It writes what shall stand there, so that it may be repeated.

    Raises:
        Refusal: there is no such invoice.
        Away: others keep changing it.
    """
    for _ in range(_ROUNDS):
        invoice = await _invoice(values["invoice"], rpc)
        lines = _lines(invoice, values)
        if lines == (invoice["comment"] or "").splitlines():
            return _output(values)
        unchanged = {f"account.invoice,{invoice['id']}": invoice["_timestamp"]}
        try:
            written = {"comment": "\n".join(lines) or None}
            await rpc.model("account.invoice.write", [invoice["id"]], written, _timestamp=unchanged)
        except Changed:
            continue
        return _output(values)
    raise Away("others are changing the same invoice")


async def read_back(values: Any, rpc: Rpc) -> ReadBack:
    """Whether it stands there as it shall."""
    invoice = await _invoice(values["invoice"], rpc)
    return Found(_output(values)) if _lines(invoice, values) == (invoice["comment"] or "").splitlines() else Absent()


def case_of(comment: str | None) -> str | None:
    """The line that says so, of an invoice's comment."""
    return next((one for one in (comment or "").splitlines() if one.startswith(_SIGN)), None)


async def _invoice(number: str, rpc: Rpc) -> dict[str, Any]:
    domain = [["number", "=", number], ["type", "=", "out"]]
    found = await rpc.model("account.invoice.search_read", domain, 0, 1, None, ["comment", "_timestamp"])
    if not found:
        raise Refusal(f"The ERP has no invoice {number!r}", title="Unknown invoice")
    invoice: dict[str, Any] = found[0]
    return invoice


def _lines(invoice: dict[str, Any], values: Any) -> list[str]:
    """The comment as it shall be: with the case's line, or without it."""
    start = f"{_SIGN}{values['case']}: "
    kept = [one for one in (invoice["comment"] or "").splitlines() if not one.startswith(start)]
    given = values["disputed"]
    if given is None:
        return kept
    amount = to_decimal(given["amount"], given["currency"])
    return [*kept, f"{start}{values['reason']}, {amount} {given['currency']}"]


def _output(values: Any) -> dict[str, Any]:
    return {"invoice": values["invoice"], "disputed": values["disputed"]}
