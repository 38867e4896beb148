"""Rows → bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.connectors.files import cells
from services.connectors.files.layout import Column, Layout, Record
from services.connectors.files.rows import MOST, MOST_BYTES
from services.engine import values

_FILLED: Final = frozenset({"integer", "decimal"})
"""Kinds that are filled with zeros in front, where a column has a fixed width."""


class Unwritable(Exception):
    """A row does not fit the layout. `why` names row and column, and nothing of what it holds."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def write(rows: Sequence[Mapping[str, Any]], layout: Layout, head: Mapping[str, Any] | None = None) -> bytes:
    """The file; the same rows make the same bytes. `head`: of fixed width, the values of its first line.

    Raises:
        Unwritable: a value is not of its column, or too long for it, or the encoding has no such character.
    """
    if len(rows) > MOST:
        raise Unwritable(f"there are more than {MOST} rows")
    if layout.format == "fixed-width":
        if len(rows) * max(one.end for one in layout.columns) > MOST_BYTES:
            raise Unwritable(f"they make more than {MOST_BYTES} bytes")
        lines = [] if layout.head is None else [_of_record(layout.head, head or {}, layout, "head")]
        lines += [_line(layout.mark, layout.columns, row, layout, number) for number, row in enumerate(rows, 1)]
        if layout.trailer is not None:
            lines.append(_of_record(layout.trailer, {"count": len(rows)}, layout, "trailer"))
    elif layout.format == "csv":
        return _encoded(_csv(rows, layout), layout)
    else:
        lines = [_json(row, layout, number) for number, row in enumerate(rows, 1)]
    return _encoded("".join(f"{line}{layout.end}" for line in lines), layout)


def _csv(rows: Sequence[Mapping[str, Any]], layout: Layout) -> str:
    into = io.StringIO(newline="")
    writer = csv.writer(into, delimiter=layout.delimiter, lineterminator=layout.end)
    if layout.headings:
        writer.writerow([one.called for one in layout.columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([_cell(row, one, layout, f"row {number}") for one in layout.columns])
    return into.getvalue()


def _json(row: Mapping[str, Any], layout: Layout, number: int) -> str:
    if not layout.columns:
        return values.encode(dict(row)).decode()
    found: dict[str, Any] = {}
    for column in layout.columns:
        text = _cell(row, column, layout, f"row {number}")
        value = int(text) if text and column.kind == "integer" else text
        found |= {} if text == "" else {column.called: value}
    return values.encode(found).decode()


def _of_record(record: Record, given: Mapping[str, Any], layout: Layout, what: str) -> str:
    return _line(record.mark, record.columns, given, layout, what)


def _line(mark: str, columns: Sequence[Column], row: Mapping[str, Any], layout: Layout, number: int | str) -> str:
    length = max([one.end for one in columns] + [len(mark)])
    line = list(mark.ljust(length))
    place = f"row {number}" if isinstance(number, int) else f"its {number}"
    for column in columns:
        text = _cell(row, column, layout, place)
        if len(text) > column.width:
            raise Unwritable(f"{place}: the column {column.called} has room for {column.width} characters")
        line[column.start - 1 : column.end] = _padded(text, column)
    return "".join(line)


def _padded(text: str, column: Column) -> str:
    if text and column.kind in _FILLED:
        # Behind the sign, where there is one.
        return text.zfill(column.width)
    return text.ljust(column.width)


def _cell(row: Mapping[str, Any], column: Column, layout: Layout, place: str) -> str:
    try:
        return cells.write(row.get(column.name), column, layout)
    except cells.Unfit as unfit:
        raise Unwritable(f"{place}: {unfit.why}") from None


def _encoded(text: str, layout: Layout) -> bytes:
    try:
        return text.encode(layout.encoding)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise Unwritable(f"line {line}: {layout.encoding} has no such character") from None
