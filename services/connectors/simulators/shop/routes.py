"""What the simulated shop answers. Its key goes along as `X-Shop-Token`; money is in units, as text, in one currency.

GET  /admin/orders?after=N           what was placed or changed, in that order; 2 a page, `Link: <…>; rel="next"`
GET  /admin/orders/{id}
POST /admin/orders/{id}/fulfilments  {reference, lines}; 409 `EXISTS` where its reference is there, `OVER`: too much
GET  /admin/orders/{id}/fulfilments
GET  /admin/customers/{id}
POST /store/orders                   {customer, lines}: somebody buys; also by itself, as the hours of the seed come
"""

from __future__ import annotations

import hmac
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route

_PAGE: Final = 2
"""Few, so that whoever reads one page only is found out."""
_CURRENCY: Final = "USD"


class _Wish(msgspec.Struct):
    sku: str
    quantity: int


class _Basket(msgspec.Struct):
    customer: str
    lines: list[_Wish]


class _Left(msgspec.Struct):
    line: str
    quantity: int


class _Fulfilment(msgspec.Struct):
    reference: str
    lines: list[_Left]
    carrier: str | None = None
    tracking: str | None = None


class Shop(Simulated):
    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        given = asked.headers.get("x-shop-token", "")
        return None if self.token is None or hmac.compare_digest(given.encode(), self.token.encode()) else self.expire()

    def expire(self) -> Answered:
        return self.refused(Refused(401, "TOKEN", "The token does not hold"))

    def refused(self, refused: Refused) -> Answered:
        return answers.json(refused.status, {"problem": refused.problem["title"], "message": str(refused)})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self._settle()
        states = {one["id"]: one["status"] for one in self.kept.all("order") if self._is_there(one)}
        return {"fulfilment": 0, **super().state(with_keys=with_keys), "states": states}

    @route("GET", "/admin/orders")
    def listed(self, asked: Incoming) -> Answered:
        after = int(asked.query.get("after", "0"))
        changes = [one for one in self.kept.all("change") if one["seq"] > after]
        rows = [{**self._shown(self.kept.have("order", one["order"])), **one} for one in changes[:_PAGE]]
        more = changes[_PAGE - 1]["seq"] if len(changes) > _PAGE else None
        links = () if more is None else (("Link", f'</admin/orders?after={more}>; rel="next"'),)
        return answers.json(200, rows, links)

    @route("GET", "/admin/orders/{}")
    def order(self, asked: Incoming) -> Answered:
        return answers.json(200, self._shown(self._order(asked.parts[0])))

    @route("GET", "/admin/orders/{}/fulfilments")
    def fulfilments(self, asked: Incoming) -> Answered:
        return answers.json(200, self._fulfilled(self._order(asked.parts[0])))

    @route("POST", "/admin/orders/{}/fulfilments")
    def fulfil(self, asked: Incoming) -> Answered:
        given, order = asked.body(_Fulfilment), self._order(asked.parts[0])
        there = self._fulfilled(order)
        if any(one["reference"] == given.reference for one in there):
            raise Refused(409, "EXISTS", f"The order {order['id']} has a fulfilment {given.reference} already")
        left = _left(order, [*there, msgspec.to_builtins(given)])
        if min(left.values()) < 0 or {one.line for one in given.lines} - left.keys():
            raise Refused(409, "OVER", "More is to leave than was ordered")
        name = f"F-{self.kept.count('fulfilment') + 1}"
        made = {"id": name, "order": order["id"], "at": shown(self.now()), **msgspec.to_builtins(given)}
        with self.kept.whole():
            self.kept.put("fulfilment", name, made)
            self._become(order, "part_shipped" if any(left.values()) else "shipped")
        return answers.json(201, made)

    @route("GET", "/admin/customers/{}")
    def customer(self, asked: Incoming) -> Answered:
        return answers.json(200, self.kept.have("customer", asked.parts[0]))

    @route("POST", "/store/orders")
    def buy(self, asked: Incoming) -> Answered:
        given = asked.body(_Basket)
        self.kept.have("customer", given.customer)
        lines = [
            {"id": f"{at}", **msgspec.to_builtins(one), "price": self.kept.have("product", one.sku)["price"]}
            for at, one in enumerate(given.lines, start=1)
        ]
        name = f"{5000 + self.kept.count('order') + 1}"
        made = {"id": name, "customer": given.customer, "status": "paid", "at": shown(self.now()), "lines": lines}
        self.kept.put("order", name, made)
        self._settle()
        return answers.json(201, self._shown(made))

    def _order(self, name: str) -> dict[str, Any]:
        """Raises Refused 404, also for one that is placed later."""
        order = self.kept.have("order", name)
        if not self._is_there(order):
            raise Refused(404, "unknown-order", f"There is no order {name}")
        return order

    def _is_there(self, order: dict[str, Any]) -> bool:
        return bool(order["at"] <= shown(self.now()))

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        total = sum((Decimal(one["price"]) * one["quantity"] for one in order["lines"]), Decimal(0))
        lines = [{**one, "title": self.kept.have("product", one["sku"])["title"]} for one in order["lines"]]
        found = {"id": order["id"], "number": f"W-{order['id']}", "status": order["status"], "placed": order["at"]}
        found |= {"customer": self.kept.have("customer", order["customer"]), "lines": lines}
        return {**found, "currency": _CURRENCY, "total": f"{total:.2f}"}

    def _fulfilled(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        return [one for one in self.kept.all("fulfilment") if one["order"] == order["id"]]

    def _become(self, order: dict[str, Any], status: str) -> None:
        self.kept.put("order", order["id"], {**order, "status": status})
        self._note(order["id"], shown(self.now()))

    def _note(self, order: str, at: str) -> None:
        seq = self.kept.count("change") + 1
        self.kept.put("change", f"{seq}", {"seq": seq, "order": order, "at": at})

    def _settle(self) -> None:
        """Note what was placed by now, in the order in which it was."""
        told = {one["order"] for one in self.kept.all("change")}
        placed = [one for one in self.kept.all("order") if one["id"] not in told and self._is_there(one)]
        for one in sorted(placed, key=lambda one: str(one["at"])):
            self._note(one["id"], one["at"])


def _left(order: dict[str, Any], fulfilments: list[dict[str, Any]]) -> dict[str, int]:
    """How many of each line are still to leave."""
    found = {one["id"]: one["quantity"] for one in order["lines"]}
    for line in (line for one in fulfilments for line in one["lines"]):
        found[line["line"]] = found.get(line["line"], 0) - line["quantity"]
    return found
