"""A system that speaks OData 4 as a business suite does: keys and filters of literals, pages by link, ETags, errors."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from services.connectors.simulators.http import Answered, Asked
from tests.services.connectors.declared.other import query_of, said

COMPANY = "6f1c2a6e-0d4e-4c53-9a51-3f1d8e0a7b11"
SIZE = 3
_LITERAL = r"'(?:[^']|'')*'|[^\s')]+"
_TERM = re.compile(rf"(\w+) (eq|ge) ({_LITERAL})(?: and |$)")
_KEY = re.compile(rf"/api/v2\.0/companies\({COMPANY}\)/customers\(({_LITERAL})\)$")


class Central:
    """`rows`: customers by number, in order."""

    def __init__(self, names: list[str]) -> None:
        self.rows = [{"number": f"C{one}", "displayName": name, "balance": one} for one, name in enumerate(names)]
        self.revision = 1
        self.meddles = False

    def __call__(self, asked: Asked) -> Answered:
        assert asked.headers["odata-version"] == "4.0"
        assert "odata.metadata=minimal" in asked.headers["accept"]
        path = unquote(asked.target.partition("?")[0])
        if key := _KEY.match(path):
            return self._one(asked, _read(key[1]))
        if path != f"/api/v2.0/companies({COMPANY})/customers":
            return _error(404, "BadRequest_ResourceNotFound", f"No HTTP resource at {path}")
        return self._all(asked)

    def _all(self, asked: Asked) -> Answered:
        query = {name: one[0] for name, one in query_of(asked).items()}
        given = query.get("$filter", "")
        terms = [(name, op, _read(value)) for name, op, value in _TERM.findall(given)]
        if "".join(match[0] for match in _TERM.finditer(given)) != given:
            return _error(400, "BadRequest", f"Syntax error in {given}")
        found = [row for row in self.rows if all(row[n] == v if op == "eq" else row[n] >= v for n, op, v in terms)]
        begin = int(query.get("$skiptoken", "0"))
        names = query.get("$select", "").split(",")
        page = [{"@odata.etag": self._etag, **{n: row[n] for n in names}} for row in found[begin : begin + SIZE]]
        more: dict[str, Any] = {}
        if begin + SIZE < len(found):
            host, path = asked.headers["host"], asked.target.partition("?")[0]
            rest = re.sub(r"&?\$skiptoken=\d+", "", asked.target.partition("?")[2])
            more = {"@odata.nextLink": f"http://{host}{path}?{rest}&$skiptoken={begin + SIZE}"}
        return said({"@odata.context": "$metadata#customers", "value": page, **more})

    def _one(self, asked: Asked, number: Any) -> Answered:
        row = next((one for one in self.rows if one["number"] == number), None)
        if row is None:
            return _error(404, "Internal_EntityNotFound", "It is not there")
        if asked.method == "PATCH":
            if asked.headers.get("if-match") != self._etag:
                return _error(412, "Request_EntityChanged", "Another user has changed the record")
            row |= json.loads(asked.body)
            self.revision += 1
        answer = said({"@odata.etag": self._etag, **row})
        self.revision += self.meddles
        return answer

    @property
    def _etag(self) -> str:
        return f'W/"{self.revision}"'


def _read(text: str) -> Any:
    return text[1:-1].replace("''", "'") if text.startswith("'") else json.loads(text)


def _error(status: int, code: str, message: str) -> Answered:
    return said({"error": {"code": code, "message": f"{message}  CorrelationId: 1."}}, status)
