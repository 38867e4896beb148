"""What the simulated carrier answers. A token of `POST /oauth/token` (client credentials) lasts 15 minutes.

POST   /v1/shipments   Idempotency-Key   a label for each piece; 201, or 200 for a key that came before
DELETE /v1/shipments/{id}                409 once it is picked up
GET    /v1/tracking/{number}             what has happened so far
GET    /v1/tracking/{number}/proof       404 until it is delivered or refused
GET    /v1/milestones?after=N            of all parcels, in the order in which they happened, 100 at most
PUT    /v1/webhook                       {url, secret}: where milestones are sent, signed

A city of the seed has a habit: parcels there are late, refused or short.
"""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.carrier import way
from services.connectors.simulators.carrier.way import Milestone
from services.connectors.simulators.documents import shown
from services.connectors.simulators.faults import HTTP, WEBHOOKS, Faults
from services.connectors.simulators.hooks import Hooks
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.simulated import Incoming, Simulated, route
from services.connectors.simulators.tokens import Tokens, pair_of
from template_library.values import gs1

_TOKEN: Final = "/oauth/token"  # noqa: S105 (a path)
_PAGE: Final = 100


class _Piece(msgspec.Struct):
    grams: int = 1000


class _Shipment(msgspec.Struct):
    reference: str
    service: str
    city: str
    pieces: list[_Piece]


class _Hook(msgspec.Struct):
    url: str
    secret: str


