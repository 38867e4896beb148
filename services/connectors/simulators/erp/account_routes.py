"""What the simulated ERP answers about customers' accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from services.connectors.simulators import answers
from services.connectors.simulators.answers import Refused
from services.connectors.simulators.erp.accounts import Accounts, Opening, Place, Terms
from services.connectors.simulators.erp.ledger import Ledger
from services.connectors.simulators.http import Answered, Asked

_SEED: Final = Path(__file__).with_name("accounts.json")
_TERMS: Final = re.compile(r"/accounts/([^/]+)/terms")
_PLACE: Final = re.compile(r"/accounts/([^/]+)/places/([^/]+)")
_ONE: Final = re.compile(r"/accounts/([^/]+)")


class AccountRoutes:
    """`accounts`: those of the ledger's file."""

    def __init__(self, ledger: Ledger) -> None:
        self.accounts = Accounts(ledger, json.loads(_SEED.read_text())["accounts"])

    def answer(self, asked: Asked, path: str, query: str) -> Answered:
        """Raises Refused."""
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        do = self._reading(path, given) if asked.method == "GET" else self._writing(asked, path)
        if do is None:
            raise Refused(404, "not-found", "There is no such resource")
        return answers.json(201 if asked.method == "POST" else 200, do())

    def _reading(self, path: str, given: dict[str, str]) -> Callable[[], Any] | None:
        if path == "/accounts":
            return lambda: {"accounts": self.accounts.opened(given.get("reference", ""), given.get("tax_id", ""))}
        if path == "/accounts/like":
            return lambda: {"accounts": self.accounts.like(given)}
        one = _ONE.fullmatch(path)
        return (lambda: self.accounts.find(unquote(one[1]))) if one else None

    def _writing(self, asked: Asked, path: str) -> Callable[[], Any] | None:
        if asked.method == "POST" and path == "/accounts":
            return lambda: self.accounts.open(read(asked, Opening))
        terms, place = _TERMS.fullmatch(path), _PLACE.fullmatch(path)
        if asked.method == "PUT" and terms:
            return lambda: self.accounts.set_terms(unquote(terms[1]), read(asked, Terms))
        if asked.method == "PUT" and place:
            return lambda: self.accounts.place(unquote(place[1]), read(asked, Place))
        return None


def read(asked: Asked, form: Any) -> Any:
    """Raises Refused 400."""
    try:
        return msgspec.json.decode(asked.body, type=form)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Refused(400, "bad-account", str(error)) from error
