"""ERPs that documents move in while they are read, searched as Odoo 18 and Business Central search."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from services.connectors.simulators.http import Answered, Asked
from tests.services.connectors.declared.other import Other, path_of, query_of, said

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
COMPANY = "6f1c2a6e-0d4e-4c53-9a51-3f1d8e0a7b11"
SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "odoo": {"database": "acme", "user": "robot", "currency": "USD", "places": 2},
    "business-central": {
        "company": COMPANY,
        "client_id": "client",
        "token_url": "oauth/token",
        "currency": "USD",
        "places": 2,
    },
}
_HOW: Final[dict[str, Callable[[Any, Any], Any]]] = {
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "in": lambda one, of: one in of,
}
_TERM: Final = re.compile(r"(\w+) (ge|lt|gt|in) (\([^)]*\)|'[^']*'|\S+)")


class Erp(Other):
    """Shipments by id, with the moment of their last change. `between` is done once, behind the next page.

    Attributes:
        boxed: ids of those in a unit that nobody has named; `named`: whether somebody has by now.
    """

    def __init__(self) -> None:
        super().__init__(self._answered)
        self.changed: dict[int, datetime] = {}
        self.boxed: set[int] = set()
        self.named = False
        self.between: Callable[[], None] = lambda: None

    def change(self, numbers: Iterable[int], seconds: float = 0.0, apart: float = 0.0) -> None:
        for number in numbers:
            self.changed[number] = BEGAN + timedelta(seconds=seconds + number * apart)

    def _answered(self, asked: Asked) -> Answered:
        raise NotImplementedError

    def _turned(self, page: list[int]) -> list[int]:
        between, self.between = self.between, lambda: None
        between()
        return page


class Odoo(Erp):
    """Compares microseconds, and tells seconds."""

    def _answered(self, asked: Asked) -> Answered:
        params = msgspec.json.decode(asked.body)["params"]
        if params["service"] == "common":
            return said({"jsonrpc": "2.0", "id": 1, "result": 7})
        *_, model, _, (domain,), how = params["args"]
        found: list[dict[str, Any]] = []
        if model == "stock.picking":
            told = {one: self._told(one) for one in self._found(domain, how)}
            found = [told[one] for one in self._turned(list(told))]
        elif model == "stock.move":
            found = [self._move(one) for one in domain[0][2]]
        elif model == "product.product":
            found = [{"id": 31, "default_code": "P-1", "name": "Cable"}]
        return said({"jsonrpc": "2.0", "id": 1, "result": found})

    def _found(self, domain: list[Any], how: dict[str, Any]) -> list[int]:
        terms = [one for one in domain if one == "|" or one[0] in {"id", "write_date"}]
        either = terms[1:3] if terms[:1] == ["|"] else []
        terms = [] if either else terms
        found = [
            one
            for one in self.changed
            if all(self._holds(one, term) for term in terms)
            and (not either or any(self._holds(one, term) for term in either))
        ]
        by_date = how["order"] == "write_date asc, id asc"
        assert by_date or how["order"] == "id asc"
        return sorted(found, key=lambda one: (self.changed[one], one) if by_date else one)[: how["limit"]]

    def _holds(self, one: int, term: list[Any]) -> bool:
        name, how, value = term
        if name == "write_date":
            return bool(_HOW[how](self.changed[one], datetime.fromisoformat(f"{value}+00:00")))
        return bool(_HOW[how](one, value))

    def _told(self, one: int) -> dict[str, Any]:
        at = self.changed[one].strftime("%Y-%m-%d %H:%M:%S")
        return {"id": one, "name": f"S-{one:05}", "partner_id": False, "date_done": at, "write_date": at}

    def _move(self, one: int) -> dict[str, Any]:
        unit = [9, "Crate"] if one in self.boxed and not self.named else [1, "Units"]
        goods = {"product_id": [31, "Cable"], "quantity": 3.0, "product_uom": unit, "sale_line_id": False}
        return {"id": one, "picking_id": [one, ""], **goods}


class Central(Erp):
    """Tells and compares milliseconds."""

    def _answered(self, asked: Asked) -> Answered:
        if path_of(asked).endswith("/oauth/token"):
            return said({"token_type": "Bearer", "expires_in": 3599, "access_token": "canary-token-1"})
        if path_of(asked).endswith("/unitsOfMeasure"):
            codes = [("PCS", "EA"), ("CRATE", "DZN" if self.named else "")]
            return said({"value": [{"code": code, "internationalStandardCode": iso} for code, iso in codes]})
        (given,) = query_of(asked)["$filter"]
        terms = [(match[1], match[2], match[3]) for match in _TERM.finditer(given)]
        assert " and ".join(" ".join(term) for term in terms) == given
        found = [one for one in self.changed if all(self._holds(one, *term) for term in terms)]
        found.sort(key=lambda one: (self.changed[one], one))
        if "$top" not in query_of(asked):
            return said({"value": [self._told(one) for one in found]})
        told = {one: self._told(one) for one in found[: int(query_of(asked)["$top"][0])]}
        return said({"value": [told[one] for one in self._turned(list(told))]})

    def _holds(self, one: int, name: str, how: str, value: str) -> bool:
        if name == "id":
            return _id(one) in value
        if name == "number":
            return f"S-{one:05}" > value.strip("'")
        at = datetime.fromisoformat(value)
        return self.changed[one] >= at if how == "ge" else self.changed[one] < at

    def change(self, numbers: Iterable[int], seconds: float = 0.0, apart: float = 0.0) -> None:
        super().change(numbers, seconds, apart)
        cut = {one: at.replace(microsecond=at.microsecond // 1000 * 1000) for one, at in self.changed.items()}
        self.changed.update(cut)

    def _told(self, one: int) -> dict[str, Any]:
        unit = "CRATE" if one in self.boxed else "PCS"
        line = {"sequence": 10000, "lineType": "Item", "lineObjectNumber": "P-1", "description": "Cable"}
        return {
            "id": _id(one),
            "number": f"S-{one:05}",
            "externalDocumentNumber": "",
            "orderNumber": "",
            "customerNumber": "C-1",
            "customerName": "Acme Wholesale",
            "lastModifiedDateTime": self.changed[one].isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "salesShipmentLines": [{**line, "unitOfMeasureCode": unit, "quantity": 3}],
        }


ERPS: Final[dict[str, type[Erp]]] = {"odoo": Odoo, "business-central": Central}


def _id(one: int) -> str:
    return f"00000000-0000-4000-8000-{one:012}"
