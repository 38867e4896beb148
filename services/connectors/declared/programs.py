"""The programs of a manifest, looked at before they ever run: what they name, and whether jq takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, Protocol

from services.connectors.declared import triggers
from services.connectors.declared.connector import Declared
from services.connectors.declared.mistakes import Mistake
from services.connectors.declared.operations import VARIABLES
from template_library.dsl import tokens
from template_library.dsl.model import Expression

_ANSWER: Final = VARIABLES | {"status", "headers", "also", "beyond"}
_MORE: Final = VARIABLES | {"found", "also"}


class Compiler(Protocol):
    """jq, asked whether a program compiles (`services.engine.expressions.evaluator.Expressions`)."""

    async def check(self, program: str, variables: Sequence[str]) -> str | None: ...


async def mistakes(declared: Declared, compiler: Compiler) -> AsyncIterator[Mistake]:
    """All that is wrong with programs, each told once."""
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
    parts = [part for one in declared.operations.values() for part in one.parts]
    parts += [part for one in declared.polls.values() for part in one.parts]
    for filled in parts:
        for one in filled.template.expressions:
            if (one.pointer, one.program) not in seen:
                seen.add((one.pointer, one.program))
                yield one


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
