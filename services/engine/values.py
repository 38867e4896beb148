"""JSON values of a run: numbers keep their value exactly, documents have a depth (S-25, S-29).

A value is None, bool, int, float, Decimal, str, list or dict with string keys. Decimal appears only for a fraction
whose digits a float would lose.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from template_library.dsl.scalars import ScalarError, number

DEPTH: Final = 64
DIGITS: Final = 300
BYTES: Final = 10 * 1024 * 1024

_DECODER: Final = msgspec.json.Decoder(float_hook=number)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class ValueRefused(ValueError):
    """The text is not exactly one JSON value within the limits. The message says what is wrong, without the text."""


def decode(text: bytes | str, *, depth: int = DEPTH) -> Any:
    """The one JSON value in `text`.

    Raises:
        ValueRefused: not JSON, a number out of range, or nested more than `depth` deep.
    """
    try:
        value = _DECODER.decode(text)
    except (msgspec.DecodeError, ScalarError, UnicodeError) as error:
        raise ValueRefused(str(error)) from error
    except RecursionError as error:
        raise ValueRefused(f"nested more than {DEPTH} deep") from error
    check_bounds(value, depth=depth, weight=16 * len(text))
    return value


def encode(value: Any) -> bytes:
    """`value` as compact JSON text in UTF-8."""
    return _ENCODER.encode(value)


def plain(text: str) -> str:
    """`text` as the database can look into it: a replacement character for each NUL and lone surrogate."""
    return text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def check_bounds(value: Any, *, depth: int = DEPTH, weight: int = BYTES) -> None:
    """Walks level by level with a budget, never recursing: a part repeated a million times stays cheap to refuse.

    Raises:
        ValueRefused: nested more than `depth` deep, or more than about `weight` bytes as text.
    """
    level = [value]
    for _ in range(depth):
        below: list[Any] = []
        for one in level:
            kind = type(one)
            weight -= 8
            if kind is str:
                weight -= len(one)
            elif kind is dict:
                weight -= sum(map(len, one)) + 8 * len(one)
                below.extend(one.values())
            elif kind is list:
                weight -= 8 * len(one)
                below.extend(one)
            if weight < 0:
                raise ValueRefused(f"larger than {BYTES // 1024**2} MiB")
        if not below:
            return
        level = below
    if any(isinstance(one, dict | list) for one in level):
        raise ValueRefused(f"nested more than {DEPTH} deep")
