"""What a statement gave as JSON: numbers and times exact, and nothing that JSON has no word for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from infra.egress.sql import Answer
from services.engine import values

MOST_BYTES: Final = 10 * 1024 * 1024
"""Of all rows, as JSON."""
_JSON: Final = frozenset({"json", "jsonb"})


class Unreadable(Exception):
    """`detail` says what the statement has to be changed to, and nothing of what the row holds."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def rows(answer: Answer, most: int) -> list[dict[str, Any]]:
    """Each row by the names of its columns. A decimal is a text with all digits, a time with a zone is in UTC.

    Raises:
        Unreadable: there are more than `most`, two columns have one name, or a value has a type that is none of JSON's.
    """
    if len(answer.rows) > most:
        raise Unreadable(f"it gives more than {most} rows: have it give fewer, by LIMIT")
    names = [name for name, _ in answer.columns]
    if len(set(names)) < len(names):
        raise Unreadable("two of its columns have one name: give one of them another, by AS")
    found = [
        {name: _cell(one, name, kind) for one, (name, kind) in zip(row, answer.columns, strict=True)}
        for row in answer.rows
    ]
    if len(values.encode(found)) > MOST_BYTES:
        raise Unreadable(f"it gives more than {MOST_BYTES} bytes: have it give fewer rows, by LIMIT")
    return found


def _cell(value: Any, name: str, kind: str) -> Any:
    if isinstance(value, list):
        return [_cell(one, name, kind.removesuffix("[]")) for one in value]
    shown = str if isinstance(value, UUID) else _SHOWN.get(type(value))
    try:
        if kind in _JSON and isinstance(value, str):
            return values.decode(value)
        if shown is not None:
            return shown(value)
    except ValueError:
        pass
    raise Unreadable(f"its column {name} has a value of the type {kind} that is none of JSON: cast it, as {name}::text")


def _itself(value: Any) -> Any:
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError
    return value


def _digits(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError
    return format(value, "f")


def _instant(value: dt.datetime) -> str:
    """One of a column without a zone has none."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


_SHOWN: Final[dict[type, Callable[[Any], Any]]] = {
    type(None): _itself,
    bool: _itself,
    int: _itself,
    str: _itself,
    float: _finite,
    Decimal: _digits,
    dt.datetime: _instant,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
}
