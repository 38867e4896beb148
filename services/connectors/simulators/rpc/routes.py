"""What the simulated ERP of the JSON-RPC kind answers, at `POST /rpc`; the key is the first of `params.args`.

partner.read(code)      null, or {ref, limit, used, currency}, in units as texts
stock.read(codes)       [[code, free]]
sale.search(reference)  those that are there
sale.confirm(order)     refused where its reference is there
sale.changed(number)    {sales, more}: how far those are that were made or changed behind that change, a letter each
"""

from __future__ import annotations

import hmac
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp.routes import Erp, Order
from services.connectors.simulators.http import Answered, Asked


class _Params(msgspec.Struct):
    method: str
    args: list[Any]


class _Call(msgspec.Struct):
    params: _Params
    id: Any = None


_FORMS: Final[dict[str, Any]] = {
    "partner.read": str,
    "stock.read": list[str],
    "sale.search": str,
    "sale.confirm": Order,
    "sale.changed": str,
}
"""What each method takes behind the key."""


class Rpc(Erp):
    """The books are those of the other ERP; its lines have no statuses."""

    first = "N"
    of_lines = False

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        super().__init__(data, token, stands)
        self._key = token

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        """Its credentials are in the body."""
        del asked, path
        return None

    def expire(self) -> Answered:
        return _error(None, 100, "AccessDenied", "The key does not hold")

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        del path, query
        try:
            return self._called(msgspec.json.decode(asked.body, type=_Call))
        except msgspec.DecodeError as error:
            return _error(None, -32602, "InvalidParams", str(error))

    def _called(self, call: _Call) -> Answered:
        key, given = msgspec.convert(call.params.args, tuple[str, Any])
        if self._key is not None and not hmac.compare_digest(key.encode(), self._key.encode()):
            return self.expire()
        form = _FORMS.get(call.params.method)
        if form is None:
            return _error(call.id, -32601, "MethodNotFound", f"There is no method {call.params.method}")
        method = getattr(self, f"_{call.params.method.replace('.', '_')}")
        try:
            result = method(msgspec.convert(given, form))
        except Refused as refused:
            return _error(call.id, 200, str(refused.problem["title"]), str(refused))
        return answers.json(200, {"jsonrpc": "2.0", "id": call.id, "result": result})

    def _partner_read(self, code: str) -> Any:
        try:
            found = self._ledger.customer(code)
        except Refused:
            return None
        limit = None if found["credit_limit"] is None else _units(found["credit_limit"])
        return {"ref": code, "limit": limit, "used": _units(found["exposure"]), "currency": found["currency"]}

    def _stock_read(self, codes: list[str]) -> Any:
        return [[one["code"], one["available"]] for one in self._ledger.items(codes)["items"]]

    def _sale_search(self, reference: str) -> Any:
        return [{**one, "total": _units(one["total"])} for one in self._ledger.orders(reference)]

    def _sale_confirm(self, order: Order) -> Any:
        if self._ledger.orders(order.reference):
            raise Refused(409, "there-already", f"There is a sale {order.reference}")
        made, _ = self._ledger.create(order.reference, msgspec.to_builtins(order))
        return {**made, "total": _units(made["total"])}

    def _sale_changed(self, after: str) -> Any:
        found = self._ledger.sales.told(after)
        for sale in found["sales"]:
            sale["lines"] = [{**line, "unit_price": _units(line["unit_price"])} for line in sale["lines"]]
        return found


def _units(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"


def _error(number: Any, code: int, name: str, message: str) -> Answered:
    error = {"code": code, "message": message, "data": {"name": name, "message": message}}
    return answers.json(200, {"jsonrpc": "2.0", "id": number, "error": error})
