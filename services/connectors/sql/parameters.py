"""The values of a call as what is bound to a statement's parameters, each by the kind that was declared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.connectors.sql.statements import Kind, Parameter, Statement
from services.engine import values

OURS: Final = frozenset({"key", "mark", "began"})
"""Values that are there without anybody having given them: a statement may have a parameter of the name, or not."""


class Unbound(Exception):
    """A value has no place, or none fits. `detail` names the parameter, and not the value."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def bound(statement: Statement, given: Any, *, all_of: bool = True) -> list[Any]:
    """What of `given`, an object, is bound, in order. `all_of`: each of them has a parameter. Raises Unbound."""
    if not isinstance(given, dict):
        raise Unbound("the values are no object, by parameter")
    names = {one.name for one in statement.parameters}
    for name in given:
        if all_of and name not in names and name not in OURS:
            raise Unbound(f"the statement has no parameter {name[:100]!r}")
    return [_value(one, given.get(one.name)) for one in statement.parameters]


def _value(parameter: Parameter, given: Any) -> Any:
    if given is None:
        if parameter.required:
            raise Unbound(f"the parameter {parameter.name} has no value")
        return None
    if not parameter.many:
        return _one(parameter, given)
    if not isinstance(given, list):
        raise Unbound(f"the parameter {parameter.name} is a list")
    return [_one(parameter, each) for each in given]


def _one(parameter: Parameter, given: Any) -> Any:
    try:
        return _READERS[parameter.kind](given)
    except (ValueError, TypeError, InvalidOperation, values.ValueRefused) as error:
        raise Unbound(f"the value of the parameter {parameter.name} is {_CALLED[parameter.kind]}") from error


def _text(given: Any) -> str:
    if not isinstance(given, str) or "\0" in given:
        raise TypeError
    return given


def _integer(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise TypeError
    return given


def _decimal(given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise TypeError
    # Of a float the digits that were written, and not those of the binary fraction.
    found = Decimal(repr(given) if isinstance(given, float) else given)
    if not found.is_finite():
        raise ValueError
    return found


def _boolean(given: Any) -> bool:
    if not isinstance(given, bool):
        raise TypeError
    return given


def _time(given: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(_text(given))
    if found.tzinfo is None:
        raise ValueError
    return found


_READERS: Final[dict[Kind, Callable[[Any], Any]]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": lambda given: dt.date.fromisoformat(_text(given)),
    "time": _time,
    "json": lambda given: values.encode(given).decode(),
}
_CALLED: Final[dict[Kind, str]] = {
    "text": "no text",
    "integer": "no whole number",
    "decimal": "no decimal number",
    "boolean": "neither true nor false",
    "date": "no date such as 2026-03-02",
    "time": "no time with a zone such as 2026-03-02T14:00:00Z",
    "json": "no JSON",
}
