"""What the simulated warehouse answers. The key goes along as `X-Api-Key`.

POST /v1/outbound-orders                   201; 409 `DUPLICATE` where its externalId is there
GET  /v1/outbound-orders?externalId=E      one or none
POST /v1/outbound-orders/{id}/cancel       409 `TOO_LATE` once it is picked
GET  /v1/shipments?after=N                 what has left, in its order, 50 at most
GET  /v1/stock?page=N                      what is there, 100 a page
GET  /v1/counts?after=N                    what was counted, as shipments
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from template_library.values import gs1

_HOURS: Final = (("ALLOCATED", 0), ("PICKED", 1), ("PACKED", 2), ("SHIPPED", 4))
"""What becomes of an order, and how many hours after it came."""
_PAGE: Final = 50
_STOCK_PAGE: Final = 100
_COMPANY: Final = "10614141"


class _Line(msgspec.Struct):
    lineNo: str  # noqa: N815 (its interface's words)
    sku: str
    qty: int
    uom: str


class _Order(msgspec.Struct):
    externalId: str  # noqa: N815
    lines: list[_Line]
    shipTo: dict[str, Any] = {}  # noqa: N815
    service: str = "GROUND"
    requestedShipDate: str | None = None  # noqa: N815


class Warehouse(Simulated):
    """Orders go their way by the simulator's time; what is short at picking is left out of the shipment."""

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        if self.token is None or hmac.compare_digest(asked.headers.get("x-api-key", ""), self.token):
            return None
        return self.refused(Refused(401, "BAD_KEY", "The API key is not known"))

    def expire(self) -> Answered:
        return self.refused(Refused(401, "KEY_EXPIRED", "The API key has expired"))

    def refused(self, refused: Refused) -> Answered:
        return answers.json(refused.status, {"code": refused.problem["title"], "message": str(refused)})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self._settle()
        found = super().state(with_keys=with_keys)
        return {**found, "stock": {one["id"]: one["onHand"] for one in self.kept.all("item")}}

    @route("POST", "/v1/outbound-orders")
    def create(self, asked: Incoming) -> Answered:
        order = asked.body(_Order)
        with self.kept.whole():
            if any(one["externalId"] == order.externalId for one in self.kept.all("order")):
                raise Refused(409, "DUPLICATE", f"There is an order {order.externalId} already")
            for line in order.lines:
                if self.kept.get("item", line.sku) is None or line.qty <= 0:
                    raise Refused(422, "BAD_LINE", f"Line {line.lineNo}: there is no item {line.sku}, or no quantity")
            number = f"OB-{self.kept.count('order') + 1}"
            made = {"id": number, "status": "ALLOCATED", "at": shown(self.now()), **msgspec.to_builtins(order)}
            self.kept.put("order", number, made)
        return answers.json(201, made)

    @route("GET", "/v1/outbound-orders")
    def find(self, asked: Incoming) -> Answered:
        found = [one for one in self.kept.all("order") if one["externalId"] == asked.query.get("externalId")]
        return answers.json(200, {"items": found})

    @route("POST", "/v1/outbound-orders/{}/cancel")
    def cancel(self, asked: Incoming) -> Answered:
        order = self.kept.have("order", asked.parts[0])
        if order["status"] not in {"ALLOCATED", "CANCELLED"}:
            raise Refused(409, "TOO_LATE", f"The order {order['id']} is {order['status']}")
        order["status"] = "CANCELLED"
        self.kept.put("order", order["id"], order)
        return answers.json(200, order)

    @route("GET", "/v1/shipments")
    def shipments(self, asked: Incoming) -> Answered:
        return self._after("shipment", asked)

    @route("GET", "/v1/counts")
    def counted(self, asked: Incoming) -> Answered:
        return self._after("count", asked)

    @route("GET", "/v1/stock")
    def stock(self, asked: Incoming) -> Answered:
        allocated: dict[str, int] = {}
        for order in self.kept.all("order"):
            if order["status"] in {"ALLOCATED", "PICKED", "PACKED"}:
                for line in order["lines"]:
                    allocated[line["sku"]] = allocated.get(line["sku"], 0) + line["qty"]
        page = int(asked.query.get("page", "1"))
        listed = self.kept.all("item")[(page - 1) * _STOCK_PAGE : page * _STOCK_PAGE]
        rows = [{"sku": one["id"], "allocated": allocated.get(one["id"], 0), **one} for one in listed]
        return answers.json(200, {"site": self._site()["id"], "asOf": shown(self.now()), "items": rows})

    def _after(self, kind: str, asked: Incoming) -> Answered:
        listed = [one for one in self.kept.all(kind) if one["seq"] > int(asked.query.get("after", "0"))]
        return answers.json(200, {"site": self._site()["id"], "items": listed[:_PAGE], "hasMore": len(listed) > _PAGE})

    def _site(self) -> dict[str, Any]:
        return self.kept.all("site")[0]

    def _settle(self) -> None:
        """Everything that has happened by now."""
        for order in self.kept.all("order"):
            if order["status"] not in {"ALLOCATED", "PICKED", "PACKED"}:
                continue
            came = datetime.fromisoformat(order["at"])
            due = [name for name, hours in _HOURS if came + timedelta(hours=hours) <= self.now()]
            if order["status"] != due[-1]:
                with self.kept.whole():
                    order["status"] = due[-1]
                    if due[-1] == "SHIPPED":
                        self._ship(order, came + timedelta(hours=_HOURS[-1][1]))
                    self.kept.put("order", order["id"], order)

    def _ship(self, order: dict[str, Any], at: datetime) -> None:
        seq, lines, grams = self.kept.count("shipment") + 1, [], 0
        for line in order["lines"]:
            item = self.kept.have("item", line["sku"])
            line["shipped"] = min(line["qty"], item["onHand"])
            item["onHand"] -= line["shipped"]
            grams += line["shipped"] * item["grams"]
            self.kept.put("item", item["id"], item)
            lines.append({**line, "qty": line["shipped"], "ordered": line["qty"]})
        digits = f"{_COMPANY}{seq:09d}"
        name, tracking = f"SH-{seq}", f"SP{seq:09d}{gs1.check_digit(f'{seq:09d}')}"
        carton = {
            "id": f"{name}-C1",
            "sscc": f"{digits}{gs1.check_digit(digits)}",
            "grams": grams,
            "tracking": tracking,
            "lines": [{"lineNo": one["lineNo"], "qty": one["qty"]} for one in lines if one["qty"]],
        }
        made = {"id": name, "seq": seq, "externalId": order["externalId"], "orderId": order["id"], "at": shown(at)}
        made |= {"carrier": self._site()["carrier"], "service": order["service"], "tracking": tracking}
        self.kept.put("shipment", name, {**made, "cartons": [carton], "lines": lines})