class Carrier(Simulated):
    failures = HTTP | WEBHOOKS

    def __init__(self, data: Path, token: str | None, stands: datetime | None = None) -> None:
        super().__init__(data, token, stands)
        self._tokens = Tokens(self.kept, token, 900)
        self._hooks = Hooks(self.kept, "X-Carrier-Signature", self.now)

    async def run(self) -> None:
        """Send webhooks."""
        await self._hooks.run()

    def failing(self, faults: Faults) -> None:
        self._hooks.faults = faults

    def passed(self, seconds: float) -> None:
        super().passed(seconds)
        self._settle()

    def refusal(self, asked: Asked, path: str) -> Answered | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if path == _TOKEN or self._tokens.holds(token, self.now()):
            return None
        return answers.json(401, {"error": "invalid_token"})

    def expire(self) -> Answered:
        self._tokens.forget()
        return answers.json(401, {"error": "invalid_token"})

    def refused(self, refused: Refused) -> Answered:
        error = {"code": refused.problem["title"], "detail": str(refused)}
        return answers.json(refused.status, {"errors": [error]})

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        self._settle()
        return super().answer(asked, path, query)

    @route("POST", _TOKEN)
    def token_given(self, asked: Incoming) -> Answered:
        if not self._tokens.is_secret(pair_of(asked.headers.get("authorization", ""))[1]):
            return answers.json(401, {"error": "invalid_client"})
        given = {"access_token": self._tokens.give(self.now()), "token_type": "Bearer"}
        return answers.json(200, {**given, "expires_in": self._tokens.seconds})

    @route("POST", "/v1/shipments")
    def create(self, asked: Incoming) -> Answered:
        given = asked.body(_Shipment)
        parcel, is_new = self.kept.once(
            asked.headers.get("idempotency-key", ""), msgspec.to_builtins(given), lambda: self._made(given)
        )
        labels = [
            {"tracking": one, "format": "text/plain", "content": _label(parcel, one)} for one in parcel["tracking"]
        ]
        return answers.json(201 if is_new else 200, {**parcel, "labels": labels})

    @route("DELETE", "/v1/shipments/{}")
    def void(self, asked: Incoming) -> Answered:
        parcel = self.kept.have("parcel", asked.parts[0])
        if len(self._told(parcel)) > 1:
            raise Refused(409, "PICKED_UP", f"The parcel {parcel['id']} is on its way")
        self.kept.put("parcel", parcel["id"], {**parcel, "void": True})
        return answers.json(200, {"id": parcel["id"]})

    @route("GET", "/v1/tracking/{}")
    def track(self, asked: Incoming) -> Answered:
        parcel = self._parcel(asked.parts[0])
        told = self._told(parcel)
        service, habit = self.kept.have("service", parcel["service"]), self.kept.get("habit", parcel["city"])
        found = {"number": asked.parts[0], "reference": parcel["reference"], "status": told[-1].code}
        delay = habit["delay"] if habit and any(one.code == "DELAY" for one in told) else 0
        found |= {"expected": way.expected(parcel, service, delay), "milestones": msgspec.to_builtins(told)}
        return answers.json(200, found)

    @route("GET", "/v1/tracking/{}/proof")
    def proof(self, asked: Incoming) -> Answered:
        parcel = self._parcel(asked.parts[0])
        last = self._told(parcel)[-1]
        if last.code not in {"DELIVERED", "REFUSED"}:
            raise Refused(404, "NOT_YET", "It has not arrived")
        habit = self.kept.get("habit", parcel["city"]) or {"ends": "delivered", "why": None}
        is_refused, short = habit["ends"] == "refused", habit["ends"] == "partial"
        found = {
            "id": f"POD-{parcel['id']}",
            "reference": parcel["reference"],
            "at": last.at,
            "pieces": parcel["pieces"],
        }
        found |= {"outcome": "REFUSED" if is_refused else "SHORT" if short else "OK", "note": habit["why"]}
        found |= {"handedOver": 0 if is_refused else parcel["pieces"] - short, "latitude": 39.8, "longitude": -89.64}
        return answers.json(200, {**found, "signedBy": None if is_refused else "J. EXAMPLE"})

    @route("GET", "/v1/milestones")
    def happened(self, asked: Incoming) -> Answered:
        after = int(asked.query.get("after", "0"))
        listed = [one for one in self.kept.all("milestone") if one["seq"] > after]
        return answers.json(200, {"milestones": listed[:_PAGE]})

    @route("PUT", "/v1/webhook")
    def hook(self, asked: Incoming) -> Answered:
        given = asked.body(_Hook)
        self._hooks.lead(given.url, given.secret)
        return answers.json(200, {"url": given.url})

    def _made(self, given: _Shipment) -> dict[str, Any]:
        service = self.kept.have("service", given.service)
        number = self.kept.count("parcel") + 1
        grams = sum(one.grams for one in given.pieces)
        tracking = [f"SP{number:07d}{piece:02d}" for piece in range(1, len(given.pieces) + 1)]
        parcel = {
            "id": f"P-{number}",
            "reference": given.reference,
            "service": given.service,
            "tracking": [f"{one}{gs1.check_digit(one[2:])}" for one in tracking],
            "city": given.city,
            "pieces": len(given.pieces),
            "cents": service["cents"] + service["centsPerKilogram"] * -(-grams // 1000),
            "at": shown(self.now()),
        }
        self.kept.put("parcel", parcel["id"], parcel)
        return parcel

    def _parcel(self, tracking: str) -> dict[str, Any]:
        found = [one for one in self.kept.all("parcel") if tracking in one["tracking"] and not one.get("void")]
        if not found:
            raise Refused(404, "UNKNOWN", f"There is no parcel {tracking}")
        return found[0]

    def _told(self, parcel: dict[str, Any]) -> list[Milestone]:
        service, habit = self.kept.have("service", parcel["service"]), self.kept.get("habit", parcel["city"])
        now = shown(self.now())
        return [one for one in way.milestones(parcel, service, habit) if one.at <= now]

    def _settle(self) -> None:
        """Note what has happened by now, in its order, and tell it."""
        found = [
            {"id": f"{parcel['id']}-{one.code}", "tracking": parcel["tracking"][0], "number": parcel["reference"]}
            | msgspec.to_builtins(one)
            for parcel in self.kept.all("parcel")
            if not parcel.get("void") and not parcel.get("ended")
            for one in self._told(parcel)
        ]
        for one in sorted(found, key=lambda one: (one["at"], one["id"])):
            if self.kept.get("milestone", one["id"]) is None:
                body = {**one, "seq": self.kept.count("milestone") + 1, "carrier": "SAMPLE-PARCEL"}
                self.kept.put("milestone", one["id"], body)
                self._hooks.tell(one["id"], _news(body))


def _label(parcel: dict[str, Any], tracking: str) -> str:
    text = f"{tracking}\n{parcel['service']}\n{parcel['reference']}\n{parcel['city']}\n"
    return base64.b64encode(text.encode()).decode()


def _news(one: dict[str, Any]) -> dict[str, Any]:
    """A milestone as it is sent."""
    arrived = {"delivered_at": one["at"]} if one["code"] == "DELIVERED" else {}
    reason = {"reason": one["reason"]} if one["reason"] else {}
    kept = {name: one[name] for name in ("id", "code", "number", "tracking", "carrier", "at", "place")}
    return {**kept, **arrived, **reason}
