"""What the simulated ERP answers.

GET  /customers/{code}                     credit limit and exposure, minor units
GET  /items?code=A&code=B                  free stock; unknown codes are left out
POST /orders          Idempotency-Key      creates and confirms; 201, or 200 for a key that came before
GET  /orders?reference=R                   those of this reference
GET  /order-changes?after=N                how far orders are: what was placed or changed since, 100 at most
POST /invoices        Idempotency-Key      charges what was delivered of an order
GET  /invoices/{number}
POST /invoices/{number}/dispute, /invoices/{number}/collections, /credit-notes      Idempotency-Key

GET  /accounts/{code}                      a customer's account
GET  /accounts?reference=R&tax_id=T        what was opened for this
GET  /accounts/like?name=N&tax_id=T…       of which any of it is the same
POST /accounts                             opens one, without terms; 409 where the reference has one
PUT  /accounts/{code}/terms                terms and credit limit
PUT  /accounts/{code}/places/{id}          where it is delivered to

GET  /open-orders/{number}                 an order with what is short on it
POST /open-orders/{number}/lines/{line}    splits, substitutes, allocates, promises or cancels; Idempotency-Key
GET  /sources/{item}                       stock by site, what comes in, suppliers, substitutes
POST /transfers, /purchases                Idempotency-Key
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, unquote

import msgspec
from msgspec.json import decode

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp import shortage_routes
from services.connectors.simulators.erp.account_routes import AccountRoutes
from services.connectors.simulators.erp.billing import Billing, Collect, Credit, Dispute, Trigger
from services.connectors.simulators.erp.ledger import Ledger
from services.connectors.simulators.erp.shortages import KINDS, Shortages
from services.connectors.simulators.faults import HTTP, Faults
from services.connectors.simulators.front import bearer_refusal, wrapped
from services.connectors.simulators.http import Answered, Asked

_MAX_KEY: Final = 255
_ELSEWHERE: Final = KINDS | {"accounts", "invoice"}
"""Kinds of the books that are not the ledger's."""
_BESIDE: Final = frozenset({"accounts", "open-orders", "sources", "transfers", "purchases"})


class Line(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    quantity: str
    unit_price: int


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """As the ledger has it. `unit_price`: in minor units."""

    reference: str
    customer: str
    currency: str
    lines: list[Line]


class Erp:
    """Fills `System`. `first`: the status of an order that was just placed; `of_lines`: its lines have one, too."""

    first: ClassVar[str] = "CONFIRMED"
    of_lines: ClassVar[bool] = True

    failures: frozenset[str] = HTTP

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        self._shortages = Shortages(data, stands)
        self._ledger = Ledger(data, self._shortages.now, self.first, of_lines=self.of_lines)
        self._billing = Billing(data, stands)
        self._accounts = AccountRoutes(self._ledger)
        self._token = token

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        return bearer_refusal(asked, self._token)

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        parts = [unquote(part) for part in path.split("/")[1:]]
        try:
            if parts[0] in _BESIDE:
                return self._beside(asked, path, query)
            if asked.method == "GET":
                return answers.json(200, self._read(parts, parse_qs(query)))
            if asked.method == "POST":
                return self._write(asked, parts)
        except Refused as refused:
            return refused.answered()
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return answers.problem(400, "bad-body", str(error))
        return answers.problem(404, "not-found", "There is no such resource")

    def expire(self) -> Answered:
        return answers.problem(401, "unauthorized", "The token has expired")

    def drifted(self, answered: Answered) -> Answered:
        return wrapped(answered)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        state, written = self._ledger.state(with_keys=with_keys), (self._billing.kept, self._shortages.kept)
        repeats = sum(one.counts()["duplicates_refused"] for one in written)
        known = {**self._billing.state(), **self._accounts.accounts.state(), **self._shortages.state()}
        return {**state, **known, "duplicates_refused": state["duplicates_refused"] + repeats}

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """`customers`, who may have an `exposure`, and `items` as its seed has them, `sales`, `_ELSEWHERE`."""
        self._accounts.accounts.learn(books.get("accounts", ()))
        self._billing.learn(books.get("invoice", ()))
        self._ledger.learn({kind: listed for kind, listed in books.items() if kind not in _ELSEWHERE})
        self._shortages.learn({kind: listed for kind, listed in books.items() if kind in KINDS})

    def passed(self, seconds: float) -> None:
        self._shortages.passed(seconds)
        self._accounts.accounts.passed(seconds)

    def failing(self, faults: Faults) -> None:
        """It sends nothing."""

    async def open(self) -> dict[str, str]:
        """It speaks HTTP alone."""
        return {}

    async def run(self) -> None:
        """It only answers."""

    def close(self) -> None:
        self._shortages.kept.close()
        self._ledger.close()
        self._billing.close()

    def _beside(self, asked: Asked, path: str, query: str) -> Answered:
        if path.startswith("/accounts"):
            return self._accounts.answer(asked, path, query)
        return shortage_routes.answer(self._shortages, asked, path)

    def _read(self, parts: list[str], query: dict[str, list[str]]) -> dict[str, Any]:
        match parts:
            case ["customers", code]:
                return self._ledger.customer(code)
            case ["items"]:
                return self._ledger.items(query.get("code", []))
            case ["orders"]:
                return {"orders": self._ledger.orders(query.get("reference", [""])[0])}
            case ["order-changes"]:
                return self._ledger.sales.told(query.get("after", ["0"])[0])
            case ["invoices", number]:
                return self._billing.invoice(number)
        raise Refused(404, "not-found", "There is no such resource")

    def _write(self, asked: Asked, parts: list[str]) -> Answered:
        """Raises Refused, and msgspec's errors for another body."""
        key = asked.headers.get("idempotency-key", "")
        match parts:
            case ["orders"]:
                return self._create(asked)
            case ["invoices"]:
                answer, is_new = self._billing.trigger(key, decode(asked.body, type=Trigger))
            case ["invoices", number, "dispute"]:
                answer, is_new = self._billing.dispute(key, number, decode(asked.body, type=Dispute))
            case ["invoices", number, "collections"]:
                answer, is_new = self._billing.collect(key, number, decode(asked.body, type=Collect))
            case ["credit-notes"]:
                answer, is_new = self._billing.credit(key, decode(asked.body, type=Credit))
            case _:
                raise Refused(404, "not-found", "There is no such resource")
        return _written(answer, is_new=is_new)

    def _create(self, asked: Asked) -> Answered:
        key = asked.headers.get("idempotency-key", "")
        if not 0 < len(key) <= _MAX_KEY:
            return answers.problem(400, "key-missing", "An order needs an Idempotency-Key")
        try:
            order = msgspec.to_builtins(msgspec.json.decode(asked.body, type=Order))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return answers.problem(400, "bad-order", str(error))
        answer, is_new = self._ledger.create(key, order)
        self._billing.ordered(order)
        return _written(answer, is_new=is_new)


def _written(answer: dict[str, Any], *, is_new: bool) -> Answered:
    return answers.json(201 if is_new else 200, answer, () if is_new else (("Idempotent-Replayed", "true"),))
