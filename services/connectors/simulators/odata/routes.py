"""What the simulated ERP of the OData kind answers (OData 4.01). A token of `POST /oauth2/token` lasts 10 minutes.

GET  /odata/v4/Customers('C')                        with its tag, another one after each order of the customer
GET  /odata/v4/Items?$filter=Code in ('A','B')       free stock; 3 a page, `@odata.nextLink` beside it
GET  /odata/v4/SalesOrders?$filter=ExternalId eq 'K'
GET  /odata/v4/SalesOrderChanges?$filter=EntryNo gt 0    how far orders and their lines are, 100 at most, oldest first
POST /odata/v4/Customers('C')/PlaceOrder  If-Match   428 without the tag, 412 where it is another by now

Money is in units, and numbers are numbers. An order's `ExternalId` is kept and looked at by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp.ledger import Ledger
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tokens import Tokens

_TOKEN: Final = "/oauth2/token"  # noqa: S105 (a path)
_PAGE: Final = 3
"""Few, so that whoever reads one page only is found out."""
_TEXT: Final = re.compile(r"'((?:[^']|'')*)'")
_BEHIND: Final = re.compile(r"EntryNo gt (\d+)")
_FILTER: Final = re.compile(r"(\w+) (?:eq|in) (\(?(?:'(?:[^']|'')*',?)+\)?)")


class _Line(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    item_code: str
    quantity: Decimal
    unit_price: Decimal


class _Order(msgspec.Struct, forbid_unknown_fields=True, rename="pascal"):
    external_id: str
    your_reference: str
    currency_code: str
    lines: list[_Line]


class OData(Simulated):
    """The books are those of the other ERPs."""

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        super().__init__(data, token, stands)
        self._ledger = Ledger(data, self.now, "Confirmed", of_lines=True)
        self._tokens = Tokens(self.kept, token, 600)

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        return None if path == _TOKEN or self._tokens.holds(token, self.now()) else self._ended()

    def expire(self) -> Answered:
        self._tokens.forget()
        return self._ended()

    def _ended(self) -> Answered:
        return self.refused(Refused(401, "InvalidAuthenticationToken", "The token has ended, or was never given"))

    def refused(self, refused: Refused) -> Answered:
        error = {"code": refused.problem["title"], "message": str(refused)}
        return answers.json(refused.status, {"error": error})

    def learn(self, books: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """As the ledger does."""
        self._ledger.learn(books)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        return self._ledger.state(with_keys=with_keys)

    def close(self) -> None:
        self._ledger.close()
        super().close()

    @route("POST", _TOKEN)
    def token_given(self, asked: Incoming) -> Answered:
        given = parse_qs(asked.raw.decode())
        if not self._tokens.is_secret(given.get("client_secret", [""])[-1]):
            return answers.json(401, {"error": "invalid_client"})
        found = {"access_token": self._tokens.give(self.now()), "token_type": "Bearer"}
        return answers.json(200, {**found, "expires_in": self._tokens.seconds})

    @route("GET", r"/odata/v4/Customers\('{}'\)")
    def customer(self, asked: Incoming) -> Answered:
        return answers.json(200, _selected(self._customer(_read(asked.parts[0])), asked))

    @route("GET", "/odata/v4/Items")
    def items(self, asked: Incoming) -> Answered:
        rows = self._ledger.items(_wanted("Code", asked))["items"]
        return _page(
            "Items",
            [{"Code": one["code"], "Description": one["name"], "Inventory": _number(one["available"])} for one in rows],
            asked,
        )

    @route("GET", "/odata/v4/SalesOrders")
    def orders(self, asked: Incoming) -> Answered:
        (external,) = _wanted("ExternalId", asked)
        found = self._ledger.under(f"{external} ")
        return _page("SalesOrders", [self._order(external, one) for one in found], asked)

    @route("GET", "/odata/v4/SalesOrderChanges")
    def changes(self, asked: Incoming) -> Answered:
        found = _BEHIND.fullmatch(asked.query.get("$filter", ""))
        if found is None:
            raise Refused(400, "InvalidFilter", "It can be asked by EntryNo only")
        rows = [_changed(one) for one in self._ledger.sales.told(found[1])["sales"]]
        return answers.json(200, {"@odata.context": "$metadata#SalesOrderChanges", "value": rows})

    @route("POST", r"/odata/v4/Customers\('{}'\)/PlaceOrder")
    def place(self, asked: Incoming) -> Answered:
        order, customer = asked.body(_Order), self._customer(_read(asked.parts[0]))
        tag = asked.headers.get("if-match")
        if tag is None:
            raise Refused(428, "PreconditionRequired", "An order is placed with the tag of its customer")
        if tag != customer["@odata.etag"]:
            raise Refused(412, "EntityChanged", "The customer has changed since it was read")
        given = {"reference": order.your_reference, "customer": customer["Code"], "currency": order.currency_code}
        lines = [
            {"item": one.item_code, "quantity": f"{one.quantity:f}", "unit_price": _cents(one.unit_price)}
            for one in order.lines
        ]
        # No two are under one key: it takes every order for a new one.
        key = f"{order.external_id} {len(self._ledger.under(f'{order.external_id} '))}"
        made, _ = self._ledger.create(key, {**given, "lines": lines})
        return answers.json(201, self._order(order.external_id, made))

    def _customer(self, code: str) -> dict[str, Any]:
        found = self._ledger.customer(code)
        limit = found["credit_limit"]
        return {
            "@odata.etag": f'W/"{self._ledger.placed(code)}"',
            "Code": code,
            "Name": found["name"],
            "CurrencyCode": found["currency"],
            "CreditLimit": None if limit is None else limit / 100,
            "Balance": found["exposure"] / 100,
        }

    def _order(self, external: str, made: dict[str, Any]) -> dict[str, Any]:
        found = {"Number": made["number"], "Status": "Confirmed", "ExternalId": external}
        found |= {"YourReference": made["reference"], "CustomerCode": made["customer"]}
        return {**found, "CurrencyCode": made["currency"], "TotalAmount": made["total"] / 100}


def _changed(sale: dict[str, Any]) -> dict[str, Any]:
    lines = [
        {
            "LineNo": int(one["line"]),
            "Status": one["status"],
            "ItemCode": one["item"],
            "Quantity": _number(one["quantity"]),
            "UnitPrice": one["unit_price"] / 100,
        }
        for one in sale["lines"]
    ]
    found = {"EntryNo": sale["seq"], "Number": sale["number"], "Status": sale["status"], "ModifiedAt": sale["at"]}
    found |= {"YourReference": sale["reference"], "CustomerCode": sale["customer"], "OrderDate": sale["placed"]}
    return {**found, "CurrencyCode": sale["currency"], "Lines": lines}


def _read(text: str) -> str:
    """A literal without its outer quotes."""
    return text.replace("''", "'")


def _wanted(field: str, asked: Incoming) -> list[str]:
    """The texts of the one filter that there is: by this field. Raises Refused 400."""
    given = asked.query.get("$filter", "")
    found = _FILTER.fullmatch(given)
    if found is None or found[1] != field:
        raise Refused(400, "InvalidFilter", f"It can be asked by {field} only, not by {given!r}")
    return [_read(one) for one in _TEXT.findall(found[2])]


def _page(name: str, rows: list[dict[str, Any]], asked: Incoming) -> Answered:
    begin = int(asked.query.get("$skiptoken", "0"))
    page = [_selected(one, asked) for one in rows[begin : begin + _PAGE]]
    body = {"@odata.context": f"$metadata#{name}", "value": page}
    if begin + _PAGE < len(rows):
        query = urlencode({**asked.query, "$skiptoken": begin + _PAGE}, safe="$'(),", quote_via=quote)
        body["@odata.nextLink"] = f"{name}?{query}"
    return answers.json(200, body)


def _selected(row: dict[str, Any], asked: Incoming) -> dict[str, Any]:
    names = [one for one in asked.query.get("$select", "").split(",") if one]
    return {name: one for name, one in row.items() if not names or name in names or name.startswith("@")}


def _number(text: str) -> int | float:
    found = Decimal(text)
    return int(found) if found == int(found) else float(found)


def _cents(units: Decimal) -> int:
    """Raises Refused 400: it has more than two places."""
    cents = units * 100
    if cents != int(cents):
        raise Refused(400, "InvalidValue", f"{units} is no price in cents")
    return int(cents)
