"""What the simulated 3PL answers: XML, for a depositor's user and password (HTTP Basic).

POST /messages              <ShippingOrder control="…"> as of EDI 940: taken whatever it says; 202
GET  /messages?order=N      what came of it: received, a quarter of an hour later accepted or rejected, then shipped
GET  /outbox?after=N        acknowledgements (997) and shipping advices (945) in their order, 10 at most
GET  /inventory             as of the last full hour (846)

An order is accepted once: a second message of its number is rejected. It leaves 6 hours after it came, without what is
short.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from defusedxml.ElementTree import ParseError, fromstring

from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tokens import is_pair
from template_library.values import gs1

_ACKNOWLEDGED: Final = timedelta(minutes=15)
_LEFT: Final = timedelta(hours=6)
_PAGE: Final = 10


class ThreePl(Simulated):
    """`accepted` of its state: orders that it ships, or has shipped."""

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        return None if is_pair(asked, self.token) else self.expire()

    def expire(self) -> Answered:
        return self.refused(Refused(401, "ACCESS", "User or password do not hold"))

    def refused(self, refused: Refused) -> Answered:
        fault = Element("Fault", code=str(refused.problem["title"]))
        fault.text = str(refused)
        return _xml(refused.status, fault)

    def drifted(self, answered: Answered) -> Answered:
        return msgspec.structs.replace(answered, body=b"<MessageV2>" + answered.body + b"</MessageV2>")

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    def state(self, *, with_keys: bool) -> dict[str, Any]:
        self._settle()
        accepted = [one for one in self.kept.all("order") if one["reason"] is None]
        stock = {one["id"]: one["onHand"] for one in self.kept.all("item")}
        return {**super().state(with_keys=with_keys), "accepted": len(accepted), "stock": stock}

    @route("POST", "/messages")
    def take(self, asked: Incoming) -> Answered:
        try:
            told = fromstring(asked.raw)
            lines = [_line(one) for one in told.findall("Line")]
        except (ParseError, ValueError) as error:
            raise Refused(400, "SYNTAX", f"It is no shipping order: {error}") from error
        number = told.findtext("Order") or ""
        made: dict[str, Any] = {
            "id": f"{self.kept.count('order') + 1}",
            "control": told.get("control", ""),
            "order": number,
        }
        made |= {"service": told.findtext("Service") or "GROUND", "lines": lines, "at": shown(self.now())}
        made["reason"] = self._why_not(number, lines)
        self.kept.put("order", made["id"], made)
        return _xml(202, self._standing(made))

    @route("GET", "/messages")
    def sent(self, asked: Incoming) -> Answered:
        found = Element("Sent", site=self._site()["id"])
        found.extend(self._standing(one) for one in self.kept.all("order") if one["order"] == asked.query.get("order"))
        return _xml(200, found)

    @route("GET", "/outbox")
    def outbox(self, asked: Incoming) -> Answered:
        after, found = int(asked.query.get("after", "0")), Element("Outbox", site=self._site()["id"])
        found.extend([self._message(one) for one in self.kept.all("message") if one["seq"] > after][:_PAGE])
        return _xml(200, found)

    @route("GET", "/inventory")
    def inventory(self, _asked: Incoming) -> Answered:
        hour = shown(self.now().replace(minute=0, second=0))
        found = Element("Inventory", site=self._site()["id"], asOf=hour)
        for item in self.kept.all("item"):
            since = [one for one in self.kept.all("message") if one["kind"] == "945" and one["at"] > hour]
            gone = sum(line["shipped"] for one in since for line in one["lines"] if line["sku"] == item["id"])
            SubElement(found, "Item", sku=item["id"], unit=item["uom"]).text = str(item["onHand"] + gone)
        return _xml(200, found)

    def _why_not(self, number: str, lines: list[dict[str, Any]]) -> str | None:
        if any(one["order"] == number and one["reason"] is None for one in self.kept.all("order")):
            return f"The order {number} is there already"
        unknown = [one["sku"] for one in lines if self.kept.get("item", one["sku"]) is None]
        return f"There is no item {unknown[0]}" if unknown else None if number and lines else "It has no lines"

    def _standing(self, order: dict[str, Any]) -> Element:
        came = datetime.fromisoformat(order["at"])
        status = "RECEIVED"
        if came + _ACKNOWLEDGED <= self.now():
            left = came + _LEFT <= self.now()
            status = "REJECTED" if order["reason"] else "SHIPPED" if left else "ACCEPTED"
        return Element("Order", id=order["id"], control=order["control"], number=order["order"], status=status)

    def _site(self) -> dict[str, Any]:
        return self.kept.all("site")[0]

    def _settle(self) -> None:
        """Write the messages that were due by now, in their order."""
        due = []
        for order in self.kept.all("order"):
            came = datetime.fromisoformat(order["at"])
            due.append((came + _ACKNOWLEDGED, "997", order))
            due += [(came + _LEFT, "945", order)] if order["reason"] is None else []
        for at, kind, order in sorted(due, key=lambda one: (one[0], one[1])):
            name = f"{kind}-{order['id']}"
            if at <= self.now() and self.kept.get("message", name) is None:
                with self.kept.whole():
                    self._write(name, kind, order, at)

    def _write(self, name: str, kind: str, order: dict[str, Any], at: datetime) -> None:
        seq = self.kept.count("message") + 1
        made = {"id": name, "seq": seq, "kind": kind, "at": shown(at), "order": order["order"]}
        if kind == "997":
            self.kept.put("message", name, {**made, "control": order["control"], "reason": order["reason"]})
            return
        lines = []
        for line in order["lines"]:
            item = self.kept.have("item", line["sku"])
            shipped = min(line["quantity"], item["onHand"])
            self.kept.put("item", item["id"], {**item, "onHand": item["onHand"] - shipped})
            lines.append({**line, "shipped": shipped})
        tracking = f"SP{seq:09d}{gs1.check_digit(f'{seq:09d}')}"
        self.kept.put("message", name, {**made, "service": order["service"], "tracking": tracking, "lines": lines})

    def _message(self, one: dict[str, Any]) -> Element:
        seq = str(one["seq"])
        if one["kind"] == "997":
            found = Element("Acknowledgement", seq=seq, control=one["control"], order=one["order"], at=one["at"])
            found.text = one["reason"]
            return found
        found = Element("ShippingAdvice", seq=seq, number=f"3P-{one['id'][4:]}", order=one["order"], at=one["at"])
        found.set("carrier", self._site()["carrier"])
        found.set("service", one["service"])
        found.set("tracking", one["tracking"])
        for line in one["lines"]:
            given = {"number": line["number"], "sku": line["sku"], "unit": line["uom"]}
            SubElement(found, "Line", {**given, "ordered": str(line["quantity"])}).text = str(line["shipped"])
        return found


def _line(told: Element) -> dict[str, Any]:
    """Raises ValueError: it has no quantity."""
    line = {"number": told.get("number", ""), "sku": told.get("sku", ""), "uom": told.get("unit", "EA")}
    return {**line, "quantity": int(told.text or "")}


def _xml(status: int, element: Element) -> Answered:
    return Answered(status, tostring(element), media_type="application/xml")
