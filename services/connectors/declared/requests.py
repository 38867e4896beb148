"""What goes out: a request part of the manifest, filled with a call's input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET

from services.connectors.declared.document import RequestPart
from services.connectors.declared.forms.form import Form
from services.connectors.declared.forms.odata import Address
from services.connectors.declared.mapping import AWAITED, Filled, Filling, Unmapped, pieces
from services.engine import values


class Outgoing(msgspec.Struct, frozen=True):
    """One request below the connection's base URL, without its credentials. `path` has the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Requests:
    """Makes the requests of one request part."""

    def __init__(self, part: RequestPart, pointer: str, form: Form) -> None:
        self._form = form
        self._pointer = pointer
        self._method = "POST" if part.is_posted else part.method
        self._path = tuple(pieces(part.path, f"{pointer}/path"))
        self._fixed = part.path if all(piece.filled is None for piece in self._path) else None
        self._address = None if part.odata is None else Address(part.odata, f"{pointer}/odata")
        self._query = Filled(part.query, f"{pointer}/query") if part.query else None
        self._headers = Filled(part.headers, f"{pointer}/headers") if part.headers else None
        self._body = _body(part, pointer)

    @property
    def parts(self) -> tuple[Filled, ...]:
        """Every template in it."""
        found = [piece.filled for piece in self._path] + [self._query, self._headers, self._body]
        found += [] if self._address is None else list(self._address.parts)
        return tuple(one for one in found if one is not None)

    async def make(self, given: Any, variables: Mapping[str, Any], filling: Filling) -> Outgoing:
        """The request for the input `given`.

        Raises:
            Unmapped: a template could not be filled, or gives what has no place there.
        """
        path = await self._target(given, variables, filling)
        headers, body = dict(self._form.headers(has_body=self._body is not None)), b""
        if self._body is not None:
            found = self._body.now(given, variables)
            body = self._form.encode(await self._body.of(given, variables, filling) if found is AWAITED else found)
        if self._headers is not None:
            found = self._headers.now(given, variables)
            if found is AWAITED:
                found = await self._headers.of(given, variables, filling)
            headers |= {name: self._text(one, f"headers/{name}") for name, one in found.items() if one is not None}
        return Outgoing(self._method, path, headers, body)

    async def _target(self, given: Any, variables: Mapping[str, Any], filling: Filling) -> str:
        """Path and query."""
        path = self._fixed
        if self._address is not None:
            path = await self._address.make(given, variables, filling)
        elif path is None:
            parts = [
                piece.text if piece.filled is None else self._part(await piece.filled.of(given, variables, filling))
                for piece in self._path
            ]
            path = "".join(parts)
        if self._query is None:
            return path
        query = urlencode(self._pairs(await self._query.of(given, variables, filling)), quote_via=quote, safe="$")
        return f"{path}{'&' if '?' in path else '?'}{query}" if query else path

    def _part(self, value: Any) -> str:
        """One part of the path. That it cannot lead out of the base URL is `egress.join`'s to see (S-56)."""
        text = self._text(value, "path")
        if not text:
            raise Unmapped(f"{self._pointer}/path: a part of it is empty")
        return quote(text, safe="")

    def _pairs(self, query: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (name, self._text(one, f"query/{name}"))
            for name, value in query.items()
            for one in (value if isinstance(value, list) else [value])
            if one is not None
        ]

    def _text(self, value: Any, place: str) -> str:
        """As JSON writes it, and texts as they are."""
        if isinstance(value, str):
            return value
        if value is None or isinstance(value, dict | list):
            raise Unmapped(f"{self._pointer}/{place} is no text, number or boolean")
        return values.encode(value).decode()


def _body(part: RequestPart, pointer: str) -> Filled | None:
    if part.graphql is not None:
        graphql = {"query": part.graphql.query, "variables": part.graphql.variables}
        return Filled(graphql, f"{pointer}/graphql")
    if part.json_rpc is not None:
        call = {"jsonrpc": "2.0", "id": 1, "method": part.json_rpc.method, "params": part.json_rpc.params}
        return Filled(call, f"{pointer}/json_rpc")
    if part.xml is not None:
        if part.xml.soap:
            return Filled({"header": part.xml.header, "body": part.xml.body or {}}, f"{pointer}/xml")
        return None if part.xml.body is None else Filled(part.xml.body, f"{pointer}/xml/body")
    return None if part.body is UNSET else Filled(part.body, f"{pointer}/body")
