"""What every simulator has before its system: credentials, failures, and the control of both.

GET  /_control/state[?keys=0]              counts
GET, PUT /_control/faults                  failure modes (`faults`)
POST /_control/pass                        {"seconds": N}: so much more time has passed for the system

Control asks for the simulator's token as `Authorization: Bearer`, whatever the system itself asks for.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators import faults as told
from services.connectors.simulators.faults import NOTHING_DONE, Chance, Faults, UnknownFault
from services.connectors.simulators.http import Answered, Asked
from services.connectors.simulators.system import System

_CONTROL: Final = "/_control/"


class _Passing(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class Front:
    """Answers requests; `refuse` is called with the seconds for which the port shall be closed."""

    def __init__(self, system: System, token: str | None, refuse: Callable[[float], None], faults: Faults) -> None:
        self._system = system
        self._token = token
        self._refuse = refuse
        self._chance = Chance(faults)
        self._requests = 0

    async def __call__(self, asked: Asked) -> Answered:
        path, _, query = asked.target.partition("?")
        if path.startswith(_CONTROL):
            return bearer_refusal(asked, self._token) or self._control(asked, path, query)
        refused = self._system.refusal(asked, path)
        if refused is not None:
            return refused
        self._requests += 1
        if self._chance.faults.latency:
            await asyncio.sleep(self._chance.faults.latency)
        fault = self._chance.draw()
        if fault is None:
            return self._system.answer(asked, path, query)
        if fault in NOTHING_DONE:
            return self._undone(fault, asked, path, query)
        if fault == "duplicate":
            self._system.answer(asked, path, query)
        return self._spoilt(self._system.answer(asked, path, query), fault)

    def _undone(self, fault: str, asked: Asked, path: str, query: str) -> Answered:
        if fault == "unavailable":
            return answers.problem(503, "unavailable", "The system is down for maintenance")
        if fault == "busy":
            wait = (("Retry-After", str(self._chance.faults.retry_after)),)
            return msgspec.structs.replace(answers.problem(429, "busy", "Too many requests"), headers=wait)
        if fault == "expired":
            return self._system.expire()
        if fault == "late":
            later = self._chance.faults.late_seconds
            asyncio.get_running_loop().call_later(later, self._system.answer, asked, path, query)
        return Answered(0, mute=fault != "cut", silent=fault == "cut")

    def _spoilt(self, answered: Answered, fault: str) -> Answered:
        if fault == "cut-after-accept":
            return msgspec.structs.replace(answered, silent=True)
        if fault == "hang-after-accept":
            return msgspec.structs.replace(answered, mute=True)
        if fault == "cut-body":
            return msgspec.structs.replace(answered, half=True)
        if fault == "not-json":
            return Answered(200, b"<html>a proxy's page</html>", media_type="text/html")
        return self._system.drifted(answered) if fault == "drift" else answered

    def _control(self, asked: Asked, path: str, query: str) -> Answered:
        if path == f"{_CONTROL}state":
            state = self._system.state(with_keys=parse_qs(query).get("keys") != ["0"])
            return answers.json(200, {"requests": self._requests, **state})
        try:
            if path == f"{_CONTROL}pass" and asked.method == "POST":
                self._system.passed(msgspec.json.decode(asked.body, type=_Passing).seconds)
                return answers.json(200, {})
            if path != f"{_CONTROL}faults":
                return answers.problem(404, "not-found", "There is no such control")
            if asked.method == "PUT":
                self._chance = Chance(told.read(asked.body, self._system.failures))
                self._system.failing(self._chance.faults)
        except (msgspec.ValidationError, msgspec.DecodeError, UnknownFault) as error:
            return answers.problem(400, "bad-control", str(error))
        if asked.method == "PUT" and self._chance.faults.refuse_seconds > 0:
            self._refuse(self._chance.faults.refuse_seconds)
        return answers.json(200, told.shown(self._chance.faults, self._system.failures))


def bearer_refusal(asked: Asked, token: str | None) -> Answered | None:
    """401, unless the request has the token; without one everybody may come in."""
    given = asked.headers.get("authorization", "").encode("latin-1")
    if token is None or hmac.compare_digest(given, f"Bearer {token}".encode()):
        return None
    return answers.problem(401, "unauthorized", "A bearer token is needed")


def wrapped(answered: Answered) -> Answered:
    """A JSON answer as the next version of an interface might give it: inside `data`."""
    return msgspec.structs.replace(answered, body=b'{"data":' + (answered.body or b"null") + b"}")
