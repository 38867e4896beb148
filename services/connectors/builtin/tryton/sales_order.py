"""Creating and confirming a sale once, in an ERP that knows no idempotency keys (rule and proof: `duplicates`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from services.connectors.builtin.tryton import draft
from services.connectors.builtin.tryton.duplicates import Choice, Sale, Step, choose
from services.connectors.builtin.tryton.session import Changed, Rpc
from services.connectors.sdk.connector import Absent, Found, ReadBack, Refused
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.money import to_money

_ROUNDS: Final = 12
_FIELDS: Final = ("reference", "state", "number", "total_amount", "currency.code", "_timestamp")
_REFUSED: Final = " refused"


def reference(order_reference: str, key: str) -> str:
    """The order's own reference and a mark made from the idempotency key: `PO-10045 #9f86d081884c7d65`."""
    return f"{order_reference} #{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def is_refused(named: str | None) -> bool:
    """Whether a sale of this reference is one that the ERP refused."""
    return (named or "").endswith(_REFUSED)


async def create(order: Any, rpc: Rpc) -> dict[str, Any]:
    """Bring exactly one confirmed sale about, whatever earlier or concurrent attempts have left.

    Raises:
        Refusal: a definite no, such as the credit limit, from this or an earlier attempt; no open sale is left behind.
        Away: also when other attempts keep changing the same sales.
    """
    mark = reference(order["reference"], rpc.context.key)
    had_one, refusal = False, None
    for _ in range(_ROUNDS):
        sales = await _read(mark, rpc)
        choice, chosen = _choose(sales, mark)
        if choice.step is Step.DONE:
            return await _finish(order, chosen, sales, rpc)
        if choice.step is Step.REFUSE:
            raise refusal or _refused_before(chosen)
        if choice.step is Step.CREATE:
            if had_one:
                # Somebody gave this sale up. Whether a new one is wanted is the engine's decision: a worker that lost
                # its lease must not start over.
                raise Away("another attempt cancelled the sale")
            await draft.create(order, mark, rpc)
        elif choice.step is Step.CANCEL:
            await _cancel(choice.ids, rpc)
        else:
            refusal = await _advance(choice.step, chosen, mark, rpc)
        had_one = True
    raise Away("other attempts are changing the same sale")


async def read_back(order: Any, rpc: Rpc) -> ReadBack:
    """The sale of an earlier attempt, where nothing of it is left to be done; what is open `create` brings to its end.

    Raises:
        Refusal: the ERP does not let us look.
    """
    mark = reference(order["reference"], rpc.context.key)
    sales = await _read(mark, rpc)
    choice, chosen = _choose(sales, mark)
    if choice.step is Step.REFUSE:
        before = _refused_before(chosen)
        return Refused(before.detail, before.status, before.title)
    is_open = chosen.get("state") == "confirmed" and rpc.context.settings.get("process", True)
    return Absent() if choice.step is not Step.DONE or is_open else Found(_output(order, chosen, sales))


def _choose(sales: list[dict[str, Any]], mark: str) -> tuple[Choice, dict[str, Any]]:
    choice = choose([Sale(sale["id"], sale["state"], sale["reference"] != mark) for sale in sales])
    return choice, next((sale for sale in sales if sale["id"] in choice.ids), {})


def _refused_before(sale: dict[str, Any]) -> Refusal:
    name = sale["number"] or f"with id {sale['id']}"
    return Refusal(f"The ERP refused an earlier attempt; see its sale {name}", status=409, title="The ERP refused")


async def _read(mark: str, rpc: Rpc) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await rpc.model(
        "sale.sale.search_read", [["reference", "in", [mark, mark + _REFUSED]]], 0, None, [["id", "ASC"]], list(_FIELDS)
    )
    return found


async def _advance(step: Step, sale: dict[str, Any], mark: str, rpc: Rpc) -> Refusal | None:
    """Take the step, if nobody changed the sale; the ERP's refusal, when it refused for good."""
    unchanged = {f"sale.sale,{sale['id']}": sale["_timestamp"]}
    try:
        await rpc.model(f"sale.sale.{step.value}", [sale["id"]], _timestamp=unchanged)
    except Changed:
        return None
    except Refusal as refusal:
        # Tryton also refuses a step that no longer fits the sale's state: then a concurrent attempt was faster, and the
        # mark meets the lock. A real refusal is marked, so that no other attempt sells what this one reports refused.
        try:
            await rpc.model("sale.sale.write", [sale["id"]], {"reference": mark + _REFUSED}, _timestamp=unchanged)
        except Changed:
            return None
        return refusal
    return None


async def _cancel(ids: Sequence[int], rpc: Rpc) -> None:
    """Cancel what can still be cancelled; what cannot was confirmed or cancelled meanwhile, as the next read shows."""
    for one in ids:
        with suppress(Refusal, Changed):
            await rpc.model("sale.sale.cancel", [one])


async def _finish(order: Any, sale: dict[str, Any], sales: list[dict[str, Any]], rpc: Rpc) -> dict[str, Any]:
    if sale["state"] == "confirmed" and rpc.context.settings.get("process", True):
        # Tryton processes at once unless a queue is set up, and not at all when that attempt met a lock.
        # A refusal changes nothing in the sale's being confirmed; the ERP shows what hinders its processing.
        with suppress(Refusal, Changed):
            await rpc.model("sale.sale.process", [sale["id"]])
    return _output(order, sale, sales)


def _output(order: Any, sale: dict[str, Any], sales: list[dict[str, Any]]) -> dict[str, Any]:
    code = (sale.get("currency.") or {}).get("code") or order["currency"]
    return {
        "number": sale["number"],
        "state": "confirmed",
        "reference": order["reference"],
        "total": to_money(sale["total_amount"], code),
        "duplicates_cancelled": sum(one["state"] == "cancelled" for one in sales),
    }
