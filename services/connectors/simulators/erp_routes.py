"""What the simulated ERP answers.

GET  /customers/{code}                     credit limit and exposure, minor units
GET  /items?code=A&code=B                  free stock; unknown codes are left out
POST /orders          Idempotency-Key      creates and confirms; 201, or 200 for a key that came before
GET  /orders?reference=R                   those of this reference
GET  /_control/state[?keys=0]              counts
GET, PUT /_control/faults                  failure modes (`erp_faults`)
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from services.connectors.simulators.erp_faults import Chance, Fault, Faults
from services.connectors.simulators.erp_http import Answered, Asked
from services.connectors.simulators.erp_store import Books, Refused

_NOTHING_DONE: Final[frozenset[Fault]] = frozenset({"unavailable", "busy", "cut", "hang"})
_MAX_KEY: Final = 255


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    quantity: str
    unit_price: int


class _Order(msgspec.Struct, forbid_unknown_fields=True):
    reference: str
    customer: str
    currency: str
    lines: list[_Line]


class Routes:
    """Answers requests; `refuse` is called with the seconds for which the port shall be closed."""

    def __init__(self, books: Books, token: str | None, refuse: Callable[[float], None], faults: Faults) -> None:
        self._books = books
        self._expected = None if token is None else f"Bearer {token}".encode()
        self._refuse = refuse
        self._chance = Chance(faults)
        self._requests = 0

    async def __call__(self, asked: Asked) -> Answered:
        path, _, query = asked.target.partition("?")
        if self._expected is not None:
            given = asked.headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, self._expected):
                return _problem(401, "unauthorized", "A bearer token is needed")
        if path.startswith("/_control/"):
            return self._control(asked, path, query)
        self._requests += 1
        if self._chance.faults.latency:
            await asyncio.sleep(self._chance.faults.latency)
        fault = self._chance.draw()
        if fault in _NOTHING_DONE:
            return self._undone(fault)
        return _spoilt(self._business(asked, path, query), fault)

    def _business(self, asked: Asked, path: str, query: str) -> Answered:
        try:
            if asked.method == "GET" and path.startswith("/customers/"):
                return _json(200, self._books.customer(unquote(path.removeprefix("/customers/"))))
            if asked.method == "GET" and path == "/items":
                return _json(200, self._books.items(parse_qs(query).get("code", [])))
            if asked.method == "GET" and path == "/orders":
                return _json(200, {"orders": self._books.orders(parse_qs(query).get("reference", [""])[0])})
            if asked.method == "POST" and path == "/orders":
                return self._create(asked)
        except Refused as refused:
            return _json(refused.status, refused.problem, media_type="application/problem+json")
        return _problem(404, "not-found", "There is no such resource")

    def _create(self, asked: Asked) -> Answered:
        key = asked.headers.get("idempotency-key", "")
        if not 0 < len(key) <= _MAX_KEY:
            return _problem(400, "key-missing", "An order needs an Idempotency-Key")
        try:
            order = msgspec.to_builtins(msgspec.json.decode(asked.body, type=_Order))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return _problem(400, "bad-order", str(error))
        answer, is_new = self._books.create(key, order)
        return _json(201 if is_new else 200, answer, () if is_new else (("Idempotent-Replayed", "true"),))

    def _undone(self, fault: Fault | None) -> Answered:
        if fault == "unavailable":
            return _problem(503, "unavailable", "The ERP is down for maintenance")
        if fault == "busy":
            wait = (("Retry-After", str(self._chance.faults.retry_after)),)
            return msgspec.structs.replace(_problem(429, "busy", "Too many requests"), headers=wait)
        return Answered(0, mute=fault == "hang", silent=fault == "cut")

    def _control(self, asked: Asked, path: str, query: str) -> Answered:
        if path == "/_control/state":
            state = self._books.state(with_keys=parse_qs(query).get("keys") != ["0"])
            return _json(200, {"requests": self._requests, **state})
        if path != "/_control/faults":
            return _problem(404, "not-found", "There is no such control")
        if asked.method == "PUT":
            try:
                faults = msgspec.json.decode(asked.body, type=Faults)
            except (msgspec.ValidationError, msgspec.DecodeError) as error:
                return _problem(400, "bad-faults", str(error))
            self._chance = Chance(faults)
            if faults.refuse_seconds > 0:
                self._refuse(faults.refuse_seconds)
        return _json(200, msgspec.to_builtins(self._chance.faults))


def _spoilt(answered: Answered, fault: Fault | None) -> Answered:
    if fault == "cut-after-accept":
        return msgspec.structs.replace(answered, silent=True)
    if fault == "cut-body":
        return msgspec.structs.replace(answered, half=True)
    if fault == "not-json":
        return Answered(200, b"<html>a proxy's page</html>", media_type="text/html")
    return answered


def _json(
    status: int, body: Any, headers: tuple[tuple[str, str], ...] = (), media_type: str = "application/json"
) -> Answered:
    return Answered(status, msgspec.json.encode(body), headers, media_type)


def _problem(status: int, name: str, detail: str) -> Answered:
    body = {"type": f"/problems/{name}", "title": name, "status": status, "detail": detail}
    return _json(status, body, media_type="application/problem+json")
