"""What jq makes of two values, or of one as text, where Python can be sure of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from services.engine.expressions.closures import Compiled
from services.engine.expressions.comparison import EXACT, NotTrivial
from services.engine.expressions.streams import spend

T = TypeVar("T", str, list[Any], dict[str, Any])


def applied(operation: Callable[[Any, Any], Any], left: Compiled, right: Compiled) -> Compiled:
    return lambda value, variables: operation(left(value, variables), right(value, variables))


def plus(left: Any, right: Any) -> Any:
    if left is None:
        return right
    if right is None:
        return left
    if isinstance(left, str) and isinstance(right, str):
        return paid(left + right)
    if isinstance(left, list) and isinstance(right, list):
        return paid(left + right)
    if isinstance(left, dict) and isinstance(right, dict):
        return paid({**left, **right})
    return number(of(left) + of(right))


def minus(left: Any, right: Any) -> Any:
    return number(of(left) - of(right))


def times(left: Any, right: Any) -> Any:
    found = of(left) * of(right)
    if found == 0 and (math.copysign(1, left) < 0 or math.copysign(1, right) < 0):
        raise NotTrivial  # -0
    return number(found)


def over(left: Any, right: Any) -> Any:
    if of(right) == 0 or (of(left) == 0 and right < 0):
        raise NotTrivial
    return number(left / right)


def of(value: Any) -> int | float:
    """A number that a double holds as it is. Raises NotTrivial for anything else."""
    if type(value) is int and -EXACT <= value <= EXACT:
        return value
    if type(value) is float and -EXACT <= value <= EXACT:
        return value
    raise NotTrivial


def number(value: float) -> int | float:
    """As jq writes what it has reckoned: whole ones without a point."""
    if not -EXACT <= value <= EXACT:
        raise NotTrivial
    if type(value) is float and value.is_integer():
        if value == 0 and math.copysign(1, value) < 0:
            raise NotTrivial
        return int(value)
    return value


def cut(value: Any, first: int | None, last: int | None) -> Any:
    """`value[first:last]`."""
    if value is None:
        return None
    if isinstance(value, str):
        return paid(value[first:last])
    if isinstance(value, list):
        return paid(value[first:last])
    raise NotTrivial


def at(value: Any, key: Any) -> Any:
    """`value[key]`."""
    if isinstance(key, str) and (value is None or isinstance(value, dict)):
        return None if value is None else value.get(key)
    if type(key) is int and 0 <= key <= EXACT and (value is None or isinstance(value, list)):
        return value[key] if value is not None and key < len(value) else None
    raise NotTrivial


def as_text(value: Any, _: Mapping[str, Any] | None = None) -> str:
    """`tostring`."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int and -EXACT <= value <= EXACT:
        return str(value)
    raise NotTrivial


def paid(value: T) -> T:
    spend(len(value))
    return value
