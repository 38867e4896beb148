"""Bytes → rows, each by itself: one that is wrong keeps no other back."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from services.connectors.files import cells
from services.connectors.files.layout import Column, Layout, Record
from services.engine import values

MOST: Final = 20_000
"""Rows of a file."""
MOST_BYTES: Final = 10 * 1024 * 1024
"""Of a file."""
_MOST_FAULTS: Final = 100
_LINES_OF_A_ROW: Final = 20
"""Most that a quoted value may go over."""
_QUOTE: Final = '"'


class Row(msgspec.Struct, frozen=True):
    """A row. `line`: where it begins, counted from 1."""

    line: int
    values: dict[str, Any]


class Fault(msgspec.Struct, frozen=True):
    """A row that is none. `why` says it without what the row holds; line 0: of the file as a whole."""

    line: int
    why: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds. `as_of`: of when it is, RFC 3339, where the file or its name says that."""

    rows: list[Row]
    faults: list[Fault]
    as_of: str | None


class Unreadable(Exception):
    """The file as a whole is not of its layout, or not whole: none of its rows counts. `why` holds nothing of it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Line = tuple[int, str]
"""Its number, and its text without its end."""


def read(content: bytes, layout: Layout, name: str = "") -> Table:
    """The rows of a file that is called `name`.

    Raises:
        Unreadable: it has other headings, no trailer or another number of rows than that says, or too many.
    """
    found = _Reading(layout)
    lines = list(found.lines(content))
    if layout.format == "csv":
        found.take(_of_csv(lines, layout, found))
    elif layout.format == "json-lines":
        found.take((number, _of_json(text, layout)) for number, text in lines if text.strip())
    else:
        found.take(_of_fixed(lines, layout, found))
    stamp = None if layout.stamp is None else cells.of_name(name, layout.stamp, layout.zone)
    return Table(rows=found.rows, faults=found.told(), as_of=found.head.get("as_of") or stamp)


class _Reading:
    """One file that is being read."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.rows: list[Row] = []
        self.head: dict[str, Any] = {}
        self._faults: list[Fault] = []

    def lines(self, content: bytes) -> Iterator[Line]:
        """Of a line that is not in the layout's encoding the fault is told."""
        pieces = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        if pieces[-1].strip(b"\r\x1a ") == b"":
            pieces.pop()  # behind the last end, or the mark that old systems put there
        for number, piece in enumerate(pieces, 1):
            try:
                yield number, piece.removesuffix(b"\r").decode(self._layout.encoding)
            except UnicodeDecodeError:
                self.fault(number, f"it is not written in {self._layout.encoding}")

    def fault(self, line: int, why: str) -> None:
        self._faults.append(Fault(line, why))

    def take(self, found: Iterator[tuple[int, dict[str, Any] | str]]) -> None:
        """Raises Unreadable: there are too many."""
        for line, row in found:
            if isinstance(row, str):
                self.fault(line, row)
            else:
                self.rows.append(Row(line, row))
            if len(self.rows) > MOST:
                raise Unreadable(f"it has more than {MOST} rows: have it sent in parts")

    def told(self) -> list[Fault]:
        """By line; of very many the first, and how many more there are."""
        listed = sorted(self._faults, key=lambda one: one.line)
        more = len(listed) - _MOST_FAULTS
        return listed if more <= 0 else [*listed[:_MOST_FAULTS], Fault(0, f"{more} more of its rows are wrong")]


def _values(given: Mapping[str, str], columns: Sequence[Column], layout: Layout) -> dict[str, Any] | str:
    """By the columns' names; a text: what is wrong, of all columns."""
    found: dict[str, Any] = {}
    wrong = []
    for column in columns:
        try:
            found[column.name] = cells.read(given.get(column.name, ""), column, layout)
        except cells.Unfit as unfit:
            wrong.append(unfit.why)
    return "; ".join(wrong) if wrong else found


