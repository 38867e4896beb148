"""A named statement: its text as somebody wrote it, the parameters that are bound, and how much it may answer."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

Kind = Literal["text", "integer", "decimal", "boolean", "date", "time", "json"]
Does = Literal["read", "write"]

MOST_ROWS: Final = 10_000
_FIRST: Final = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_WORDS: Final[dict[Does, frozenset[str]]] = {
    "read": frozenset({"select", "with", "values", "table"}),
    "write": frozenset({"insert", "update", "delete", "merge", "with", "select", "call"}),
}


class StatementRefused(Exception):
    """It cannot be used. `detail` says why, for who wrote it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """The next of `$1`, `$2`, …. `many`: a list, as for `= ANY ($1)`. `required`: else it may be null."""

    name: str
    kind: Kind = "text"
    many: bool = False
    required: bool = True


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is ever put into `text`. `most_rows`: of more the call is refused."""

    text: str
    parameters: tuple[Parameter, ...] = ()
    most_rows: int = 1_000


def read(value: Any) -> Statement:
    """The statement that `value`, JSON of the manifest's form, is. Raises StatementRefused."""
    try:
        return msgspec.convert(value, Statement)
    except msgspec.ValidationError as error:
        raise StatementRefused(str(error)) from error


def hold(statement: Statement, does: Does) -> None:
    """Raises StatementRefused: it is of another kind, or names a parameter twice.

    That it changes nothing is the database's to see, in a transaction that only reads.
    """
    found = _FIRST.match(statement.text)
    if found is None or found[1].lower() not in _WORDS[does]:
        words = ", ".join(sorted(one.upper() for one in _WORDS[does]))
        raise StatementRefused(f"one that {does}s begins with one of {words}")
    names = [one.name for one in statement.parameters]
    if twice := {one for one in names if names.count(one) > 1}:
        raise StatementRefused(f"it has two parameters {min(twice)}")
