"""Values of a row: text as files have it, and as JSON has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.connectors.files.layout import Column, Layout, Stamp
from template_library.values import decimals

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{0,12})?")


class Unfit(Exception):
    """A value is not what its column holds. `why` names the column, and nothing of the value."""

    def __init__(self, column: Column, why: str) -> None:
        super().__init__(why)
        self.why = f"the column {column.called} {why}"


def read(text: str, column: Column, layout: Layout) -> Any:
    """The value; None where there is none.

    Raises:
        Unfit: it is none of its kind, or it is missing.
    """
    given = text.strip()
    if not given:
        if column.required:
            raise Unfit(column, "is empty")
        return None
    if column.kind == "text":
        return given
    if column.kind == "integer":
        if _WHOLE.fullmatch(given) is None:
            raise Unfit(column, "is no whole number")
        return int(given)
    if column.kind == "decimal":
        return _decimal(given, column)
    try:
        return _moment(given, column.written, column.kind, layout.zone)
    except ValueError:
        raise Unfit(column, f"is no {column.kind} of the form {column.written}") from None


def of_name(name: str, stamp: Stamp, zone: str) -> str | None:
    """Of when a file is, RFC 3339, by its name; None where that does not say it."""
    try:
        return _moment(name[stamp.start - 1 : stamp.start - 1 + stamp.width], stamp.format, "time", zone)
    except ValueError:
        return None


def write(value: Any, column: Column, layout: Layout) -> str:
    """The value as the file has it, without padding.

    Raises:
        Unfit: as `read`.
    """
    if value is None or value == "":
        if column.required:
            raise Unfit(column, "is empty")
        return ""
    if isinstance(value, bool | dict | list):
        raise Unfit(column, "is no text and no number")
    text = str(value)
    if column.kind == "text":
        if any(ord(one) < ord(" ") for one in text) and layout.format == "fixed-width":
            raise Unfit(column, "has a line's end or another control character")
        return text
    if column.kind == "integer":
        if _WHOLE.fullmatch(text) is None:
            raise Unfit(column, "is no whole number")
        return str(int(text))
    if column.kind == "decimal":
        return _written(text, column)
    return _shown(text, column, layout.zone)


def _decimal(text: str, column: Column) -> str:
    """As records have it: no sign of plus, no zeros in front."""
    if (_WHOLE if column.places is not None else _NUMBER).fullmatch(text) is None:
        raise Unfit(column, "is no decimal number")
    number = Decimal(text)
    return decimals.show(number.scaleb(-column.places) if column.places else number)


def _written(text: str, column: Column) -> str:
    try:
        number = decimals.read(text)
    except decimals.NotADecimal:
        raise Unfit(column, "is no decimal number") from None
    if column.places is None:
        return decimals.show(number)
    scaled = number.scaleb(column.places)
    if scaled != int(scaled):
        raise Unfit(column, f"has more than {column.places} digits behind the point")
    return str(int(scaled))


def _moment(text: str, form: str, kind: str, zone: str) -> str:
    """A day, or an instant in UTC. Raises ValueError."""
    found = datetime.strptime(text, form)  # noqa: DTZ007 (its zone is the layout's where it names none)
    if kind == "date":
        return found.date().isoformat()
    placed = found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))
    return placed.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _shown(text: str, column: Column, zone: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit(column, f"is no {column.kind} of RFC 3339") from None
    if column.kind == "time":
        if found.tzinfo is None:
            raise Unfit(column, "names no time zone")
        found = found.astimezone(ZoneInfo(zone))
    return found.strftime(column.written)
