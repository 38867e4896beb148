"""Programs that give several values, as lists; and how much of it is worth doing in process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from services.engine.expressions.closures import Compiled
from services.engine.expressions.comparison import NotTrivial

ALLOWANCE: Final = 16_384
"""Of one program: characters and members that it makes, 64 for each item that it looks at. Beyond that jq is faster,
in a process that may be killed (S-23)."""
ITEM: Final = 64

Many = Callable[[Any, Mapping[str, Any]], list[Any]]

_left: Final = [0]


def begin() -> None:
    """A program begins. They run to their end without another beside them, in one thread."""
    _left[0] = ALLOWANCE


def spend(amount: int) -> None:
    """Raises NotTrivial when the program has done too much."""
    _left[0] -= amount
    if _left[0] < 0:
        raise NotTrivial


class Stream:
    """What gives any number of values. Where one value is wanted, jq decides what becomes of several."""

    __slots__ = ("run",)

    def __init__(self, run: Many) -> None:
        self.run = run

    def __call__(self, _value: Any, _variables: Mapping[str, Any]) -> NoReturn:
        raise NotTrivial


def many(term: Compiled) -> Many:
    if isinstance(term, Stream):
        return term.run
    return lambda value, variables: [term(value, variables)]


def collected(term: Compiled) -> Compiled:
    """`[term]`."""
    return many(term)


def joined(terms: Sequence[Compiled]) -> Compiled:
    """`first, second, …`."""
    if not any(isinstance(term, Stream) for term in terms):
        return Stream(lambda value, variables: [term(value, variables) for term in terms])
    runs = [many(term) for term in terms]
    return Stream(lambda value, variables: [one for run in runs for one in run(value, variables)])


def piped(left: Compiled, right: Compiled) -> Compiled:
    """`left | right`."""
    if not isinstance(left, Stream):
        if not isinstance(right, Stream):
            return lambda value, variables: right(left(value, variables), variables)
        after = right.run
        return Stream(lambda value, variables: after(left(value, variables), variables))
    before = left.run
    if not isinstance(right, Stream):
        return Stream(lambda value, variables: [right(one, variables) for one in before(value, variables)])
    inner = right.run
    return Stream(lambda value, variables: [one for item in before(value, variables) for one in inner(item, variables)])


def bound(term: Compiled, name: str, body: Compiled) -> Compiled:
    """`term as $name | body`."""
    if not isinstance(term, Stream) and not isinstance(body, Stream):
        return lambda value, variables: body(value, {**variables, name: term(value, variables)})
    first, rest = many(term), many(body)
    return Stream(
        lambda value, variables: [
            one for item in first(value, variables) for one in rest(value, {**variables, name: item})
        ]
    )


def items(term: Compiled) -> Compiled:
    """`term[]`, of an array."""
    return piped(term, Stream(lambda value, _: each(value)))


def each(value: Any) -> list[Any]:
    """The items of an array, paid for. Raises NotTrivial for what is none."""
    if not isinstance(value, list):
        raise NotTrivial
    spend(ITEM * len(value) + 1)
    return value
