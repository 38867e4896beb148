"""Credit notes: invoices of the other sign, in the words of the invoice that they give back of.

A case has one of an invoice, whoever asks: the description says which. Of several drafts of one case, as attempts at
the same time leave them, the oldest is posted, or the one that is posted already stays; the others are deleted.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from services.connectors.builtin.tryton.changes import escaped
from services.connectors.builtin.tryton.session import Changed, Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.money import to_decimal, to_money

_ROUNDS: Final = 6
_IN_THE_BOOKS: Final = frozenset({"posted", "paid"})
_FIELDS: Final = ["number", "state", "total_amount", "currency.code", "_timestamp"]
_COPIED: Final = ["company", "party", "invoice_address", "currency", "journal", "account", "payment_term"]
_LINE: Final = ["product", "product.code", "account", "unit", "taxes", "type", "amount"]


async def create(values: Any, rpc: Rpc) -> dict[str, Any]:
    """`erp.credit-notes.create`.

    Raises:
        Refusal: there is no such invoice, item or account, more would be given back than was charged, or the ERP
            refuses.
        Away: others keep changing the same credit notes.
    """
    had_one = False
    for _ in range(_ROUNDS):
        found = await _ours(values, rpc)
        posted = [one for one in found if one["state"] in _IN_THE_BOOKS]
        keeps = (posted or found)[:1]
        if not await _given_up([one for one in found if one not in keeps + posted], rpc) and not posted:
            continue  # another attempt may have posted one of them, which then is the one that stays
        if posted:
            return _output(posted[0])
        if not keeps:
            if had_one:
                raise Away("another attempt gave the credit note up")
            await _draft(values, rpc)
            had_one = True
            continue
        await _covered(values, keeps[0], rpc)
        unchanged = {f"account.invoice,{keeps[0]['id']}": keeps[0]["_timestamp"]}
        with suppress(Changed):
            await rpc.model("account.invoice.post", [keeps[0]["id"]], _timestamp=unchanged)
    raise Away("others are changing the same credit note")


async def read_back(values: Any, rpc: Rpc) -> ReadBack:
    """The credit note of an earlier attempt that is in the books; a draft `create` brings to its end."""
    posted = [one for one in await _ours(values, rpc) if one["state"] in _IN_THE_BOOKS]
    return Found(_output(posted[0])) if posted else Absent()


async def _given_up(spares: list[dict[str, Any]], rpc: Rpc) -> bool:
    """Whether all of them could be deleted."""
    all_gone = True
    for spare in spares:
        try:
            await rpc.model("account.invoice.delete", [spare["id"]])
        except (Refusal, Changed):
            all_gone = False
    return all_gone


async def _covered(values: Any, draft: dict[str, Any], rpc: Rpc) -> None:
    """Nothing where the invoice still covers `draft` beside what other cases gave back, or will before it.

    Raises:
        Refusal: it does not; the draft is deleted.
    """
    charged = await _invoice(values, rpc)
    pattern = f"%, invoice {escaped(values['invoice'])}"
    domain = [["description", "like", pattern], ["type", "=", "out"], ["state", "!=", "cancelled"]]
    others = await rpc.model("account.invoice.search_read", domain, 0, None, None, ["state", "untaxed_amount"])
    before = [one for one in others if one["state"] in _IN_THE_BOOKS or one["id"] < draft["id"]]
    given = -sum((one["untaxed_amount"] for one in before if one["id"] != draft["id"]), Decimal(0))
    if given + to_decimal(values["net"]["amount"], values["net"]["currency"]) > charged["untaxed_amount"]:
        with suppress(Refusal, Changed):
            await rpc.model("account.invoice.delete", [draft["id"]])
        raise Refusal("No more than was charged can be given back", status=409, title="More than was charged")


def _mark(values: Any) -> str:
    return f"Case {values['case']}, invoice {values['invoice']}"


async def _ours(values: Any, rpc: Rpc) -> list[dict[str, Any]]:
    domain = [["description", "=", _mark(values)], ["state", "!=", "cancelled"], ["type", "=", "out"]]
    found: list[dict[str, Any]] = await rpc.model(
        "account.invoice.search_read", domain, 0, None, [["id", "ASC"]], _FIELDS
    )
    return found


async def _invoice(values: Any, rpc: Rpc) -> dict[str, Any]:
    domain = [["number", "=", values["invoice"]], ["type", "=", "out"], ["state", "in", list(_IN_THE_BOOKS)]]
    fields = [*_COPIED, "currency.code", "untaxed_amount", "lines"]
    found: list[dict[str, Any]] = await rpc.model("account.invoice.search_read", domain, 0, 1, None, fields)
    if not found:
        raise Refusal(f"The ERP has no invoice {values['invoice']!r} in its books", title="Unknown invoice")
    return found[0]


async def _draft(values: Any, rpc: Rpc) -> None:
    invoice = await _invoice(values, rpc)
    net = to_decimal(values["net"]["amount"], values["net"]["currency"])
    if values["net"]["currency"] != (invoice.get("currency.") or {}).get("code") or net > invoice["untaxed_amount"]:
        raise Refusal("No more than was charged can be given back", status=409, title="More than was charged")
    line = await _charged(values, invoice, rpc)
    row = {
        "type": "line",
        "invoice_type": "out",
        "company": invoice["company"],
        "currency": invoice["currency"],
        "product": line["product"],
        "unit": line["unit"],
        "account": await _account(values, rpc) or line["account"],
        "description": f"{values['reason']} ({values['method']}), invoice {values['invoice']}",
        "quantity": -1.0,
        "unit_price": net,
        "taxes": [["add", line["taxes"]]],
    }
    copied = {name: invoice[name] for name in _COPIED}
    note = {**copied, "type": "out", "description": _mark(values), "lines": [["create", [row]]]}
    await rpc.model("account.invoice.create", [note])


async def _charged(values: Any, invoice: dict[str, Any], rpc: Rpc) -> dict[str, Any]:
    """The line that is given back of: that of the item, else the one with the largest amount."""
    lines = await rpc.model("account.invoice.line.search_read", [["id", "in", invoice["lines"]]], 0, None, None, _LINE)
    charged = [one for one in lines if one["type"] == "line"]
    if "item" in values:
        charged = [one for one in charged if (one.get("product.") or {}).get("code") == values["item"]]
    if not charged:
        raise Refusal(f"The invoice {values['invoice']!r} has no such item", title="Unknown item")
    return max(charged, key=lambda one: (one["amount"] or Decimal(0), -one["id"]))


async def _account(values: Any, rpc: Rpc) -> int | None:
    if "account" not in values:
        return None
    found = await rpc.model("account.account.search", [["code", "=", values["account"]]], 0, 1, None)
    if not found:
        raise Refusal(f"The ERP has no account {values['account']!r}", title="Unknown account")
    return int(found[0])


def _output(note: dict[str, Any]) -> dict[str, Any]:
    currency = (note.get("currency.") or {})["code"]
    return {"credit_note": note["number"], "state": "posted", "total": to_money(-note["total_amount"], currency)}
