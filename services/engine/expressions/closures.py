"""The pieces that trivial programs are made of: functions of the input and the variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.engine.expressions.comparison import NotTrivial, truthy

Compiled = Callable[[Any, Mapping[str, Any]], Any]


def identity(value: Any, _: Mapping[str, Any]) -> Any:
    return value


def constant(constant: Any) -> Compiled:
    return lambda _value, _variables: constant


def variable(name: str) -> Compiled:
    def run(_: Any, variables: Mapping[str, Any]) -> Any:
        if name not in variables:
            raise NotTrivial
        return variables[name]

    return run


def member(term: Compiled, name: str) -> Compiled:
    if term is identity:
        return _own_member(name)

    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        whole = term(value, variables)
        if isinstance(whole, dict):
            return whole.get(name)
        if whole is None:
            return None
        raise NotTrivial

    return run


def _own_member(name: str) -> Compiled:
    """`.name`, the most usual of all."""

    def run(value: Any, _: Mapping[str, Any]) -> Any:
        if isinstance(value, dict):
            return value.get(name)
        if value is None:
            return None
        raise NotTrivial

    return run


def element(term: Compiled, index: int) -> Compiled:
    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        whole = term(value, variables)
        if isinstance(whole, list):
            return whole[index] if index < len(whole) else None
        if whole is None:
            return None
        raise NotTrivial

    return run


def either(left: Compiled, right: Compiled) -> Compiled:
    return lambda value, variables: truthy(left(value, variables)) or truthy(right(value, variables))


def both(left: Compiled, right: Compiled) -> Compiled:
    return lambda value, variables: truthy(left(value, variables)) and truthy(right(value, variables))
