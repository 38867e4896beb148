"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2), and numbers without loss.

PyYAML resolves by YAML 1.1, where `no` is false, `1:30` is 90 and `012` is 10 (S-33).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from template_library.dsl import limits

_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ScalarError(ValueError):
    """The scalar has no form in JSON, or is longer than a number may be."""


def plain(text: str) -> Any:
    """The value of an unquoted scalar.

    Raises:
        ScalarError: infinity, not-a-number, or a number that is too long or too large.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"`{text}` has no form in JSON")
    if len(text) > limits.NUMBER_DIGITS and (_FLOAT.fullmatch(text) or _BASED.fullmatch(text)):
        raise ScalarError(f"a number may have at most {limits.NUMBER_DIGITS} digits")
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return number(text) if _FLOAT.fullmatch(text) else text


def number(text: str) -> float | Decimal:
    """A fraction as float where that keeps its value exactly as written, as Decimal where digits would be lost (S-29).

    Raises:
        ScalarError: the number does not fit a double at all (`1e400`).
    """
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ScalarError(f"the number {text[:40]} is out of range")
    if len(text) <= 16:  # noqa: PLR2004 - up to 15 significant digits a double always gives back what was written
        return value
    exact = Decimal(text)
    return value if exact == Decimal(repr(value)) else exact
