"""Creating and confirming a sale once, in an ERP that knows no idempotency keys (rule and proof: `duplicates`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from services.connectors.builtin.tryton import draft
from services.connectors.builtin.tryton.duplicates import CONFIRMED, Sale, Step, choose
from services.connectors.builtin.tryton.session import Changed, Rpc
from services.connectors.sdk.errors import Away, Refusal
from services.connectors.sdk.money import to_money

_ROUNDS: Final = 12
_FIELDS: Final = ("state", "number", "total_amount", "currency.code", "_timestamp")


def reference(order_reference: str, key: str) -> str:
    """The order's own reference and a mark made from the idempotency key: `PO-10045 #9f86d081884c7d65`."""
    return f"{order_reference} #{hashlib.sha256(key.encode()).hexdigest()[:16]}"


async def create(order: Any, rpc: Rpc) -> dict[str, Any]:
    """Bring exactly one confirmed sale about, whatever earlier or concurrent attempts have left.

    Raises:
        Refusal: a definite no, such as the credit limit; no open sale is left behind.
        Away: also when other attempts keep changing the same sales.
    """
    mark = reference(order["reference"], rpc.context.key)
    had_one = False
    for _ in range(_ROUNDS):
        sales = await _read(mark, rpc)
        choice = choose([Sale(sale["id"], sale["state"]) for sale in sales])
        if choice.step is Step.DONE:
            return await _finish(order, next(sale for sale in sales if sale["id"] == choice.ids[0]), sales, rpc)
        if choice.step is Step.CREATE:
            if had_one:
                # Another attempt gave this sale up. Whether a new one is wanted is the engine's decision: a worker
                # that lost its lease must not start over.
                raise Away("another attempt cancelled the sale")
            await draft.create(order, mark, rpc)
        elif choice.step is Step.CANCEL:
            await _cancel(choice.ids, rpc)
        else:
            await _advance(choice.step, next(sale for sale in sales if sale["id"] == choice.ids[0]), mark, rpc)
        had_one = True
    raise Away("other attempts are changing the same sale")


async def _read(mark: str, rpc: Rpc) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await rpc.model(
        "sale.sale.search_read", [["reference", "=", mark]], 0, None, [["id", "ASC"]], list(_FIELDS)
    )
    return found


async def _advance(step: Step, sale: dict[str, Any], mark: str, rpc: Rpc) -> None:
    unchanged = {f"sale.sale,{sale['id']}": sale["_timestamp"]}
    try:
        await rpc.model(f"sale.sale.{step.value}", [sale["id"]], _timestamp=unchanged)
    except Changed:
        return
    except Refusal:
        # Tryton also refuses a step that no longer fits the sale's state: then a concurrent attempt was faster.
        if any(one["id"] == sale["id"] and one["_timestamp"] == sale["_timestamp"] for one in await _read(mark, rpc)):
            await _cancel([sale["id"]], rpc)  # a real refusal: no open quotation is left behind
            if not any(one["state"] in CONFIRMED for one in await _read(mark, rpc)):
                raise


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
    code = (sale.get("currency.") or {}).get("code") or order["currency"]
    return {
        "number": sale["number"],
        "state": "confirmed",
        "reference": order["reference"],
        "total": to_money(sale["total_amount"], code),
        "duplicates_cancelled": sum(one["state"] == "cancelled" for one in sales),
    }
