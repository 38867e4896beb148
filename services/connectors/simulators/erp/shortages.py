"""What is short in the simulated ERP: open orders, where their items can be had, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from infra import clock
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import Documents, dated, shown

_SEED: Final = Path(__file__).with_name("shortages.json")
KINDS: Final = frozenset({"order", "source", "incoming"})
_SITE: Final = "W1"
"""Where orders leave from, and what is bought comes in."""


class Transfer(msgspec.Struct, forbid_unknown_fields=True):
    """`reference`: the order that it is for."""

    reference: str
    item: str
    quantity: str
    origin: str
    destination: str


class Purchase(msgspec.Struct, forbid_unknown_fields=True):
    """`kind`: TIED comes in for the order, DIRECT goes to its customer."""

    supplier: str
    kind: str
    order: str
    line: str
    item: str
    quantity: str
    rush: bool


class Change(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`do`: SPLIT, SUBSTITUTE, ALLOCATE, PROMISE or CANCEL, and what each needs; `price` in minor units."""

    do: str
    quantity: str = ""
    item: str = ""
    price: int = 0
    rule: str = ""
    from_order: str = ""
    promised: str = ""
    reason: str = ""


class Shortages:
    """In a file beside the ledger's. `stands`: when its time stands still, but for what is let pass."""

    def __init__(self, path: Path, stands: datetime | None) -> None:
        self._stands = stands
        self.kept = Documents(path.with_name(f"{path.name}-shortages"), _SEED, self._clock())

    def now(self) -> datetime:
        return self._clock() + timedelta(seconds=(self.kept.get("clock", "passed") or {"seconds": 0.0})["seconds"])

    def _clock(self) -> datetime:
        return (self._stands or clock.now()).replace(microsecond=0)

    def passed(self, seconds: float) -> None:
        before = self.kept.get("clock", "passed") or {"seconds": 0.0}
        self.kept.put("clock", "passed", {"seconds": before["seconds"] + seconds})

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """Of `KINDS`, each beside what is known of its `id`."""
        with self.kept.whole():
            for kind, listed in books.items():
                for one in listed:
                    self.kept.put(kind, one["id"], {**(self.kept.get(kind, one["id"]) or {}), **dated(one, self.now())})

    def order(self, number: str) -> dict[str, Any]:
        """Raises Refused 404."""
        return self.kept.have("order", number)

    def source(self, item: str) -> dict[str, Any]:
        """What came in by now is free where it came in, and what was moved where it went. Raises Refused 404."""
        found, now = self.kept.have("source", item), self.now()
        coming = [one for one in self.kept.all("incoming") if one["item"] == item]
        moved = [one for one in self.kept.all("transfer") if one["item"] == item]
        there = [(one.get("destination", _SITE), Decimal(one["quantity"])) for one in coming + moved if _at(one) <= now]
        sites = [
            {**one, "free": str(sum((many for site, many in there if site == one["site"]), Decimal(one["free"])))}
            for one in found["sites"]
        ]
        return {**found, "sites": sites, "incoming": [one for one in coming if _at(one) > now]}

    def transfer(self, key: str, asked: Transfer) -> dict[str, Any]:
        """Raises Refused: 409 where it is not free there."""

        def made() -> dict[str, Any]:
            source = self.kept.have("source", asked.item)
            left = [_less(one, asked.origin, Decimal(asked.quantity)) for one in source["sites"]]
            self.kept.put("source", asked.item, {**source, "sites": left})
            days = max((one["days"] for one in left if one["site"] == asked.origin), default=0)
            arrives = shown(self.now() + timedelta(days=days))
            return self._added("transfer", "TR", {**msgspec.to_builtins(asked), "at": arrives})

        return self._once(key, asked, made)

    def buy(self, key: str, asked: Purchase) -> dict[str, Any]:
        return self._once(key, asked, lambda: self._added("purchase", "PO", msgspec.to_builtins(asked)))

    def change(self, key: str, number: str, line: str, asked: Change) -> dict[str, Any]:
        """Raises Refused: 404 without such an order or line, 409 of one that is over or of stock that is not there."""

        def made() -> dict[str, Any]:
            order = self.order(number)
            if order["state"] != "OPEN":
                raise Refused(409, "order-closed", f"The order {number} is {order['state'].lower()}")
            if all(one["line"] != line for one in order["lines"]):
                raise Refused(404, "unknown-line", f"The order {number} has no line {line}")
            if asked.do == "ALLOCATE" and not asked.from_order:
                self._have(order["site"], next(one for one in order["lines"] if one["line"] == line))
            lines = [
                each for one in order["lines"] for each in (_changed(one, asked) if one["line"] == line else [one])
            ]
            self.kept.put("order", number, {**order, "lines": lines})
            changes = self.kept.get("changed", f"{number}/{line}") or {"done": []}
            self.kept.put("changed", f"{number}/{line}", {"done": [*changes["done"], msgspec.to_builtins(asked)]})
            return {"order": number, "line": line, "new_line": f"{line}-B" if asked.do == "SPLIT" else None}

        return self._once(key, {"order": number, "line": line, "change": msgspec.to_builtins(asked)}, made)

    def state(self) -> dict[str, Any]:
        """What was done: transfers and purchases, and of each line that was changed how."""
        rows = self.kept.sql.execute("SELECT id, body FROM document WHERE kind = 'changed' ORDER BY position")
        changed = {name: msgspec.json.decode(body)["done"] for name, body in rows}
        return {"transfers": self.kept.count("transfer"), "purchases": self.kept.count("purchase"), "changed": changed}

    def _have(self, site: str, line: dict[str, Any]) -> None:
        free = [Decimal(one["free"]) for one in self.source(line["item"])["sites"] if one["site"] == site]
        if sum(free) < Decimal(line["short"]):
            raise Refused(409, "not-free", f"Of it only {sum(free)} are free in {site}")

    def _once(self, key: str, asked: Any, made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return self.kept.once(key, msgspec.to_builtins(asked), made)[0]

    def _added(self, kind: str, prefix: str, body: dict[str, Any]) -> dict[str, Any]:
        name = f"{prefix}-{2001 + self.kept.count(kind)}"
        self.kept.put(kind, name, {"id": name, **body})
        return {"id": name}


def _at(one: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(one["at"])


def _less(site: dict[str, Any], origin: str, quantity: Decimal) -> dict[str, Any]:
    if site["site"] != origin:
        return site
    if Decimal(site["free"]) < quantity:
        raise Refused(409, "not-free", f"Of it only {site['free']} are free in {origin}")
    return {**site, "free": str(Decimal(site["free"]) - quantity)}


def _changed(line: dict[str, Any], asked: Change) -> list[dict[str, Any]]:
    if asked.do == "SUBSTITUTE":
        return [{**line, "item": asked.item, "ordered": line["item"], "price": asked.price, "short": "0"}]
    if asked.do == "CANCEL":
        return [{**line, "short": "0", "cancelled": line["short"]}]
    if asked.do == "PROMISE":
        return [{**line, "promised": asked.promised}]
    if asked.do == "ALLOCATE":
        return [{**line, "short": "0"}]
    rest = str(Decimal(line["quantity"]) - Decimal(asked.quantity))
    ships_now = {**line, "quantity": asked.quantity, "short": "0"}
    return [ships_now, {**line, "line": f"{line['line']}-B", "quantity": rest, "short": rest}]
