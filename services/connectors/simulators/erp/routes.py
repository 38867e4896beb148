"""What the simulated ERP answers.

GET  /customers/{code}                     credit limit and exposure, minor units
GET  /items?code=A&code=B                  free stock; unknown codes are left out
POST /orders          Idempotency-Key      creates and confirms; 201, or 200 for a key that came before
GET  /orders?reference=R                   those of this reference
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp.ledger import Ledger
from services.connectors.simulators.faults import Faults
from services.connectors.simulators.front import bearer_refusal, wrapped
from services.connectors.simulators.http import Answered, Asked

_MAX_KEY: Final = 255


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
    """Fills `System`."""

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        del stands  # no time stands in its books
        self._ledger = Ledger(data)
        self._token = token

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        return bearer_refusal(asked, self._token)

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        try:
            if asked.method == "GET" and path.startswith("/customers/"):
                return answers.json(200, self._ledger.customer(unquote(path.removeprefix("/customers/"))))
            if asked.method == "GET" and path == "/items":
                return answers.json(200, self._ledger.items(parse_qs(query).get("code", [])))
            if asked.method == "GET" and path == "/orders":
                return answers.json(200, {"orders": self._ledger.orders(parse_qs(query).get("reference", [""])[0])})
            if asked.method == "POST" and path == "/orders":
                return self._create(asked)
        except Refused as refused:
            return refused.answered()
        return answers.problem(404, "not-found", "There is no such resource")

    def expire(self) -> Answered:
        return answers.problem(401, "unauthorized", "The token has expired")

    def drifted(self, answered: Answered) -> Answered:
        return wrapped(answered)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        return self._ledger.state(with_keys=with_keys)

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """`customers` and `items`, as its seed has them; a customer may have an `exposure` already."""
        self._ledger.learn(books)

    def passed(self, seconds: float) -> None:
        """Nothing in it waits for a time."""

    def failing(self, faults: Faults) -> None:
        """It sends nothing."""

    async def open(self) -> dict[str, str]:
        """It speaks HTTP alone."""
        return {}

    async def run(self) -> None:
        """It only answers."""

    def close(self) -> None:
        self._ledger.close()

    def _create(self, asked: Asked) -> Answered:
        key = asked.headers.get("idempotency-key", "")
        if not 0 < len(key) <= _MAX_KEY:
            return answers.problem(400, "key-missing", "An order needs an Idempotency-Key")
        try:
            order = msgspec.to_builtins(msgspec.json.decode(asked.body, type=Order))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return answers.problem(400, "bad-order", str(error))
        answer, is_new = self._ledger.create(key, order)
        return answers.json(201 if is_new else 200, answer, () if is_new else (("Idempotent-Replayed", "true"),))
