"""Templates of a manifest: JSON with jq programs in it, filled in process where they are simple, else by the pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from services.engine.expressions import closures, quick, streams
from services.engine.expressions.closures import Compiled
from services.engine.expressions.comparison import NotTrivial
from services.engine.expressions.protocol import Evaluator
from services.engine.faults import Fault
from services.engine.rendering import render
from template_library.dsl import tokens
from template_library.dsl.model import Constant, Expression, ListTemplate, Template
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, join


class Unmapped(Exception):
    """A template could not be filled with what came. `detail` names its place in the manifest, with the words of jq."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Filling(msgspec.Struct, frozen=True):
    """What fills templates in one call: jq out of process where it is needed, in the lane of the tenant."""

    evaluator: Evaluator
    tenant: UUID


AWAITED: Final = object()
"""What `Filled.now` gives where jq is to be asked."""


class Filled:
    """One template, ready."""

    __slots__ = ("_run", "pointer", "template")

    def __init__(self, value: Any, pointer: str) -> None:
        self.pointer = pointer
        self.template = template(value, pointer)
        self._run = _function(self.template)

    @property
    def is_constant(self) -> bool:
        return isinstance(self.template, Constant)

    def now(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """The template on `value`, or `AWAITED`."""
        if self._run is None:
            return AWAITED
        streams.begin()
        try:
            return self._run(value, variables)
        except NotTrivial:
            return AWAITED

    async def of(self, value: Any, variables: Mapping[str, Any], filling: Filling) -> Any:
        """The template on `value`.

        Raises:
            Unmapped: a program failed.
            ExpressionsUnavailable: nothing was evaluated.
        """
        found = self.now(value, variables)
        if found is not AWAITED:
            return found
        try:
            return await render(self.template, value, variables, filling.evaluator, str(filling.tenant))
        except Fault as fault:
            raise Unmapped(fault.error.detail) from fault


def template(value: Any, pointer: str) -> Template:
    """`value` with the programs in its strings found; a string is one program, or none."""
    if isinstance(value, str):
        match = DELIMITED.fullmatch(value)
        return program(match[1], pointer) if match else Constant(value)
    if isinstance(value, dict):
        return join({name: template(member, step(pointer, name)) for name, member in value.items()})
    if isinstance(value, list):
        items = tuple(template(item, step(pointer, index)) for index, item in enumerate(value))
        return Constant(value) if all(isinstance(item, Constant) for item in items) else ListTemplate(items)
    return Constant(value)


def program(text: str, pointer: str) -> Expression:
    """A jq program with the variables that it takes from outside."""
    names = tuple(sorted({mention.text for mention in tokens.scan(text).free}))
    return Expression(text.strip(), pointer, names)


def programs(found: Template) -> Sequence[Expression]:
    return found.expressions


def _function(found: Template) -> Compiled | None:
    """The template as one function; None where a program of it needs jq."""
    if isinstance(found, Constant):
        return closures.constant(found.value)
    if isinstance(found, Expression):
        return quick.compiled(found.program)
    if isinstance(found, ListTemplate):
        items = [_function(item) for item in found.items]
        return None if None in items else _list([item for item in items if item is not None])
    members = [(name, _function(member)) for name, member in found.members]
    if any(member is None for _, member in members):
        return None
    fixed = {name: one.value if isinstance(one, Constant) else None for name, one in found.members}
    moving = {name for name, one in found.members if not isinstance(one, Constant)}
    return _object(fixed, [(name, member) for name, member in members if member is not None and name in moving])


def _list(items: Sequence[Compiled]) -> Compiled:
    return lambda value, variables: [item(value, variables) for item in items]


def _object(fixed: Mapping[str, Any], moving: Sequence[tuple[str, Compiled]]) -> Compiled:
    """`fixed` has every name, so that the order is the manifest's."""

    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        made = dict(fixed)
        for name, member in moving:
            made[name] = member(value, variables)
        return made

    return run


_MARK: Final = "${"


class Piece(msgspec.Struct, frozen=True):
    """A part of a text: `text` as it stands, or what `filled` gives."""

    text: str = ""
    filled: Filled | None = None


def pieces(text: str, pointer: str) -> Iterator[Piece]:
    """The parts of a text in which `${ program }` may stand anywhere; a program ends at the first `}`."""
    while _MARK in text:
        before, _, rest = text.partition(_MARK)
        source, _, text = rest.partition("}")
        if before:
            yield Piece(before)
        yield Piece(filled=Filled(f"${{{source}}}", pointer))
    if text:
        yield Piece(text)
