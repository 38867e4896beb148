"""What the simulated tax service answers. A token of `POST /login` lasts 20 minutes and goes along as `X-Session`.

POST /login                              {account, key}
GET  /certificates?customer=C&region=R   what was filed, whether it still holds
GET  /numbers/{number}                   whether the authority knows it; 503 while the authority is away
POST /quotes                             what is due on the lines of a sale
POST /transactions/{code}                the same, and it is to be reported; again under the same code changes nothing
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tokens import Tokens

_CENT: Final = Decimal("0.01")


class _Login(msgspec.Struct):
    account: str
    key: str


class _Line(msgspec.Struct):
    line: str
    amount: str


class _Sale(msgspec.Struct):
    customer: str
    region: str
    currency: str
    lines: list[_Line]


class Tax(Simulated):
    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        super().__init__(data, token, stands)
        self._tokens = Tokens(self.kept, token, 1200)

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        if path == "/login" or self._tokens.holds(asked.headers.get("x-session", ""), self.now()):
            return None
        return self.refused(Refused(401, "session", "The session has ended"))

    def expire(self) -> Answered:
        self._tokens.forget()
        return self.refused(Refused(401, "session", "The session has ended"))

    @route("POST", "/login")
    def login(self, asked: Incoming) -> Answered:
        if not self._tokens.is_secret(asked.body(_Login).key):
            raise Refused(401, "account", "The account or its key is not known")
        return answers.json(200, {"session": self._tokens.give(self.now())})

    @route("GET", "/certificates")
    def certificates(self, asked: Incoming) -> Answered:
        found = self._filed(asked.query.get("customer", ""), asked.query.get("region", ""))
        return answers.json(200, {"certificates": [{**one, "holds": self._holds(one)} for one in found]})

    @route("GET", "/numbers/{}")
    def number(self, asked: Incoming) -> Answered:
        found = self.kept.get("number", asked.parts[0]) or {"id": asked.parts[0], "name": None, "valid": False}
        if found["valid"] is None:
            raise Refused(503, "authority-away", "The member state's service does not answer")
        return answers.json(200, {**found, "checkedAt": shown(self.now())})

    @route("POST", "/quotes")
    def quote(self, asked: Incoming) -> Answered:
        return answers.json(200, self._reckoned(asked.body(_Sale)))

    @route("POST", "/transactions/{}")
    def record(self, asked: Incoming) -> Answered:
        sale, code = asked.body(_Sale), asked.parts[0]

        def made() -> dict[str, Any]:
            found = {"id": code, **self._reckoned(sale)}
            self.kept.put("transaction", code, found)
            return found

        found, is_new = self.kept.once(code, msgspec.to_builtins(sale), made)
        return answers.json(201 if is_new else 200, found)

    def _filed(self, customer: str, region: str) -> list[dict[str, Any]]:
        return [one for one in self.kept.all("certificate") if (one["customer"], one["region"]) == (customer, region)]

    def _holds(self, certificate: dict[str, Any]) -> bool:
        today = self.now().date()
        began, ends = (date.fromisoformat(certificate[name]) for name in ("from", "until"))
        return began <= today <= ends and not certificate["revoked"]

    def _reckoned(self, sale: _Sale) -> dict[str, Any]:
        """By region; nothing where the customer has a certificate that holds."""
        rate = self.kept.have("rate", sale.region)
        proof = next((one for one in self._filed(sale.customer, sale.region) if self._holds(one)), None)
        amount = sum((Decimal(one.amount) for one in sale.lines), Decimal(0))
        parts = [] if proof else rate["parts"]
        taxes = [
            {"name": name, "percent": percent, "taxable": f"{amount:.2f}", "amount": f"{_share(amount, percent):.2f}"}
            for name, percent in parts
        ]
        if proof:
            taxes = [
                {"name": "EXEMPT", "percent": "0", "taxable": "0.00", "amount": "0.00", "exemption": proof["type"]}
            ]
        total = sum((Decimal(one["amount"]) for one in taxes), Decimal(0))
        return {"currency": sale.currency, "kind": rate["kind"], "taxes": taxes, "total": f"{total:.2f}"}


def _share(amount: Decimal, percent: str) -> Decimal:
    return (amount * Decimal(percent) / 100).quantize(_CENT, ROUND_HALF_UP)
