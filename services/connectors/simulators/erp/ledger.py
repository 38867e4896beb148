"""The simulated ERP's books, in SQLite: customers, stock and orders, each order once per idempotency key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.books import Books, digest
from services.connectors.simulators.erp.sales import Sales

_SEED: Final = Path(__file__).with_name("seed.json")
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS customer (
    code TEXT PRIMARY KEY, name TEXT, currency TEXT, credit_limit INTEGER, exposure INTEGER);
CREATE TABLE IF NOT EXISTS item (code TEXT PRIMARY KEY, name TEXT, price INTEGER, currency TEXT, stock TEXT);
CREATE TABLE IF NOT EXISTS counted (code TEXT PRIMARY KEY, as_of TEXT);
CREATE TABLE IF NOT EXISTS sales_order (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body_hash TEXT, answer TEXT, total INTEGER,
    repeats INTEGER DEFAULT 0);
"""
_LEARNT: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "customers": (
        "SELECT code, name, currency, credit_limit, exposure FROM customer WHERE code = ?",
        "INSERT OR REPLACE INTO customer VALUES (:code, :name, :currency, :credit_limit, :exposure)",
        {"code": "", "name": "", "currency": "USD", "credit_limit": None, "exposure": 0},
    ),
    "items": (
        "SELECT code, name, price, currency, stock FROM item WHERE code = ?",
        "INSERT OR REPLACE INTO item VALUES (:code, :name, :price, :currency, :stock)",
        {"code": "", "name": "", "price": 0, "currency": "USD", "stock": "0"},
    ),
    "counts": (
        "SELECT code, as_of FROM counted WHERE code = ?",
        "INSERT OR REPLACE INTO counted VALUES (:code, :as_of)",
        {"code": "", "as_of": None},
    ),
}
"""By kind: how one is read and written, and what is not said of a new one."""


_ITEM: Final = """
SELECT code, name, price, currency, stock, as_of FROM item LEFT JOIN counted USING (code) WHERE code = ?
"""


