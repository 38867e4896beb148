"""Finds the expressions in a value, in strict mode: a string is an expression when all of it is `${ … }`."""

from __future__ import annotations

import re
from typing import Any, Final

from template_library.dsl import limits, tokens
from template_library.dsl.checker import Checker, kind_of, nearest
from template_library.dsl.model import Constant, Expression, ListTemplate, MapTemplate, Template
from template_library.dsl.positions import step

_STRICT: Final = re.compile(r"\s*\$\{(.+)\}\s*", re.DOTALL)

# Runtime arguments by place (DSL, table under "Runtime expression arguments").
WORKFLOW_INPUT: Final = frozenset({"workflow", "runtime"})
WORKFLOW_OUTPUT: Final = frozenset({"context", "workflow", "runtime"})
BEFORE_TASK: Final = frozenset({"context", "task", "workflow", "runtime"})
DEFINITION: Final = BEFORE_TASK | {"input"}
EXPORT: Final = DEFINITION | {"output"}
_EVERY: Final = EXPORT


class Templates:
    """Builds templates and keeps every expression that it met, for the compile check at publish."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self.expressions: list[Expression] = []

    def template(self, value: Any, pointer: str, arguments: frozenset[str], *, secrets: bool = False) -> Template:
        """`value` with its expressions found. `secrets` marks the places where `$secrets` may ever stand (S-36)."""
        if isinstance(value, str):
            match = _STRICT.fullmatch(value)
            found = self._expression(match[1], pointer, arguments, secrets=secrets) if match else None
            return found or Constant(None if match else value)
        if isinstance(value, dict):
            members = [
                (name, self.template(member, step(pointer, name), arguments, secrets=secrets))
                for name, member in value.items()
            ]
            constant = all(isinstance(member, Constant) for _, member in members)
            return Constant(value) if constant else MapTemplate(tuple(members))
        if isinstance(value, list):
            items = [
                self.template(item, step(pointer, index), arguments, secrets=secrets)
                for index, item in enumerate(value)
            ]
            constant = all(isinstance(item, Constant) for item in items)
            return Constant(value) if constant else ListTemplate(tuple(items))
        return Constant(value)

    def expression(self, value: Any, pointer: str, arguments: frozenset[str]) -> Expression | None:
        """A field that is an expression by its nature (`if`, `when`): `${ }` around it may be left out."""
        text = self._checker.text(value, pointer)
        if text is None:
            return None
        match = _STRICT.fullmatch(text)
        return self._expression(match[1] if match else text, pointer, arguments, secrets=False)

    def transform(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """`from` or `as`: a string is always an expression, an object is a template."""
        if isinstance(value, str):
            return self.expression(value, pointer, arguments)
        if isinstance(value, dict):
            return self.template(value, pointer, arguments)
        self._checker.refuse(pointer, f"must be an expression or an object, not {kind_of(value)}")
        return None

    def _expression(self, text: str, pointer: str, arguments: frozenset[str], *, secrets: bool) -> Expression | None:
        program = text.strip()
        if not program:
            self._checker.refuse(pointer, "the expression is empty")
            return None
        if len(program.encode()) > limits.EXPRESSION_BYTES:
            self._checker.refuse(pointer, f"an expression may have at most {limits.EXPRESSION_BYTES // 1024} KiB")
            return None
        scan = tokens.scan(program)
        before = len(self._checker.violations)
        for mention in scan.forbidden:
            self._refuse_word(mention.text, pointer)
        for mention in scan.free:
            self._check_variable(mention.text, pointer, arguments, secrets=secrets)
        if len(self._checker.violations) > before:
            return None
        used = tuple(sorted({mention.text for mention in scan.free} & _EVERY))
        expression = Expression(program, pointer, used, scan.workflow_whole)
        self.expressions.append(expression)
        return expression

    def _refuse_word(self, word: str, pointer: str) -> None:
        hint = "; the time is `$runtime.now`" if word in tokens.CLOCK else ""
        message = f"`{word}` may not be used in an expression{hint}"
        self._checker.refuse(pointer, message, position=self._checker.locate(pointer, word))

    def _check_variable(self, name: str, pointer: str, arguments: frozenset[str], *, secrets: bool) -> None:
        if name in arguments or name in {"ENV", "__loc__"}:  # ENV is always {}; __loc__ is refused as a word
            return
        if name == "secrets" and not secrets:
            message = "`$secrets` may stand only inside `with.headers` and authentication"
        elif name in {"secrets", "authorization"}:
            message = f"`${name}` is part of the language but this version does not run it yet"
        elif name in _EVERY:
            message = f"`${name}` is not available in this place"
        else:
            message = f"`${name}` is not defined{nearest(name, arguments)}"
        self._checker.refuse(pointer, message, position=self._checker.locate(pointer, "$" + name))
