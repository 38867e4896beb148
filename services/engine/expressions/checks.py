from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from services.engine.expressions import trivial
from services.engine.expressions.protocol import Evaluator, ExpressionFailed
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.keys import POINTER
from template_library.dsl.model import Workflow
from template_library.dsl.reader import read

_MATCH: Final = "test($pattern)"


class Compiler(Evaluator, Protocol):
    async def check(self, program: str, variables: Sequence[str]) -> str | None: ...


async def check_expressions(workflow: Workflow, text: str, compiler: Compiler, *, filename: str = "workflow") -> None:
    """Ask jq whether every expression and pattern of a parsed document compiles alone (S-28); `text` gives positions.

    Raises:
        DocumentError: with one violation for each that does not.
        ExpressionsUnavailable: nothing was checked.
    """
    violations = []
    for expression in workflow.expressions:
        problem = await compiler.check(expression.program, expression.variables)
        if problem is not None and expression.text is None:
            line, column = read(text, filename=filename).value_at(expression.pointer)
            message = f"the expression does not compile: {_reason(problem)}"
            violations.append(Violation(expression.pointer, line, column, message))
    for pattern in workflow.patterns:
        try:
            await compiler.evaluate([_MATCH], "", {"pattern": pattern.text})
        except ExpressionFailed as error:
            line, column = read(text, filename=filename).value_at(pattern.pointer)
            message = f"the regular expression does not compile: {_reason(error.detail)}"
            violations.append(Violation(pattern.pointer, line, column, message))
    violations += _unserializable(workflow, text, filename)
    if violations:
        raise DocumentError(filename, violations)


def _unserializable(workflow: Workflow, text: str, filename: str) -> list[Violation]:
    """A run takes its place behind others of its key as it starts, where no jq is asked."""
    declared = workflow.keys
    if declared is None or declared.serialize is None or trivial.is_trivial(declared.search[declared.serialize]):
        return []
    pointer = f"{POINTER}/search/{declared.serialize}"
    line, column = read(text, filename=filename).value_at(pointer)
    words = "a key that runs are serialized by is a path, such as `.[0].data.number`, or paths joined by `//`"
    return [Violation(pointer, line, column, words)]


def _reason(problem: str) -> str:
    """The words of jq without its prefix and the place, which counts our own wrapper in."""
    first = problem.strip().splitlines()[0] if problem.strip() else "unknown"
    return first.removeprefix("jq: error: ").partition(" at <top-level>")[0]
