"""The simulated ERP's customers' accounts: who they are, where they are delivered to, and on which terms."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.books import Books

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS account (code TEXT PRIMARY KEY, reference TEXT UNIQUE, body TEXT);
"""
_CASH: Final = "CASH"
"""The terms of whom nobody gave any."""
_LIKE: Final = ("tax_id", "duns", "gln", "phone", "email")


class Place(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """`site`: the warehouse that serves it."""

    id: str
    name: str = ""
    street: str = ""
    town: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    site: str = ""
    route: str = ""
    service: str = ""


class Opening(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new account as it is asked for; `reference` is of what asks."""

    reference: str
    name: str
    currency: str
    tax_id: str = ""
    duns: str = ""
    gln: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    town: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    parent: str = ""
    klass: str = msgspec.field(default="", name="class")
    price_list: str = ""
    sales_rep: str = ""
    territory: str = ""
    freight: str = ""
    fill: str = ""
    substitutes: bool = False
    tax_status: str = ""
    ship_to: list[Place] = []


class Terms(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`credit_limit`: in minor units of the account's currency."""

    terms: str
    credit_limit: int


class Accounts:
    """Those in `books`, whose table of customers has the credit of each."""

    def __init__(self, books: Books, seeded: list[dict[str, Any]]) -> None:
        self._books, self._coming, self._passed = books, list[dict[str, Any]](), 0.0
        books.sql.executescript(_TABLES)
        if not books.sql.execute("SELECT 1 FROM account LIMIT 1").fetchone():
            for one in seeded:
                self._keep(one["code"], None, one)

    def learn(self, listed: Sequence[dict[str, Any]]) -> None:
        """Accounts that others opened; one with `after_hours` is there when so much was let pass."""
        self._coming += listed
        self.passed(0.0)

    def passed(self, seconds: float) -> None:
        self._passed += seconds
        for one in [one for one in self._coming if one.get("after_hours", 0) * 3600 <= self._passed]:
            self._coming.remove(one)
            with self._books.whole():
                self._keep(one["code"], None, {"standing": "open", "terms": _CASH, **one})
                self._without_credit(one["code"], one["name"], one.get("currency", "USD"))

    def find(self, code: str) -> dict[str, Any]:
        """Raises Refused 404."""
        row = self._books.sql.execute("SELECT body FROM account WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise Refused(404, "unknown-account", f"There is no account {code}")
        return self._with_credit(json.loads(row[0]))

    def opened(self, reference: str, tax_id: str) -> list[dict[str, Any]]:
        """What was opened for this, and has this tax number where one is given."""
        rows = self._books.sql.execute("SELECT body FROM account WHERE reference = ?", (reference,))
        found = [json.loads(body) for (body,) in rows]
        return [self._with_credit(one) for one in found if not tax_id or one.get("tax_id") == tax_id]

    def like(self, given: dict[str, str]) -> list[dict[str, Any]]:
        """Of which a number or a contact is the same, or a word of the name, or the postal code."""
        words = set(given.get("name", "").casefold().split())
        return [
            self._with_credit(one)
            for one in self._all()
            if any(given.get(name) and given[name].casefold() == one.get(name, "").casefold() for name in _LIKE)
            or (given.get("zip") and given["zip"] == one.get("zip"))
            or words & set(one["name"].casefold().split())
        ]

    def open(self, asked: Opening) -> dict[str, Any]:
        """A new account without credit. Raises Refused 409: what asks for it has one; nothing changed."""
        given = msgspec.to_builtins(asked)
        with self._books.whole():
            count: int = self._books.sql.execute("SELECT count(reference) FROM account").fetchone()[0]
            made = {**given, "code": f"C-{1001 + count}", "standing": "open", "terms": _CASH}
            try:
                self._keep(made["code"], asked.reference, made)
            except sqlite3.IntegrityError:
                raise Refused(409, "opened-already", f"There is an account for {asked.reference}") from None
            self._without_credit(made["code"], asked.name, asked.currency)
        return self.find(made["code"])

    def set_terms(self, code: str, asked: Terms) -> dict[str, Any]:
        """The same again changes nothing. Raises Refused 404."""
        with self._books.whole():
            found = {**self.find(code), "terms": asked.terms}
            self._change(found)
            self._books.sql.execute("UPDATE customer SET credit_limit = ? WHERE code = ?", (asked.credit_limit, code))
        return self.find(code)

    def place(self, code: str, place: Place) -> dict[str, Any]:
        """The account with that place, which takes the stead of one of its id. Raises Refused 404."""
        with self._books.whole():
            found = self.find(code)
            others = [one for one in found.get("ship_to", []) if one["id"] != place.id]
            self._change({**found, "ship_to": [*others, msgspec.to_builtins(place)]})
        return self.find(code)

    def state(self) -> dict[str, Any]:
        """How many there are, and what was opened, by what asked for it."""
        rows = self._books.sql.execute("SELECT code, reference FROM account").fetchall()
        shown = ("code", "terms", "credit_limit", "price_list", "tax_status", "parent", "fill")
        opened = {
            reference: {name: one.get(name) for name in shown}
            for code, reference in rows
            if reference and (one := self.find(code))
        }
        places = sum(len(one.get("ship_to", [])) for one in self._all())
        return {"accounts": len(rows), "opened": opened, "places": places}

    def _all(self) -> list[dict[str, Any]]:
        rows = self._books.sql.execute("SELECT body FROM account ORDER BY rowid")
        return [json.loads(body) for (body,) in rows]

    def _keep(self, code: str, reference: str | None, body: dict[str, Any]) -> None:
        self._books.sql.execute("INSERT INTO account VALUES (?, ?, ?)", (code, reference, json.dumps(body)))

    def _without_credit(self, code: str, name: str, currency: str) -> None:
        self._books.sql.execute(
            "INSERT INTO customer (code, name, currency, credit_limit, exposure) VALUES (?, ?, ?, 0, 0)",
            (code, name, currency),
        )

    def _change(self, body: dict[str, Any]) -> None:
        kept = {name: value for name, value in body.items() if name not in {"credit_limit", "currency"}}
        self._books.sql.execute("UPDATE account SET body = ? WHERE code = ?", (json.dumps(kept), body["code"]))

    def _with_credit(self, account: dict[str, Any]) -> dict[str, Any]:
        row = self._books.sql.execute(
            "SELECT currency, credit_limit FROM customer WHERE code = ?", (account["code"],)
        ).fetchone()
        return {**account, "currency": row[0], "credit_limit": row[1]}
