"""What the simulated TMS answers. The key goes along as `Authorization: Key …`; money is in units, as text.

POST /api/loads                  requestId in the body, known for 24 hours; 201, or 200 for one that came before
GET  /api/loads/{id}             with its tenders
GET  /api/loads/{id}/rates?offset=N      2 at once; they hold for a day
POST /api/loads/{id}/tenders     {rateId, clientRef}; 409 `SAME`: there is one of this clientRef; `TENDERED`: another is
                                 open or accepted; `RATE_ENDED`
GET  /api/tenders/{id}
GET  /api/events?after=N         of all loads, in the order in which they happened, 100 at most
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.documents import shown
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tms import way
from services.connectors.simulators.tms.way import Event

_DAY: Final = timedelta(hours=24)
_RATES: Final = 2
"""Few, so that whoever reads one page only is found out."""
_EVENTS: Final = 100


class _Load(msgspec.Struct):
    requestId: str  # noqa: N815 (its interface's words)
    reference: str
    city: str
    kilograms: int


class _Tender(msgspec.Struct):
    rateId: str  # noqa: N815
    clientRef: str  # noqa: N815


class Tms(Simulated):
    def refusal(self, asked: Asked, path: str) -> Answered | None:
        del path
        given = asked.headers.get("authorization", "")
        if self.token is None or hmac.compare_digest(given.encode(), f"Key {self.token}".encode()):
            return None
        return self.expire()

    def expire(self) -> Answered:
        return self.refused(Refused(401, "KEY", "The key does not hold"))

    def refused(self, refused: Refused) -> Answered:
        return answers.json(refused.status, {"fault": {"reason": refused.problem["title"], "text": str(refused)}})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    @route("POST", "/api/loads")
    def plan(self, asked: Incoming) -> Answered:
        given = asked.body(_Load)
        load, is_new = self.kept.once(self._key(given.requestId), msgspec.to_builtins(given), lambda: self._made(given))
        return answers.json(201 if is_new else 200, load)

    @route("GET", "/api/loads/{}")
    def load(self, asked: Incoming) -> Answered:
        load = self.kept.have("load", asked.parts[0])
        return answers.json(200, {**load, "tenders": self._tenders(load)})

    @route("GET", "/api/loads/{}/rates")
    def rates(self, asked: Incoming) -> Answered:
        load, begin = self.kept.have("load", asked.parts[0]), int(asked.query.get("offset", "0"))
        found = self._rates(load)
        return answers.json(200, {"total": len(found), "rates": found[begin : begin + _RATES]})

    @route("POST", "/api/loads/{}/tenders")
    def tender(self, asked: Incoming) -> Answered:
        load, given = self.kept.have("load", asked.parts[0]), asked.body(_Tender)
        there = self._tenders(load)
        if any(one["clientRef"] == given.clientRef for one in there):
            raise Refused(409, "SAME", f"There is a tender {given.clientRef} already")
        rates = [one for one in self._rates(load) if one["id"] == given.rateId]
        if not rates:
            raise Refused(404, "unknown-rate", f"The load {load['id']} has no rate {given.rateId}")
        if rates[0]["holdsUntil"] < shown(self.now()):
            raise Refused(409, "RATE_ENDED", f"The rate {given.rateId} held until {rates[0]['holdsUntil']}")
        if any(one["state"] != "DECLINED" for one in there):
            raise Refused(409, "TENDERED", f"The load {load['id']} is tendered already")
        name = f"T-{self.kept.count('tender') + 1}"
        made = {"id": name, "loadId": load["id"], "at": shown(self.now()), **msgspec.to_builtins(given)}
        self.kept.put("tender", name, made)
        self._settle()
        return answers.json(201, self._standing(made))

    @route("GET", "/api/tenders/{}")
    def tendered(self, asked: Incoming) -> Answered:
        return answers.json(200, self._standing(self.kept.have("tender", asked.parts[0])))

    @route("GET", "/api/events")
    def happened(self, asked: Incoming) -> Answered:
        after = int(asked.query.get("after", "0"))
        return answers.json(200, {"events": [one for one in self.kept.all("event") if one["seq"] > after][:_EVENTS]})

    def _key(self, given: str) -> str:
        """What the request is known by: it is a new one to it a day after it came."""
        known = self.kept.get("request", given) or {"id": given, "at": shown(self.now()), "times": 0}
        if datetime.fromisoformat(known["at"]) + _DAY <= self.now():
            known = {"id": given, "at": shown(self.now()), "times": known["times"] + 1}
        self.kept.put("request", given, known)
        return f"{given} {known['times']}"

    def _made(self, given: _Load) -> dict[str, Any]:
        name = f"L-{self.kept.count('load') + 1}"
        load = {"id": name, "reference": given.reference, "city": given.city, "kilograms": given.kilograms}
        self.kept.put("load", name, {**load, "at": shown(self.now())})
        return {**load, "at": shown(self.now())}

    def _rates(self, load: dict[str, Any]) -> list[dict[str, Any]]:
        return [_rate(load, one) for one in self.kept.all("carrier")]

    def _tenders(self, load: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._standing(one) for one in self.kept.all("tender") if one["loadId"] == load["id"]]

    def _standing(self, tender: dict[str, Any]) -> dict[str, Any]:
        """With what the carrier has answered by now."""
        carrier = self._carrier(tender)
        told = {one.code: one for one in self._told(tender)}
        answered = told.get("DECLINED") or told.get("ACCEPTED")
        found = {**tender, "scac": carrier["id"], "carrier": carrier["name"], "state": "SENT", "reason": None}
        if answered is None:
            return {**found, "answeredAt": None}
        return {**found, "state": answered.code, "reason": answered.reason, "answeredAt": answered.at}

    def _carrier(self, tender: dict[str, Any]) -> dict[str, Any]:
        return self.kept.have("carrier", tender["rateId"].rpartition("-")[2])

    def _told(self, tender: dict[str, Any]) -> list[Event]:
        load = self.kept.have("load", tender["loadId"])
        habit, now = self.kept.get("habit", load["city"]), shown(self.now())
        return [one for one in way.events(tender, load, self._carrier(tender), habit) if one.at <= now]

    def _settle(self) -> None:
        """Note what has happened by now, in its order."""
        found = [
            {"id": f"{tender['id']}-{one.code}", "loadId": tender["loadId"], "scac": self._carrier(tender)["id"]}
            | {"reference": self.kept.have("load", tender["loadId"])["reference"], **msgspec.to_builtins(one)}
            for tender in self.kept.all("tender")
            for one in self._told(tender)
        ]
        for one in sorted(found, key=lambda one: one["at"]):
            if self.kept.get("event", one["id"]) is None:
                self.kept.put("event", one["id"], {**one, "seq": self.kept.count("event") + 1})


def _rate(load: dict[str, Any], carrier: dict[str, Any]) -> dict[str, Any]:
    total = Decimal(carrier["base"]) + Decimal(carrier["perKilogram"]) * load["kilograms"]
    rate = {"id": f"{load['id']}-{carrier['id']}", "scac": carrier["id"], "carrier": carrier["name"]}
    rate |= {"service": carrier["service"], "days": carrier["days"], "total": f"{total:.2f}", "currency": "USD"}
    return {**rate, "holdsUntil": shown(datetime.fromisoformat(load["at"]) + _DAY)}
