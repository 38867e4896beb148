"""jq's order and equality of values, where Python can be sure of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

EXACT: Final = 2**53

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# jq manual, "sort": null, false, true, numbers, strings, arrays, objects.
_RANKS: Final = {type(None): 0, int: 3, float: 3, str: 4, list: 5, dict: 6}
_CONTAINER: Final = 5
_NUMBER: Final = 3


class NotTrivial(Exception):
    """jq must decide."""


def truthy(value: Any) -> bool:
    return value is not None and value is not False


def compare(symbol: str, left: Any, right: Any) -> bool:
    """Raises NotTrivial for containers of one kind, Decimals, and integers that a double cannot hold."""
    if type(left) is str and type(right) is str:
        return _OPERATORS[symbol](left, right)
    left_rank, right_rank = _rank(left), _rank(right)
    if left_rank != right_rank:
        return _OPERATORS[symbol](left_rank, right_rank)
    if left_rank >= _CONTAINER:
        raise NotTrivial
    if left_rank == _NUMBER and not (-EXACT <= left <= EXACT and -EXACT <= right <= EXACT):
        raise NotTrivial
    if left_rank < _NUMBER:
        return _OPERATORS[symbol](0, 0)
    return _OPERATORS[symbol](left, right)


def _rank(value: Any) -> int:
    if value is True or value is False:
        return 2 if value else 1
    rank = _RANKS.get(type(value))
    if rank is None:
        raise NotTrivial
    return rank
