"""Finds the expressions in a value. In strict mode a string is one when all of it is `${ … }`; in loose mode any is.

Loose, by the reference: any value is evaluated, and where that fails the string itself is the value. So a string
without `${ }` that can be no expression at all is a constant; any other is one that knows its `text`. So it is with
values; what is an expression by its nature (`if`, `when`, `while`, `in`, …) fails as an error in both modes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from template_library.dsl import limits, programs, tokens
from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.model import Constant, Expression, ListTemplate, MapTemplate, Pattern, Template
from template_library.dsl.positions import step

DELIMITED: Final = re.compile(r"\s*\$\{(.+)\}\s*", re.DOTALL)

# Runtime arguments by place (DSL, table under "Runtime expression arguments").
WORKFLOW_INPUT: Final = frozenset({"workflow", "runtime"})
WORKFLOW_OUTPUT: Final = frozenset({"context", "workflow", "runtime"})
BEFORE_TASK: Final = frozenset({"context", "task", "workflow", "runtime"})
DEFINITION: Final = BEFORE_TASK | {"input"}
EXPORT: Final = DEFINITION | {"output"}
SECRET: Final = frozenset({"secrets", "authorization"})
"""Nowhere but in authentication, headers and API keys (S-36), which is less than the table allows."""
RESERVED: Final = EXPORT | SECRET | {"ENV", "__loc__", "__prog_args"}
_EVERY: Final = EXPORT
_PLAIN: Final = (
    "a secret is used by its path, `$secrets.name.member`, inside strings, with `+`, and once as `@base64` or `@uri`;"
    " in another form it would not be recognised, and so not be hidden"
)
_MIXED: Final = (
    "an expression ends before the text does, and a string is one expression or none; join the parts inside one, "
    'such as `${ "\\(.first) and \\(.second)" }`'
)


class Templates:
    """Builds templates and has `kept` every expression that it met, for the compile check at publish."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self.kept: list[Expression] = []
        self.patterns: list[Pattern] = []
        self.loose = False
        self.secrets: frozenset[str] = frozenset()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        return tuple(dict.fromkeys(self.kept))

    def keep(self, expression: Expression) -> Expression:
        self.kept.append(expression)
        return expression

    def template(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template:
        """`value` with its expressions found."""
        if isinstance(value, str):
            return self._string(value, pointer, arguments)
        if isinstance(value, dict):
            return join({
                name: self.template(member, step(pointer, name), arguments) for name, member in value.items()
            })  # fmt: skip
        if isinstance(value, list):
            items = [self.template(item, step(pointer, index), arguments) for index, item in enumerate(value)]
            constant = all(isinstance(item, Constant) for item in items)
            return Constant(value) if constant else ListTemplate(tuple(items))
        return Constant(value)

    def text(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """A string that names something: an expression in `${ }` alone, in both modes."""
        if self.checker.text(value, pointer) is None:
            return None
        match = DELIMITED.fullmatch(value)
        return self._written(match[1], pointer, arguments, value) if match else Constant(value)

    def expression(self, value: Any, pointer: str, arguments: frozenset[str]) -> Expression | None:
        """A field that is an expression by its nature (`if`, `when`): `${ }` around it may be left out."""
        text = self.checker.text(value, pointer)
        if text is None:
            return None
        match = DELIMITED.fullmatch(text)
        return self._expression(match[1] if match else text, pointer, arguments)

    def transform(self, value: Any, pointer: str, arguments: frozenset[str]) -> Template | None:
        """`from` or `as`: a string is always an expression, an object is a template."""
        if isinstance(value, str):
            return self._string(value, pointer, arguments) if self.loose else self.expression(value, pointer, arguments)
        if isinstance(value, dict):
            return self.template(value, pointer, arguments)
        self.checker.refuse(pointer, f"must be an expression or an object, not {kind_of(value)}")
        return None

    def _string(self, value: str, pointer: str, arguments: frozenset[str]) -> Template:
        match = DELIMITED.fullmatch(value)
        if match:
            return self._written(match[1], pointer, arguments, value)
        if not self.loose:
            return Constant(value)
        program = value.strip()
        if not program or len(program.encode("utf-8", "replace")) > limits.EXPRESSION_BYTES:
            return Constant(value)
        scan = tokens.scan(program)
        if scan.forbidden or any(one.text not in arguments | {"ENV"} for one in scan.free):
            return Constant(value)
        return self._expression(program, pointer, arguments, text=value) or Constant(value)

    def _written(self, program: str, pointer: str, arguments: frozenset[str], value: str) -> Template:
        found = self._expression(program, pointer, arguments, text=value if self.loose else None)
        return found or Constant(None)

    def _expression(
        self, source: str, pointer: str, arguments: frozenset[str], *, text: str | None = None
    ) -> Expression | None:
        program = source.strip()
        if not program:
            self.checker.refuse(pointer, "the expression is empty")
            return None
        if len(program.encode()) > limits.EXPRESSION_BYTES:
            self.checker.refuse(pointer, f"an expression may have at most {limits.EXPRESSION_BYTES // 1024} KiB")
            return None
        scan = tokens.scan(program)
        if scan.ends_early and text is None:
            self.checker.refuse(pointer, _MIXED)
            return None
        before = len(self.checker.violations)
        for mention in scan.forbidden:
            self._refuse_word(mention.text, pointer)
        for mention in scan.free:
            self._check_variable(mention.text, pointer, arguments)
        for mention in scan.secrets:
            self._check_secret(mention.text, pointer)
        if len(self.checker.violations) > before:
            return None
        if not SECRET.isdisjoint(mention.text for mention in scan.free) and not programs.keeps_secrets_whole(program):
            self.checker.refuse(pointer, _PLAIN)
            return None
        used = tuple(sorted({mention.text for mention in scan.free} & arguments))
        return self.keep(Expression(program, pointer, used, scan.workflow_whole, text))

    def _refuse_word(self, word: str, pointer: str) -> None:
        hint = "; the time is `$runtime.now`" if word in tokens.CLOCK else ""
        message = f"`{word}` may not be used in an expression{hint}"
        self.checker.refuse(pointer, message, position=self.checker.locate(pointer, word))

    def _check_variable(self, name: str, pointer: str, arguments: frozenset[str]) -> None:
        if name in {"ENV", "__loc__"}:  # ENV is always {}; __loc__ is refused as a word
            return
        if name in arguments:
            if name in SECRET:
                self.checker.uses(pointer, name)
            return
        if name in SECRET:
            message = f"`${name}` may stand only inside authentication, `with.headers`, and `parameters` of openapi"
        elif name in _EVERY:
            message = f"`${name}` is not available in this place"
        else:
            message = f"`${name}` is not defined{self.checker.nearest(name, arguments)}"
        self.checker.refuse(pointer, message, position=self.checker.locate(pointer, "$" + name))

    def _check_secret(self, name: str, pointer: str) -> None:
        if name not in self.secrets:
            message = f"`use.secrets` has no `{name[:80]}`{self.checker.nearest(name, self.secrets)}"
            self.checker.refuse(pointer, message, position=self.checker.locate(pointer, name))


def join(members: Mapping[str, Template]) -> Template:
    """An object of templates."""
    values = {name: member.value for name, member in members.items() if isinstance(member, Constant)}
    return Constant(values) if len(values) == len(members) else MapTemplate(tuple(members.items()))


def split(template: Template) -> tuple[Template, Template]:
    """An object in two: members without a secret, and those with one, which are to be sealed."""
    if isinstance(template, MapTemplate):
        sealed = {name: member for name, member in template.members if holds_secret(member)}
        return join({name: member for name, member in template.members if name not in sealed}), join(sealed)
    return (Constant({}), template) if holds_secret(template) else (template, Constant({}))


def holds_secret(template: Template) -> bool:
    if isinstance(template, Expression):
        return not SECRET.isdisjoint(template.variables)
    if isinstance(template, MapTemplate):
        return any(holds_secret(member) for _, member in template.members)
    return isinstance(template, ListTemplate) and any(holds_secret(item) for item in template.items)
