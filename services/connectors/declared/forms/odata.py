"""OData 4.0 and 4.01 with JSON: paths and query options whose values are literals, and the error object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from services.connectors.declared.forms.form import Plain, Trouble, member, text
from services.connectors.declared.mapping import Filled, Filling, Piece, Unmapped, pieces
from services.connectors.declared.request_parts import OData as Part
from services.engine import values

_VERSION: Final = {"OData-Version": "4.0", "OData-MaxVersion": "4.01"}
_ACCEPTED: Final = {"Accept": "application/json;odata.metadata=minimal", **_VERSION}
_WITH_BODY: Final = {**_ACCEPTED, "Content-Type": "application/json"}
_TYPED: Final = re.compile(r"\b(guid|date|datetime|number):$")
_SAFE: Final = "$'(),:;=@/*"
"""Signs that stand for themselves in a path or query option (OData URL conventions, 2)."""
_INSIDE: Final = "'(),:"
"""Those of a literal; a slash in it is none of the path."""


class OData(Plain):
    def headers(self, *, has_body: bool) -> Mapping[str, str]:
        return _WITH_BODY if has_body else _ACCEPTED

    def trouble(self, body: Any) -> Trouble | None:
        """The error object (JSON format, 21). Its status decides; behind items it is one that came in the stream."""
        error = member(body, "error")
        if not isinstance(error, dict) or "code" not in error:
            return None
        details = error.get("details")
        listed = [error, *(details if isinstance(details, list) else [])]
        codes = frozenset(code for one in listed if (code := text(member(one, "code"))))
        return Trouble("misread" if "value" in body else "", codes, text(error.get("message")))


class Address:
    """Path and query options of a part. A program in them gives a literal, quoted for OData and encoded for a URL."""

    def __init__(self, part: Part, pointer: str) -> None:
        given = {"$expand": part.expand, "$orderby": part.orderby, "$search": part.search}
        fixed = {"$select": ",".join(part.select), "$top": "" if part.top is None else str(part.top)}
        if part.count:
            fixed["$count"] = "true"
        self._path = tuple(pieces(part.path, f"{pointer}/path"))
        terms = [part.filter] if isinstance(part.filter, str) else part.filter
        self._terms = [tuple(pieces(term, f"{pointer}/filter")) for term in terms if term]
        self._may_lack_terms = not isinstance(part.filter, str)
        self._options = {
            name: tuple(pieces(option, f"{pointer}/{name[1:]}"))
            for name, option in {**given, **fixed}.items()
            if option
        }

    @property
    def parts(self) -> Iterator[Filled]:
        """Every template in it."""
        for listed in (self._path, *self._terms, *self._options.values()):
            yield from (piece.filled for piece in listed if piece.filled is not None)

    async def make(self, given: Any, variables: Mapping[str, Any], filling: Filling) -> str:
        """The path with its query, encoded.

        Raises:
            Unmapped: a program failed, or gives what is no literal.
        """
        path = await _written(self._path, given, variables, filling)
        terms = []
        for term in self._terms:
            found = await _values(term, given, variables, filling)
            if not (self._may_lack_terms and None in found):
                terms.append(_joined(term, found))
        options = [f"$filter={quote(' and ').join(terms)}"] if terms else []
        for name, option in self._options.items():
            options.append(f"{name}={await _written(option, given, variables, filling)}")
        return f"{path}?{'&'.join(options)}" if options else path


async def _written(listed: Sequence[Piece], given: Any, variables: Mapping[str, Any], filling: Filling) -> str:
    return _joined(listed, await _values(listed, given, variables, filling))


async def _values(listed: Sequence[Piece], given: Any, variables: Mapping[str, Any], filling: Filling) -> Sequence[Any]:
    """What the programs give, in their order."""
    return [await one.filled.of(given, variables, filling) for one in listed if one.filled is not None]


def _joined(listed: Sequence[Piece], given: Sequence[Any]) -> str:
    written, kind, rest = [], "", iter(given)
    for piece in listed:
        if piece.filled is None:
            typed = _TYPED.search(piece.text)
            kind = typed[1] if typed else ""
            written.append(quote(piece.text[: typed.start()] if typed else piece.text, safe=_SAFE))
            continue
        try:
            written.append(quote(literal(next(rest), kind), safe=_INSIDE))
        except ValueError as error:
            raise Unmapped(f"{piece.filled.pointer}: {error}") from None
    return "".join(written)


def literal(value: Any, kind: str = "") -> str:
    """A value as OData writes it (ABNF, primitiveLiteral). `kind`: guid, date, datetime or number; else by its type.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, list):
        return f"({','.join(literal(one, kind) for one in value)})"
    if kind:
        return _KINDS[kind](str(value))
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, dict):
        raise ValueError("an object is no literal")  # noqa: TRY004 (of a template, not of our code)
    return values.encode(value).decode()


def _moment(given: str) -> str:
    found = datetime.fromisoformat(given)
    if found.tzinfo is None:
        raise ValueError("a moment has an offset, such as Z")
    return found.isoformat().replace("+00:00", "Z")


def _number(given: str) -> str:
    try:
        found = Decimal(given)
    except InvalidOperation:
        raise ValueError("it is no number") from None
    if not found.is_finite():
        raise ValueError("it is no number")
    return f"{found:f}"


_KINDS: Final[dict[str, Callable[[str], str]]] = {
    "guid": lambda given: str(UUID(given)),
    "date": lambda given: date.fromisoformat(given).isoformat(),
    "datetime": _moment,
    "number": _number,
}