class Ledger(Books):
    """Customers, stock and orders; a new file is filled from the seed. `sales`: how far each order is."""

    def __init__(self, path: Path, now: Callable[[], datetime], first: str, *, of_lines: bool) -> None:
        """See `Sales`."""
        super().__init__(path, _TABLES)
        self.sales = Sales(self, now, first, of_lines=of_lines)
        if not self.sql.execute("SELECT 1 FROM item LIMIT 1").fetchone():
            self._fill()

    def customer(self, code: str) -> dict[str, Any]:
        """Raises Refused 404."""
        row = self.sql.execute(
            "SELECT code, name, currency, credit_limit, exposure FROM customer WHERE code = ?", (code,)
        ).fetchone()
        if row is None:
            raise Refused(404, "unknown-customer", f"There is no customer {code}")
        return dict(zip(("code", "name", "currency", "credit_limit", "exposure"), row, strict=True))

    def items(self, codes: Sequence[str]) -> dict[str, Any]:
        found = [self._item(code) for code in codes]
        return {"items": [item for item in found if item is not None]}

    def orders(self, reference: str) -> list[dict[str, Any]]:
        """Those of this reference, the oldest first."""
        rows = self.sql.execute(
            "SELECT answer FROM sales_order WHERE json_extract(answer, '$.reference') = ? ORDER BY id", (reference,)
        )
        return [json.loads(answer) for (answer,) in rows]

    def under(self, prefix: str) -> list[dict[str, Any]]:
        """Those whose key begins so, the oldest first."""
        rows = self.sql.execute("SELECT answer FROM sales_order WHERE instr(key, ?) = 1 ORDER BY id", (prefix,))
        return [json.loads(answer) for (answer,) in rows]

    def placed(self, customer: str) -> int:
        """How many orders the customer has."""
        counted = "SELECT count(*) FROM sales_order WHERE json_extract(answer, '$.customer') = ?"
        found: int = self.sql.execute(counted, (customer,)).fetchone()[0]
        return found

    def create(self, key: str, order: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Create and confirm an order; the answer, and whether the key was new. A known key gives its first answer.

        Raises:
            Refused: 422 unknown customer or item, another body under the key; 409 credit or stock; nothing changed.
        """
        body = digest(order)
        with self.whole():
            kept = self.sql.execute("SELECT body_hash, answer FROM sales_order WHERE key = ?", (key,)).fetchone()
            answer = self._book(key, body, order) if kept is None else self._repeat(key, body, *kept)
        return answer, kept is None

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        """Counts to check a test by: one order per key, how often a key came again, what is left."""
        orders, repeats, total = self.sql.execute(
            "SELECT count(*), coalesce(sum(repeats), 0), coalesce(sum(total), 0) FROM sales_order"
        ).fetchone()
        state = {
            "orders": orders,
            "confirmed": orders,
            "duplicates_refused": repeats,
            "total": total,
            "stock": dict(self.sql.execute("SELECT code, stock FROM item").fetchall()),
            "exposure": dict(self.sql.execute("SELECT code, exposure FROM customer").fetchall()),
        }
        if with_keys:
            rows = self.sql.execute("SELECT key, repeats, answer FROM sales_order").fetchall()
            state["keys"] = {
                key: {"orders": 1, "calls": 1 + times, "reference": json.loads(answer)["reference"]}
                for key, times, answer in rows
            }
        return state

    def _repeat(self, key: str, body: str, first: str, answer: str) -> Any:
        if body != first:
            raise Refused(422, "key-reused", "The idempotency key was used with another order")
        self.sql.execute("UPDATE sales_order SET repeats = repeats + 1 WHERE key = ?", (key,))
        return json.loads(answer)

    def _book(self, key: str, body: str, order: dict[str, Any]) -> dict[str, Any]:
        try:
            customer = self.customer(order["customer"])
        except Refused as refused:
            raise Refused(422, "unknown-customer", str(refused)) from refused
        if customer["currency"] != order["currency"]:
            raise Refused(422, "other-currency", f"The customer's currency is {customer['currency']}")
        total = sum((self._take(line) for line in order["lines"]), Decimal(0))
        amount = int(total.quantize(Decimal(1)))
        limit, exposure = customer["credit_limit"], customer["exposure"]
        if limit is not None and exposure + amount > limit:
            raise Refused(409, "credit-limit", f"The order of {amount} exceeds the customer's free credit")
        self.sql.execute("UPDATE customer SET exposure = exposure + ? WHERE code = ?", (amount, customer["code"]))
        number = self.sql.execute("SELECT coalesce(max(id), 1000) + 1 FROM sales_order").fetchone()[0]
        answer = {
            "number": f"SO-{number}",
            "state": "confirmed",
            "reference": order["reference"],
            "customer": customer["code"],
            "currency": order["currency"],
            "total": amount,
        }
        self.sql.execute(
            "INSERT INTO sales_order (id, key, body_hash, answer, total) VALUES (?, ?, ?, ?, ?)",
            (number, key, body, json.dumps(answer), amount),
        )
        self.sales.placed(answer["number"], order)
        return answer

    def _take(self, line: dict[str, Any]) -> Decimal:
        item = self._item(line["item"])
        if item is None:
            raise Refused(422, "unknown-item", f"There is no item {line['item']}")
        quantity, stock = Decimal(line["quantity"]), Decimal(item["available"])
        if quantity <= 0:
            raise Refused(422, "bad-quantity", "A quantity must be positive")
        if quantity > stock:
            raise Refused(409, "insufficient-stock", f"Of {line['item']} only {stock} are free")
        self.sql.execute("UPDATE item SET stock = ? WHERE code = ?", (str(stock - quantity), line["item"]))
        return quantity * Decimal(line["unit_price"])

    def _item(self, code: str) -> dict[str, Any] | None:
        row = self.sql.execute(_ITEM, (code,)).fetchone()
        named = ("code", "name", "price", "currency", "available", "as_of")
        if row is None:
            return None
        found = dict(zip(named, row, strict=True))
        return found if found["as_of"] is not None else {name: found[name] for name in named[:-1]}

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """`counts` say when an item's stock was counted last, `sales` how far orders are.

        Raises:
            ValueError: of a kind that is not kept here, or of a sale that is not there.
        """
        self.sales.learn(books.get("sales", ()))
        for kind, listed in books.items():
            if kind == "sales":
                continue
            if kind not in _LEARNT:
                raise ValueError(f"the books have no {kind}; there is {', '.join((*_LEARNT, 'sales'))}")
            read, write, plain = _LEARNT[kind]
            for one in listed:
                known = self.sql.execute(read, (one["code"],)).fetchone()
                before = dict(zip(plain, known, strict=True)) if known else plain
                self.sql.execute(write, {**before, **one})

    def _fill(self) -> None:
        self.learn(json.loads(_SEED.read_text()))
