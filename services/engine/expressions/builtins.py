"""The functions of jq that programs in process may call, by name and number of arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Final

from services.engine.expressions import sums
from services.engine.expressions.closures import Compiled, identity
from services.engine.expressions.comparison import EXACT, NotTrivial, truthy
from services.engine.expressions.streams import ITEM, Stream, each, items, many, spend

_DECIMAL: Final = re.compile(r"(?:[1-9][0-9]{0,14}|0)|(?:[1-9][0-9]*|0)\.[0-9]+", re.ASCII)
_DIGITS: Final = 15


def _plain(function: Callable[[Any], Any]) -> Callable[[], Compiled]:
    return lambda: lambda value, _: function(value)


def _length(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str | list | dict):
        return len(value)
    raise NotTrivial


def _to_number(value: Any) -> Any:
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value) or len(value.replace(".", "").lstrip("0")) > _DIGITS:
            raise NotTrivial
        return float(value) if "." in value else int(value)
    return sums.of(value)


def _round(value: Any) -> Any:
    """Halves away from zero, as C does."""
    found = sums.of(value)
    whole = math.floor(abs(found))
    whole += abs(found) - whole >= 0.5  # noqa: PLR2004 (a half)
    if whole == 0 and math.copysign(1, found) < 0:
        raise NotTrivial
    return sums.number(math.copysign(whole, found))


def _floor(value: Any) -> Any:
    found = sums.of(value)
    if found == 0 and math.copysign(1, found) < 0:
        raise NotTrivial
    return math.floor(found)


def _add(value: Any) -> Any:
    found = None
    for one in each(value):
        found = sums.plus(found, one)
    return found


def _keys(value: Any) -> Any:
    if not isinstance(value, dict):
        raise NotTrivial
    spend(ITEM * len(value))
    return sorted(value)


def _from_entries(value: Any) -> Any:
    found = {}
    for one in each(value):
        if not isinstance(one, dict) or not isinstance(one.get("key"), str) or "value" not in one:
            raise NotTrivial
        found[one["key"]] = one["value"]
    return found


def _lower(value: Any) -> Any:
    if not isinstance(value, str) or not value.isascii():
        raise NotTrivial
    return sums.paid(value.lower())


def _upper(value: Any) -> Any:
    if not isinstance(value, str) or not value.isascii():
        raise NotTrivial
    return sums.paid(value.upper())


def _map(each_one: Compiled) -> Compiled:
    if isinstance(each_one, Stream):
        run = each_one.run
        return lambda value, variables: [found for one in each(value) for found in run(one, variables)]
    return lambda value, variables: [each_one(one, variables) for one in each(value)]


def _select(test: Compiled) -> Compiled:
    return Stream(lambda value, variables: [value] if truthy(test(value, variables)) else [])


def _any(generator: Compiled, test: Compiled) -> Compiled:
    run = many(generator)
    return lambda value, variables: any(truthy(test(one, variables)) for one in run(value, variables))


def _all(generator: Compiled, test: Compiled) -> Compiled:
    run = many(generator)
    return lambda value, variables: all(truthy(test(one, variables)) for one in run(value, variables))


def _index(key: Compiled) -> Compiled:
    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        return {sums.as_text(key(one, variables)): one for one in each(value)}

    return run


def _sorted(key: Compiled) -> Callable[[Any, Mapping[str, Any]], list[tuple[Any, Any]]]:
    """Pairs of key and item, in the order of their keys, which are all texts or all small whole numbers."""

    def run(value: Any, variables: Mapping[str, Any]) -> list[tuple[Any, Any]]:
        pairs = [(key(one, variables), one) for one in each(value)]
        kinds = {type(found) for found, _ in pairs}
        if len(kinds) > 1 or kinds - {str, int} or any(abs(found) > EXACT for found, _ in pairs if kinds == {int}):
            raise NotTrivial
        spend(ITEM * len(pairs))
        return sorted(pairs, key=_first)

    return run


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _sort_by(key: Compiled) -> Compiled:
    run = _sorted(key)
    return lambda value, variables: [one for _, one in run(value, variables)]


def _group_by(key: Compiled) -> Compiled:
    run = _sorted(key)
    return lambda value, variables: [
        [one for _, one in group] for _, group in groupby(run(value, variables), key=_first)
    ]


def _unique_by(key: Compiled) -> Compiled:
    run = _sorted(key)
    return lambda value, variables: [next(group)[1] for _, group in groupby(run(value, variables), key=_first)]


def _has(key: Compiled) -> Compiled:
    def run(value: Any, variables: Mapping[str, Any]) -> bool:
        found = key(value, variables)
        if isinstance(value, dict) and isinstance(found, str):
            return found in value
        raise NotTrivial

    return run


def _join(between: Compiled) -> Compiled:
    def run(value: Any, variables: Mapping[str, Any]) -> str:
        mark = between(value, variables)
        if not isinstance(mark, str):
            raise NotTrivial
        return sums.paid(mark.join("" if one is None else sums.as_text(one) for one in each(value)))

    return run


def _of_text(function: Callable[[str, str], Any]) -> Callable[[Compiled], Compiled]:
    def made(other: Compiled) -> Compiled:
        def run(value: Any, variables: Mapping[str, Any]) -> Any:
            given = other(value, variables)
            if not isinstance(value, str) or not isinstance(given, str):
                raise NotTrivial
            return function(value, given)

        return run

    return made


def _split(value: str, mark: str) -> list[str]:
    if not mark or not value:
        raise NotTrivial
    spend(ITEM * value.count(mark) + len(value))
    return value.split(mark)


TABLE: Final[dict[tuple[str, int], Callable[..., Compiled]]] = {
    ("add", 0): _plain(_add),
    ("all", 0): lambda: _all(items(identity), identity),
    ("all", 1): lambda test: _all(items(identity), test),
    ("all", 2): _all,
    ("any", 0): lambda: _any(items(identity), identity),
    ("any", 1): lambda test: _any(items(identity), test),
    ("any", 2): _any,
    ("ascii_downcase", 0): _plain(_lower),
    ("ascii_upcase", 0): _plain(_upper),
    ("empty", 0): lambda: Stream(lambda _value, _variables: []),
    ("endswith", 1): _of_text(str.endswith),
    ("floor", 0): _plain(_floor),
    ("from_entries", 0): _plain(_from_entries),
    ("group_by", 1): _group_by,
    ("has", 1): _has,
    ("INDEX", 1): _index,
    ("join", 1): _join,
    ("keys", 0): _plain(_keys),
    ("length", 0): _plain(_length),
    ("ltrimstr", 1): _of_text(str.removeprefix),
    ("map", 1): _map,
    ("not", 0): _plain(lambda value: not truthy(value)),
    ("round", 0): _plain(_round),
    ("rtrimstr", 1): _of_text(str.removesuffix),
    ("select", 1): _select,
    ("sort_by", 1): _sort_by,
    ("split", 1): _of_text(_split),
    ("startswith", 1): _of_text(str.startswith),
    ("tonumber", 0): _plain(_to_number),
    ("tostring", 0): _plain(sums.as_text),
    ("unique", 0): lambda: _unique_by(identity),
    ("unique_by", 1): _unique_by,
}