def _of_csv(lines: list[Line], layout: Layout, reading: _Reading) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Raises Unreadable: a column has no heading."""
    names: list[str | None] = [one.name for one in layout.columns]
    if layout.headings:
        _, first = next(
            _records(lines[:1], layout.delimiter, 0), (0, "it is empty, and should begin with its headings")
        )
        if isinstance(first, str):
            raise Unreadable(first)
        names, lines = _headings(first, layout), lines[1:]
    for number, record in _records(lines, layout.delimiter, len(names)):
        if isinstance(record, str):
            reading.fault(number, record)
        else:
            given = {name: text for name, text in zip(names, record, strict=True) if name is not None}
            yield number, _values(given, layout.columns, layout)


def _headings(first: list[str], layout: Layout) -> list[str | None]:
    """The column that each heading stands for; None of one that does not count."""
    told = [one.strip() for one in first]
    missing = [one.called for one in layout.columns if one.called not in told]
    doubled = [one.called for one in layout.columns if told.count(one.called) > 1]
    if missing:
        raise Unreadable(f"it has no column {', '.join(missing)}: its headings were changed, or it is another file")
    if doubled:
        raise Unreadable(f"it has the column {doubled[0]} twice")
    known = {one.called: one.name for one in layout.columns}
    return [known.get(one) for one in told]


def _records(lines: list[Line], delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """The `width` values of each record (RFC 4180); 0: however many. What is wrong spoils the line where it begins.

    A quoted value may go over lines. A quote that is not closed would take those behind it along, up to the next one:
    what is no record then is wrong for itself, and the reading goes on with the next line.
    """
    at = 0
    while at < len(lines):
        number, text = lines[at]
        at += 1
        if not text.strip():
            continue
        if not text.count(_QUOTE) % 2:
            yield number, _record(text, delimiter, width)
            continue
        ends = next(
            (end for end in range(at, min(at + _LINES_OF_A_ROW, len(lines))) if lines[end][1].count(_QUOTE) % 2), 0
        )
        whole = "\n".join(one for _, one in lines[at - 1 : ends + 1]) if ends else text
        record = _record(whole, delimiter, width) if ends else "a quote is not closed"
        if isinstance(record, list):
            at = ends + 1
        yield number, record if isinstance(record, list) else "a quote is not closed"


def _record(text: str, delimiter: str, width: int) -> list[str] | str:
    try:
        found = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return "its quotes are not those of CSV"
    return found if width in {0, len(found)} else f"it has {len(found)} values in place of {width}"


def _of_json(text: str, layout: Layout) -> dict[str, Any] | str:
    try:
        found = values.decode(text)
    except values.ValueRefused:
        return "it is no JSON"
    if not isinstance(found, dict):
        return "it is no JSON object"
    if not layout.columns:
        return found
    given: dict[str, str] = {}
    for column in layout.columns:
        value = found.get(column.called)
        if isinstance(value, bool | dict | list):
            return f"the column {column.called} is no text and no number"
        given[column.name] = "" if value is None else value if isinstance(value, str) else values.encode(value).decode()
    return _values(given, layout.columns, layout)


def _of_fixed(lines: list[Line], layout: Layout, reading: _Reading) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Raises Unreadable: its head or trailer is not what it should be, or it is not whole."""
    ended: dict[str, Any] | None = None
    count = 0
    for number, text in lines:
        if not text.strip():
            continue
        if layout.head is not None and number == 1:
            reading.head = _special(text, layout.head, layout, "head")
        elif layout.trailer is not None and text.startswith(layout.trailer.mark):
            ended = _special(text, layout.trailer, layout, "trailer")
        elif text.startswith(layout.mark):
            count += 1
            yield number, _sliced(text, layout.columns, layout)
    if layout.trailer is None:
        return
    if ended is None:
        raise Unreadable("it has no trailer: it is not whole")
    if ended["count"] != count:
        raise Unreadable(f"its trailer counts {ended['count']} rows, and it has {count}: it is not whole")


def _special(text: str, record: Record, layout: Layout, what: str) -> dict[str, Any]:
    found = _sliced(text, record.columns, layout) if text.startswith(record.mark) else "it is another line"
    if isinstance(found, str):
        raise Unreadable(f"its {what} is wrong: {found}")
    return found


def _sliced(text: str, columns: Sequence[Column], layout: Layout) -> dict[str, Any] | str:
    length = max((one.end for one in columns), default=0)
    if text[length:].strip() and columns:
        return f"it has {len(text.rstrip())} characters in place of {length}"
    for column in columns:
        # Blanks at a line's end are often left out; of a number that is cut nobody sees that a part is missing.
        if column.kind != "text" and column.start - 1 < len(text.rstrip()) and len(text) < column.end:
            return f"the line ends inside of the column {column.called}"
    return _values({one.name: text[one.start - 1 : one.end] for one in columns}, columns, layout)
