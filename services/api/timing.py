"""Active seconds: what a page measured of a person's work comes with what they do, and is on its touches (ADR 0105)."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Send

from infra.database import Attention, attend
from services.api.errors import BadActiveSeconds
from services.api.policy import POLICY, Route
from services.touches.writing import LONGEST
from tenants.identity.principal import Principal

HEADER: Final = "Active-Seconds"
_NAME: Final = HEADER.lower().encode()
_SECONDS: Final = re.compile(rb"[0-9]+")
_DIGITS: Final = 9
_STATE: Final = "attention"

TIMED: Final[frozenset[Route]] = frozenset(
    route for route, rule in POLICY.items() if rule.is_tenant and not rule.is_public and route[0] != "GET"
)
"""Routes by which a person does something in an environment."""
PARAMETER: Final = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "integer", "minimum": 0},
    "description": "Of a person's work on this, as a page measured it; cut at an hour, and ignored of a key.",
}
COUNTED: Final = {
    "description": f"How many of the request's `{HEADER}` are on touches; absent where none is.",
    "schema": {"type": "integer"},
}


def begin(scope: Any, principal: Principal) -> None:
    """Hand what the request measured to its transactions; of a key nothing is read.

    Raises:
        BadActiveSeconds: it cannot be read.
    """
    if principal.account_id is None or (scope["method"], scope["path_template"]) not in TIMED:
        return
    given = [value.strip() for name, value in scope["headers"] if name == _NAME]
    if not given:
        return
    if len(given) > 1 or _SECONDS.fullmatch(given[0]) is None:
        raise BadActiveSeconds(f"Send one header {HEADER} with a whole number of seconds, or none; nothing was done")
    digits = given[0].lstrip(b"0")
    seconds = LONGEST if len(digits) > _DIGITS else min(int(digits or b"0"), LONGEST)
    attention = Attention(principal.account_id, seconds)
    scope["state"][_STATE] = attention
    attend(attention)


def timing(app: ASGIApp) -> ASGIApp:
    """Middleware: tells who measured how much of it was counted, and keeps nothing of it behind the answer."""

    async def timed(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"], scope.get("path_template", "")) not in TIMED:
            await app(scope, receive, send)
            return

        async def telling(message: Message) -> None:
            attention: Attention | None = scope["state"].get(_STATE)
            if message["type"] == "http.response.start" and attention is not None and attention.counted:
                message["headers"] = [*message["headers"], (_NAME, str(attention.counted).encode())]
            await send(message)

        try:
            await app(scope, receive, telling)
        finally:
            attention: Attention | None = scope["state"].get(_STATE)
            if attention is not None:
                attention.end()
                attend(None)

    return timed
