from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Mistake(NamedTuple):
    """`pointer` leads to the value, `detail` says what is wrong and what to do."""

    pointer: str
    detail: str


def near(name: str, known: Iterable[str]) -> str:
    """A question that helps with a slip of the pen."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean `{close[0]}`?" if close else ""
