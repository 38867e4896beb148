from __future__ import annotations

from typing import Any, NamedTuple


class Position(NamedTuple):
    """Both from 1, as editors count."""

    line: int
    column: int


class Source:
    """A document read: its value, and where each value and each property name stands, by RFC 6901 pointer."""

    def __init__(self, value: Any, values: dict[str, Position], names: dict[str, Position]) -> None:
        self.value = value
        self._values = values
        self._names = names

    def value_at(self, pointer: str) -> Position:
        """Where the value stands; of the nearest enclosing value when `pointer` leads to nothing."""
        while pointer not in self._values:
            if not pointer:
                return Position(1, 1)
            pointer = pointer.rpartition("/")[0]
        return self._values[pointer]

    def name_at(self, pointer: str) -> Position:
        """Where the property name stands that ends `pointer`."""
        return self._names.get(pointer) or self.value_at(pointer)


def step(pointer: str, token: str | int) -> str:
    """`pointer` and one more token, escaped (RFC 6901, section 3)."""
    if isinstance(token, str) and ("~" in token or "/" in token):
        token = token.replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{token}"
