"""What the simulated ERP answers about what is short."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp.account_routes import read
from services.connectors.simulators.erp.shortages import Change, Purchase, Shortages, Transfer
from services.connectors.simulators.http import Answered, Asked

_ORDER: Final = re.compile(r"/open-orders/([^/]+)")
_LINE: Final = re.compile(r"/open-orders/([^/]+)/lines/([^/]+)")
_SOURCE: Final = re.compile(r"/sources/([^/]+)")


def answer(shortages: Shortages, asked: Asked, path: str) -> Answered:
    """Raises Refused."""
    if asked.method == "GET":
        return answers.json(200, _read(shortages, path))
    key, line = asked.headers.get("idempotency-key", ""), _LINE.fullmatch(path)
    if asked.method == "POST" and path == "/transfers":
        return answers.json(201, shortages.transfer(key, read(asked, Transfer)))
    if asked.method == "POST" and path == "/purchases":
        return answers.json(201, shortages.buy(key, read(asked, Purchase)))
    if asked.method == "POST" and line:
        return answers.json(200, shortages.change(key, unquote(line[1]), unquote(line[2]), read(asked, Change)))
    raise Refused(404, "not-found", "There is no such resource")


def _read(shortages: Shortages, path: str) -> Any:
    order, source = _ORDER.fullmatch(path), _SOURCE.fullmatch(path)
    if order:
        return shortages.order(unquote(order[1]))
    if source:
        return shortages.source(unquote(source[1]))
    raise Refused(404, "not-found", "There is no such resource")
