"""The programs of a manifest, looked at before they ever run: what they name, and whether jq takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, Protocol

from services.connectors.declared import triggers
from services.connectors.declared.connector import Declared
from services.connectors.declared.mapping import Filled
from services.connectors.declared.mistakes import Mistake
from services.connectors.declared.operations import VARIABLES
from template_library.dsl import tokens
from template_library.dsl.model import Constant, Expression, ListTemplate, MapTemplate
from template_library.dsl.positions import step

_ANSWER: Final = VARIABLES | {"status", "headers", "also", "beyond"}
_MORE: Final = VARIABLES | {"found", "also"}


_HALF: Final = 'a `${` in it begins no program: a text is one program or none; write `${ "PO-\\(.number)" }`'


class Compiler(Protocol):
    """jq, asked whether a program compiles (`services.engine.expressions.evaluator.Expressions`)."""

    async def check(self, program: str, variables: Sequence[str]) -> str | None: ...


async def mistakes(declared: Declared, compiler: Compiler) -> AsyncIterator[Mistake]:
    """All that is wrong with programs, each told once."""
    for pointer in _halves(declared):
        yield Mistake(pointer, _HALF)
    for one in _programs(declared):
        found = list(_of(one))
        for mistake in found:
            yield mistake
        if found:
            continue
        wrong = await compiler.check(one.program, sorted(_allowed(one)))
        if wrong is not None:
            yield Mistake(one.pointer, f"jq does not take it: {_reason(wrong)}")


def _programs(declared: Declared) -> Iterator[Expression]:
    seen = set()
    for filled in _parts(declared):
        for one in filled.template.expressions:
            if (one.pointer, one.program) not in seen:
                seen.add((one.pointer, one.program))
                yield one


def _halves(declared: Declared) -> Iterator[str]:
    """Places of texts that begin a program and are none: they would be sent as they stand."""
    found = (place for filled in _parts(declared) for place in _begun(filled.template, filled.pointer))
    yield from dict.fromkeys(found)


def _begun(found: Any, pointer: str) -> Iterator[str]:
    """`found`: a template, or what a constant one holds."""
    match found:
        case Constant(value=value):
            yield from _begun(value, pointer)
        case MapTemplate(members=members):
            yield from (place for name, member in members for place in _begun(member, step(pointer, name)))
        case ListTemplate(items=items) | list(items):
            yield from (place for index, one in enumerate(items) for place in _begun(one, step(pointer, index)))
        case dict(members):
            yield from (place for name, member in members.items() for place in _begun(member, step(pointer, name)))
        case str(text) if "${" in text:
            yield pointer


def _parts(declared: Declared) -> Iterator[Filled]:
    yield from (part for one in declared.operations.values() for part in one.parts)
    yield from (part for one in declared.polls.values() for part in one.parts)


def _of(one: Expression) -> Iterator[Mistake]:
    scan = tokens.scan(one.program)
    if not one.program:
        yield Mistake(one.pointer, "the program is empty")
    if scan.ends_early:
        yield Mistake(one.pointer, 'a string is one program or none; join parts inside of one, as "\\(.a) and \\(.b)"')
    for word in scan.forbidden:
        yield Mistake(one.pointer, f"`{word.text}` may not be used in a program")
    for name in sorted(set(one.variables) - _allowed(one) - {"ENV"}):
        where = "before there is an answer" if name in _ANSWER else "anywhere"
        yield Mistake(one.pointer, f"`${name}` is not there {where}; there are {_listed(_allowed(one))}")


def _allowed(one: Expression) -> frozenset[str]:
    if one.pointer.startswith("/triggers/"):
        return triggers.VARIABLES
    if "/also/" in one.pointer:
        return _MORE
    is_before = any(place in one.pointer for place in ("/request/", "/checks/", "/before/"))
    return VARIABLES if is_before else _ANSWER


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"${name}" for name in sorted(names))


def _reason(words: str) -> str:
    """Jq's words without its prefix and the place, which counts our own wrapper in."""
    first = words.strip().splitlines()[0] if words.strip() else "unknown"
    return first.removeprefix("jq: error: ").partition(" at <top-level>")[0]
