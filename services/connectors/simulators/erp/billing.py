"""What the simulated ERP charges and gives back: invoices, disputes of them, credit notes; each once per key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from infra import clock
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import Documents

_SEED: Final = Path(__file__).with_name("billing.json")
_FIRST: Final = 1000
_DUE: Final = timedelta(days=30)


class Delivered(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    quantity: str


class Trigger(msgspec.Struct, forbid_unknown_fields=True):
    order: str
    shipment: str
    lines: list[Delivered]


class Dispute(msgspec.Struct, forbid_unknown_fields=True):
    """`disputed`: minor units; None: it is settled."""

    case: str
    disputed: int | None
    reason: str
    pause_dunning: bool


class Credit(msgspec.Struct, forbid_unknown_fields=True):
    """`net`: minor units, without tax."""

    case: str
    invoice: str
    method: Literal["credit", "special-discount", "write-off"]
    reason: str
    net: int
    account: str | None = None
    item: str | None = None


class Collect(msgspec.Struct, forbid_unknown_fields=True):
    case: str
    method: Literal["chargeback", "reverse-reopen"]
    amount: int


class Billing:
    """Beside the ledger, in the same file. `stands`: its time stands still then; None: it is the machine's."""

    def __init__(self, data: Path, stands: datetime | None) -> None:
        self._stands = stands
        self.kept = Documents(data, _SEED, stands or clock.now())

    def close(self) -> None:
        self.kept.close()

    def learn(self, invoices: Sequence[dict[str, Any]]) -> None:
        """Each beside what is known of the one of its `id`. Raises Refused 404: there is none."""
        with self.kept.whole():
            for one in invoices:
                self.kept.put("invoice", one["id"], {**self.kept.have("invoice", one["id"]), **one})

    def ordered(self, order: dict[str, Any]) -> None:
        """A sale that may be charged from now on, by its reference. Safe to repeat."""
        lines = [{name: line[name] for name in ("item", "quantity", "unit_price")} for line in order["lines"]]
        body = {"customer": order["customer"], "currency": order["currency"], "lines": lines}
        self.kept.put("order", order["reference"], {"id": order["reference"], **body})

    def invoice(self, number: str) -> dict[str, Any]:
        """With its sums, what is open and what is disputed. Raises Refused 404."""
        return self._shown(self.kept.have("invoice", number))

    def trigger(self, key: str, given: Trigger) -> tuple[dict[str, Any], bool]:
        """Charge what was delivered, a shipment once; the invoice, and whether the key was new.

        Raises:
            Refused: 422 unknown order or item, 409 more than is left to charge, or other lines of it are charged.
        """
        return self.kept.once(key, msgspec.to_builtins(given), lambda: self._charged(given))

    def dispute(self, key: str, number: str, given: Dispute) -> tuple[dict[str, Any], bool]:
        return self.kept.once(key, [number, msgspec.to_builtins(given)], lambda: self._disputed(number, given))

    def credit(self, key: str, given: Credit) -> tuple[dict[str, Any], bool]:
        return self.kept.once(key, msgspec.to_builtins(given), lambda: self._credited(given))

    def collect(self, key: str, number: str, given: Collect) -> tuple[dict[str, Any], bool]:
        return self.kept.once(key, [number, msgspec.to_builtins(given)], lambda: self._collected(number, given))

    def state(self) -> dict[str, Any]:
        """Counts of what was written here; what the books began with is not among it."""
        invoices = [one for one in self.kept.all("invoice") if not one.get("seed")]
        notes = self.kept.all("credit-note")
        return {
            "invoices": len(invoices),
            "invoiced": sum(self._shown(one)["total"] for one in invoices),
            "credit_notes": len(notes),
            "credited": sum(one["total"] for one in notes),
            "credit_methods": [one["method"] for one in notes],
            "credit_accounts": [one["account"] for one in notes],
            "disputed": {one["id"]: one["disputed"] for one in self.kept.all("invoice") if one.get("disputed")},
            "dunning_paused": [one["id"] for one in self.kept.all("invoice") if one.get("paused")],
            "collected": {one["id"]: one["amount"] for one in self.kept.all("collected")},
        }

    def _charged(self, given: Trigger) -> dict[str, Any]:
        order = self.kept.get("order", given.order)
        if order is None:
            raise Refused(422, "unknown-order", f"There is no order {given.order}")
        wanted = _totals((line.item, line.quantity) for line in given.lines)
        for one in self.kept.all("invoice"):
            if (one["order"], one["shipment"]) == (given.order, given.shipment):
                if _totals((line["item"], line["quantity"]) for line in one["lines"]) == wanted:
                    return self._shown(one)
                raise Refused(409, "charged-already", f"{one['id']} charges other lines of {given.shipment}")
        prices = {line["item"]: line["unit_price"] for line in order["lines"]}
        left = self._left(order)
        for line in given.lines:
            if line.item not in prices:
                raise Refused(422, "unknown-item", f"The order {given.order} has no item {line.item}")
            left[line.item] -= Decimal(line.quantity)
            if left[line.item] < 0:
                raise Refused(409, "charged-already", f"Of {line.item} so much is not left to charge")
        lines = [{"item": one.item, "quantity": one.quantity, "unit_price": prices[one.item]} for one in given.lines]
        today = (self._stands or clock.now()).date()
        made = {
            "id": self._number("invoice", "INV"),
            "order": given.order,
            "shipment": given.shipment,
            "customer": order["customer"],
            "currency": order["currency"],
            "tax_percent": "0",
            "issued_on": today.isoformat(),
            "due_on": (today + _DUE).isoformat(),
            "paid": 0,
            "period_open": True,
            "lines": lines,
        }
        self.kept.put("invoice", made["id"], made)
        return self._shown(made)

    def _left(self, order: dict[str, Any]) -> dict[str, Decimal]:
        left: dict[str, Decimal] = {}
        for line in order["lines"]:
            left[line["item"]] = left.get(line["item"], Decimal(0)) + Decimal(line["quantity"])
        for one in self.kept.all("invoice"):
            for line in one["lines"] if one["order"] == order["id"] else ():
                left[line["item"]] -= Decimal(line["quantity"])
        return left

    def _disputed(self, number: str, given: Dispute) -> dict[str, Any]:
        invoice = self.kept.have("invoice", number)
        if given.disputed is not None and not 0 < given.disputed <= self._shown(invoice)["total"]:
            raise Refused(409, "more-than-charged", "No more than the invoice can be disputed")
        is_paused = given.disputed is not None and given.pause_dunning
        changed = {**invoice, "disputed": given.disputed, "case": given.case, "paused": is_paused}
        self.kept.put("invoice", number, changed)
        return {"invoice": number, "disputed": given.disputed, "currency": invoice["currency"]}

    def _credited(self, given: Credit) -> dict[str, Any]:
        for one in self.kept.all("credit-note"):
            if (one["case"], one["invoice"], one["net"]) == (given.case, given.invoice, given.net):
                return one
        invoice = self.invoice(given.invoice)
        back = sum(one["net"] for one in self.kept.all("credit-note") if one["invoice"] == given.invoice)
        if given.net <= 0 or back + given.net > invoice["net"]:
            raise Refused(409, "more-than-charged", "No more than was charged can be given back")
        tax = _percent(given.net, invoice["tax_percent"])
        made = {"id": self._number("credit-note", "CN"), **msgspec.to_builtins(given), "currency": invoice["currency"]}
        made |= {"tax": tax, "total": given.net + tax}
        self.kept.put("credit-note", made["id"], made)
        return made

    def _collected(self, number: str, given: Collect) -> dict[str, Any]:
        invoice = self.invoice(number)
        if given.method == "reverse-reopen" and given.amount > invoice["paid"]:
            raise Refused(409, "not-paid", f"Of {number} so much was not paid")
        is_new = given.method == "chargeback"
        document = self._number("collected", "CB") if is_new else number
        self.kept.put("collected", document, {"id": document, "of": number, **msgspec.to_builtins(given)})
        if not is_new:
            kept = self.kept.have("invoice", number)
            self.kept.put("invoice", number, {**kept, "paid": kept["paid"] - given.amount})
        return {"document": document, "open": given.amount, "currency": invoice["currency"]}

    def _number(self, kind: str, prefix: str) -> str:
        return f"{prefix}-{_FIRST + self.kept.count(kind) + 1}"

    def _shown(self, invoice: dict[str, Any]) -> dict[str, Any]:
        lines = [
            {"line": str(place), **line, "net": _rounded(Decimal(line["quantity"]) * line["unit_price"])}
            for place, line in enumerate(invoice["lines"], 1)
        ]
        net = sum(line["net"] for line in lines)
        tax = _percent(net, invoice["tax_percent"])
        back = sum(one["total"] for one in self.kept.all("credit-note") if one["invoice"] == invoice["id"])
        paid = invoice["paid"] >= net + tax
        status = "disputed" if invoice.get("disputed") else "paid" if paid else "posted"
        kept = {name: value for name, value in invoice.items() if name not in {"id", "seed", "paused"}}
        sums = {"net": net, "tax": tax, "total": net + tax, "open": max(net + tax - back - invoice["paid"], 0)}
        return {"disputed": None, **kept, "number": invoice["id"], "status": status, "lines": lines, **sums}


def _percent(net: int, percent: str) -> int:
    return _rounded(Decimal(net) * Decimal(percent) / 100)


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _totals(lines: Iterable[tuple[str, str]]) -> dict[str, Decimal]:
    """By item, however many lines it stands in and whatever its quantity is written as."""
    found: dict[str, Decimal] = {}
    for item, quantity in lines:
        found[item] = found.get(item, Decimal(0)) + Decimal(quantity)
    return found
