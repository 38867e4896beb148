"""What the simulated marketplace answers. Its token goes along as `Bearer`; money is in cents.

GET  /v3/orders?since=T&status=S&page=N   changed since, T included, the oldest change first; pages of 2 from 0
GET  /v3/orders/{id}
POST /v3/orders/{id}/acknowledge          again changes nothing; 409 `CANCELLED` where that came first
POST /v3/feeds                            {correlation, order, …}: taken whatever it says, worked off 10 minutes later
GET  /v3/feeds?correlation=C
GET  /v3/feeds/{id}

An order that nobody acknowledges within a day is cancelled.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route

_PAGE: Final = 2
"""Few, so that whoever reads one page only is found out."""
_PATIENCE: Final = timedelta(hours=24)
_WORKED_OFF: Final = timedelta(minutes=10)


class _Line(msgspec.Struct):
    lineNumber: int  # noqa: N815 (its interface's words)
    quantity: int


class _Feed(msgspec.Struct):
    correlation: str
    order: str
    shipment: str
    lines: list[_Line]
    carrier: str | None = None
    tracking: str | None = None


class Marketplace(Simulated):
    """`taken` of its state: feeds that it works off, each correlation once."""

    def refused(self, refused: Refused) -> Answered:
        return answers.json(refused.status, {"errors": [{"code": refused.problem["title"], "text": str(refused)}]})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self._settle()
        states = {one["id"]: one["status"] for one in self.kept.all("order")}
        taken = len({one["correlation"] for one in self.kept.all("feed")})
        return {**super().state(with_keys=with_keys), "taken": taken, "states": states}

    @route("GET", "/v3/orders")
    def orders(self, asked: Incoming) -> Answered:
        since, status = asked.query.get("since", ""), asked.query.get("status")
        found = [_shown(one) for one in self.kept.all("order") if status in {None, one["status"]}]
        listed = sorted((one for one in found if one["updated"] >= since), key=lambda one: (one["updated"], one["id"]))
        page = int(asked.query.get("page", "0"))
        return answers.json(200, {"total": len(listed), "orders": listed[page * _PAGE : (page + 1) * _PAGE]})

    @route("GET", "/v3/orders/{}")
    def order(self, asked: Incoming) -> Answered:
        return answers.json(200, _shown(self.kept.have("order", asked.parts[0])))

    @route("POST", "/v3/orders/{}/acknowledge")
    def acknowledge(self, asked: Incoming) -> Answered:
        order = self.kept.have("order", asked.parts[0])
        if order["status"] == "Cancelled":
            raise Refused(409, "CANCELLED", f"The order {order['id']} is cancelled")
        if order["status"] == "Unacknowledged":
            order = self._become(order, "Acknowledged", self.now())
        return answers.json(200, _shown(order))

    @route("POST", "/v3/feeds")
    def feed(self, asked: Incoming) -> Answered:
        given, name = asked.body(_Feed), f"FEED-{self.kept.count('feed') + 1}"
        made = {"id": name, "status": "RECEIVED", "error": None, "at": shown(self.now()), **msgspec.to_builtins(given)}
        self.kept.put("feed", name, made)
        return answers.json(202, made)

    @route("GET", "/v3/feeds")
    def feeds(self, asked: Incoming) -> Answered:
        found = [one for one in self.kept.all("feed") if one["correlation"] == asked.query.get("correlation")]
        return answers.json(200, {"feeds": found})

    @route("GET", "/v3/feeds/{}")
    def fed(self, asked: Incoming) -> Answered:
        return answers.json(200, self.kept.have("feed", asked.parts[0]))

    def _become(self, order: dict[str, Any], status: str, at: datetime) -> dict[str, Any]:
        changed = {**order, "status": status, "updated": shown(at)}
        self.kept.put("order", order["id"], changed)
        return changed

    def _settle(self) -> None:
        """Work off what is due, then cancel what nobody acknowledged."""
        for feed in self.kept.all("feed"):
            due = datetime.fromisoformat(feed["at"]) + _WORKED_OFF
            if feed["status"] == "RECEIVED" and due <= self.now():
                error = self._worked_off(feed, due)
                self.kept.put("feed", feed["id"], {**feed, "status": "ERROR" if error else "DONE", "error": error})
        for order in self.kept.all("order"):
            ends = datetime.fromisoformat(order["at"]) + _PATIENCE
            if order["status"] == "Unacknowledged" and ends <= self.now():
                self._become(order, "Cancelled", ends)

    def _worked_off(self, feed: dict[str, Any], at: datetime) -> str | None:
        """Why it is wrong; None: it is done."""
        order = self.kept.get("order", feed["order"])
        if order is None:
            return f"There is no order {feed['order']}"
        if order.get("correlation") == feed["correlation"]:
            return None
        if order["status"] != "Acknowledged":
            return f"The order {order['id']} is {order['status']}"
        ordered = {one["lineNumber"]: one["quantity"] for one in order["lines"]}
        if {one["lineNumber"]: one["quantity"] for one in feed["lines"]} != ordered:
            return "An order leaves whole"
        self._become({**order, "correlation": feed["correlation"]}, "Shipped", at)
        return None


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    total = sum(one["price"] * one["quantity"] for one in order["lines"])
    kept = {name: order[name] for name in ("id", "status", "city", "zip", "lines")}
    return {
        **kept,
        "placed": order["at"],
        "updated": order.get("updated", order["at"]),
        "currency": "USD",
        "total": total,
    }
