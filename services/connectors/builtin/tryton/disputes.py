"""What a customer objects to: notes on the invoice, which nobody changes later. The last one of a case holds.

Tryton itself has no state for it, and reminds nobody unless its module for dunning is there, whose block is not set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from services.connectors.builtin.tryton.session import Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Refusal
from services.connectors.sdk.money import to_decimal

_NOTE: Final = "ir.note"
_OPEN: Final = "In dispute, case "
_SETTLED: Final = "Settled, case "


async def dispute(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.invoices.dispute`. A note that says the same already is left at that.

    Raises:
        Refusal: there is no such invoice.
    """
    invoice = await _invoice(values["invoice"], rpc)
    if not _stands(await _notes(invoice, rpc), values):
        await rpc.model(f"{_NOTE}.create", [{"resource": f"account.invoice,{invoice}", "message": _words(values)}])
    return _output(values)


async def read_back(values: Any, rpc: Rpc) -> ReadBack:
    """Whether it stands there as it shall."""
    notes = await _notes(await _invoice(values["invoice"], rpc), rpc)
    return Found(_output(values)) if _stands(notes, values) else Absent()


async def is_disputed(invoice: int, rpc: Rpc) -> bool:
    """Whether a case of it is open; by Tryton's id."""
    last: dict[str, bool] = {}
    for note in await _notes(invoice, rpc):
        for sign in (_OPEN, _SETTLED):
            if note.startswith(sign):
                last[note.removeprefix(sign).partition(":")[0]] = sign == _OPEN
    return any(last.values())


async def _notes(invoice: int, rpc: Rpc) -> list[str]:
    """The oldest first."""
    domain = [["resource", "=", f"account.invoice,{invoice}"]]
    found = await rpc.model(f"{_NOTE}.search_read", domain, 0, None, [["id", "ASC"]], ["message"])
    return [one["message"] or "" for one in found]


def _stands(notes: Iterable[str], values: Any) -> bool:
    """Whether the last note of the case says so; none says that nothing is disputed."""
    signs = tuple(f"{sign}{values['case']}:" for sign in (_OPEN, _SETTLED))
    last = [note for note in notes if note.startswith(signs)][-1:]
    return last == [_words(values)] if last else values["disputed"] is None


async def _invoice(number: str, rpc: Rpc) -> int:
    found = await rpc.model("account.invoice.search", [["number", "=", number], ["type", "=", "out"]], 0, 1, None)
    if not found:
        raise Refusal(f"The ERP has no invoice {number!r}", title="Unknown invoice")
    return int(found[0])


def _words(values: Any) -> str:
    given = values["disputed"]
    if given is None:
        return f"{_SETTLED}{values['case']}:"
    amount = to_decimal(given["amount"], given["currency"])
    return f"{_OPEN}{values['case']}: {values['reason']}, {amount} {given['currency']}"


def _output(values: Any) -> dict[str, Any]:
    return {"invoice": values["invoice"], "disputed": values["disputed"]}
