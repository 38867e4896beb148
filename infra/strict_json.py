"""JSON from outside, read strictly: one text, no duplicate names, no NUL or NaN, bounded depth (S-30, S-31)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec

_FRACTION: Final[Callable[[str], Any]] = float


class MalformedJson(ValueError):
    """The bytes are no JSON that is accepted here; the message says why, in words for the sender."""


def decode(body: bytes, *, fraction: Callable[[str], Any] = _FRACTION) -> Any:
    """The value of `body`, in UTF-8; `fraction` reads numbers with a point or an exponent, raising ValueError.

    Raises:
        MalformedJson: not one JSON text, a duplicate name, the character U+0000, or nested too deeply.
    """
    try:
        value = msgspec.json.Decoder(float_hook=None if fraction is _FRACTION else fraction).decode(body)
    except UnicodeDecodeError:
        raise MalformedJson("not UTF-8") from None
    except ValueError as error:
        raise MalformedJson(f"not JSON: {error}") from None
    except RecursionError:
        raise MalformedJson("nested too deeply") from None
    # PostgreSQL's text has no NUL, so it is refused at the door instead of half way in.
    if b"\\u0000" in body and _holds_nul(value):
        raise MalformedJson("a string holds the character U+0000")
    # msgspec keeps the last of two equal names; the count of names tells whether there were two.
    try:
        json.loads(body, object_pairs_hook=_refuse_duplicates)
    except RecursionError:
        raise MalformedJson("nested too deeply") from None
    return value


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise MalformedJson(f"the name {name[:80]!r} stands twice in one object")
            seen.add(name)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(name) or _holds_nul(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))
