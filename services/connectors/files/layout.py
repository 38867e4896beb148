"""How a file of rows is laid out: CSV, columns of fixed width, or a JSON object a line."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

Kind = Literal["text", "integer", "decimal", "date", "time"]
_FORMATS: Final[dict[Kind, str]] = {"date": "%Y-%m-%d", "time": "%Y-%m-%dT%H:%M:%S%z"}


MOST_COLUMNS: Final = 500
LONGEST: Final = 10_000
"""Characters of a line of fixed width."""


class LayoutRefused(Exception):
    """The layout cannot be used. `detail` says what is wrong with it, and where."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of a row.

    Attributes:
        kind: `integer` becomes a number, `decimal` a text with all its digits, `date` and `time` those of RFC 3339.
        heading: what CSV and JSON call it; empty: its name.
        start, width: of fixed width: its first character, counted from 1, and how many there are.
        places: of a decimal written without a point: how many of its digits stand behind it.
        format: of a date or time, as `strptime` has it; empty: ISO 8601.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    heading: str = ""
    start: int = 0
    width: int = 0
    places: int | None = None
    format: str = ""

    @property
    def called(self) -> str:
        return self.heading or self.name

    @property
    def end(self) -> int:
        """Behind its last character, counted from 0."""
        return self.start - 1 + self.width

    @property
    def written(self) -> str:
        """Format of a date or time."""
        return self.format or _FORMATS.get(self.kind, "")


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of fixed width that is no row: `mark` is what it begins with."""

    mark: str
    columns: tuple[Column, ...] = ()


class Stamp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a file's name says of when its content is, as `Column` does."""

    start: int
    width: int
    format: str


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rows.

    Attributes:
        columns: those that count; none of JSON Lines: all members as they are.
        mark: what each row of fixed width begins with; empty: a line that is neither head nor trailer is a row.
        head: its column `as_of` says of when the content is.
        trailer: its column `count` says how many rows there are. A file without its trailer is not whole.
        stamp: the same as the head's `as_of`, in the file's name.
        zone: of times that name none, such as `America/Chicago`.
        headings: whether the first line of CSV names the columns; without it, they come in their order.
    """

    format: Literal["csv", "fixed-width", "json-lines"]
    columns: tuple[Column, ...] = ()
    mark: str = ""
    head: Record | None = None
    trailer: Record | None = None
    stamp: Stamp | None = None
    zone: str = "UTC"
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    delimiter: str = ","
    headings: bool = True
    line_end: Literal["lf", "crlf"] = "lf"

    @property
    def end(self) -> str:
        return "\r\n" if self.line_end == "crlf" else "\n"


def read(value: Any, place: str = "") -> Layout:
    """The layout that JSON describes; `place` names it in what is refused.

    Raises:
        LayoutRefused: it is none, or its parts do not fit each other.
    """
    try:
        layout = msgspec.convert(value, Layout)
    except msgspec.ValidationError as error:
        raise LayoutRefused(f"{place}{': ' if place else ''}{error}") from error
    for fault in faults(layout):
        raise LayoutRefused(f"{place}{': ' if place else ''}{fault}")
    return layout


def faults(layout: Layout) -> Iterator[str]:
    """What does not fit, a sentence each."""
    names = [one.name for one in layout.columns]
    if len(set(names)) < len(names):
        yield "two columns have one name"
    if layout.format != "json-lines" and not names:
        yield "it has no columns"
    if len(names) > MOST_COLUMNS:
        yield f"it has more than {MOST_COLUMNS} columns"
    if len(layout.delimiter) != 1 or layout.delimiter in '"\r\n':
        yield "its delimiter is one character, and neither a quote nor a line's end"
    if layout.format != "fixed-width" and (layout.head or layout.trailer or layout.mark):
        yield "only a file of fixed width has a mark, a head and a trailer"
    if layout.trailer is not None and not any(one.name == "count" for one in layout.trailer.columns):
        yield "its trailer has no column `count`"
    try:
        ZoneInfo(layout.zone)
    except (KeyError, ValueError, OSError):
        yield f"there is no time zone {layout.zone}"
    records = [one for one in (layout.head, layout.trailer) if one is not None]
    for one in (layout.columns, *(record.columns for record in records)):
        yield from (fault for column in one for fault in _of_column(column, is_fixed=layout.format == "fixed-width"))
        yield from _overlaps(one)


def _of_column(column: Column, *, is_fixed: bool) -> Iterator[str]:
    if is_fixed and (column.start < 1 or column.width < 1):
        yield f"the column {column.name} needs its start, counted from 1, and its width"
    if column.width > LONGEST or column.end > LONGEST:
        yield f"the column {column.name} ends behind {LONGEST} characters"
    if column.places is not None and (column.kind != "decimal" or not 0 <= column.places <= 12):  # noqa: PLR2004 (of a decimal)
        yield f"the column {column.name} is no decimal with 0 to 12 places"
    if column.format and column.kind not in _FORMATS:
        yield f"the column {column.name} is no date and no time, and has a format"


def _overlaps(columns: tuple[Column, ...]) -> Iterator[str]:
    placed = sorted((one for one in columns if one.start), key=lambda one: one.start)
    for before, one in itertools.pairwise(placed):
        if before.end > one.start - 1:
            yield f"the columns {before.name} and {one.name} overlap"
