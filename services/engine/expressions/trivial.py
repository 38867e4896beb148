"""Answers simple jq programs in process.

Paths, `$name` paths, literals, comparisons, `and`, `or`, `//`, and objects and arrays of those: four programs of five,
and each saves a trip through a pipe.

Wherever jq would fail, or might answer otherwise, this answers NOT_TRIVIAL and jq decides: it is right or silent, which
property tests against jq hold it to.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.engine import values
from services.engine.expressions import closures
from services.engine.expressions.closures import Compiled
from services.engine.expressions.comparison import NotTrivial, compare, truthy
from template_library.dsl.scalars import ScalarError, number

NOT_TRIVIAL: Final = object()

DEPTH: Final = 16
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<field>\.[A-Za-z_]\w*)|(?P<variable>\$[A-Za-z_]\w*)|(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<word>[A-Za-z_]\w*)|(?P<string>"(?:[^"\\]|\\[^(])*")|(?P<mark>//(?!=)|==|!=|<=|>=|[.<>()\[\]{}:,]))""",
    re.VERBOSE | re.ASCII,
)
LITERALS: Final = {"null": None, "true": True, "false": False}
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})


def evaluate(program: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """The one result, or NOT_TRIVIAL."""
    compiled = _compiled(program)
    if compiled is None:
        return NOT_TRIVIAL
    try:
        return compiled(value, variables)
    except (NotTrivial, values.ValueRefused):
        return NOT_TRIVIAL


def is_trivial(program: str) -> bool:
    """Whether the program is of the simple kind, so that it surely compiles."""
    return _compiled(program) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(program: str) -> Compiled | None:
    try:
        parser = Parser(_tokens(program))
        compiled = parser.alternative(0)
        parser.end()
    except NotTrivial:
        return None
    return _bounded(compiled) if parser.constructs else compiled


def _bounded(compiled: Compiled) -> Compiled:
    def run(value: Any, variables: Mapping[str, Any]) -> Any:
        result = compiled(value, variables)
        values.check_bounds(result)
        return result

    return run


def _tokens(program: str) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(program.rstrip())
    while position < end:
        match = _TOKEN.match(program, position)
        if match is None or match.lastgroup is None:
            raise NotTrivial
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class Parser:
    """Recursive descent over jq's precedence: `//` (to the right), `or`, `and`, comparison (once), term."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self.constructs = False

    def end(self) -> None:
        if self._position < len(self._tokens):
            raise NotTrivial

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._position += 1
        return token

    def _accept(self, text: str) -> bool:
        kind, found = self._peek()
        if found == text and kind in {"mark", "word"}:
            self._position += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise NotTrivial

    def alternative(self, depth: int) -> Compiled:
        left = self._disjunction(depth)
        if not self._accept("//"):
            return left
        right = self.alternative(depth)
        return lambda value, variables: result if truthy(result := left(value, variables)) else right(value, variables)

    def _disjunction(self, depth: int) -> Compiled:
        left = self._conjunction(depth)
        while self._accept("or"):
            left = closures.either(left, self._conjunction(depth))
        return left

    def _conjunction(self, depth: int) -> Compiled:
        left = self._comparison(depth)
        while self._accept("and"):
            left = closures.both(left, self._comparison(depth))
        return left

    def _comparison(self, depth: int) -> Compiled:
        left = self._operand(depth)
        kind, operator = self._peek()
        if kind != "mark" or operator not in _COMPARISONS:
            return left
        self._position += 1
        right = self._operand(depth)
        if self._peek()[1] in _COMPARISONS and self._peek()[0] == "mark":
            raise NotTrivial  # jq refuses a chain
        return lambda value, variables: compare(operator, left(value, variables), right(value, variables))

    def _operand(self, depth: int) -> Compiled:
        return self._term(depth)

    def _term(self, depth: int) -> Compiled:
        if depth > DEPTH:
            raise NotTrivial
        term = self._primary(depth)
        while True:
            kind, text = self._peek()
            if kind == "field":
                self._position += 1
                term = closures.member(term, text[1:])
            elif kind == "mark" and text in {".", "["}:
                term = self._suffix(term)
            else:
                return term

    def _suffix(self, term: Compiled) -> Compiled:
        """`."name"`, `["name"]`, `[0]`, also behind a dot."""
        if self._accept("."):
            kind, text = self._peek()
            if kind == "string":
                self._position += 1
                return closures.member(term, text_of(text))
        self._expect("[")
        kind, text = self._take()
        self._expect("]")
        if kind == "string":
            return closures.member(term, text_of(text))
        if kind == "number" and text.isdigit():
            return closures.element(term, int(text))
        raise NotTrivial

    def _primary(self, depth: int) -> Compiled:
        kind, text = self._take()
        if kind == "mark":
            return self._bracketed(text, depth)
        if kind == "field":
            return closures.member(closures.identity, text[1:])
        if kind == "variable":
            return closures.variable(text[1:])
        if kind == "word" and text in LITERALS:
            return closures.constant(LITERALS[text])
        if kind in {"number", "string"}:
            return closures.constant(_number(text) if kind == "number" else text_of(text))
        raise NotTrivial

    def _bracketed(self, text: str, depth: int) -> Compiled:
        if text == ".":
            return self._after_dot()
        if text == "(":
            inner = self.alternative(depth + 1)
            self._expect(")")
            return inner
        if text == "[":
            return self._array(depth)
        if text == "{":
            return self._object(depth)
        raise NotTrivial

    def _after_dot(self) -> Compiled:
        if self._peek()[0] == "string":
            return closures.member(closures.identity, text_of(self._take()[1]))
        return closures.identity

    def _array(self, depth: int) -> Compiled:
        self.constructs = True
        items: list[Compiled] = []
        if not self._accept("]"):
            items.append(self.alternative(depth + 1))
            while self._accept(","):
                items.append(self.alternative(depth + 1))
            self._expect("]")
        return lambda value, variables: [item(value, variables) for item in items]

    def _object(self, depth: int) -> Compiled:
        self.constructs = True
        members: list[tuple[str, Compiled]] = []
        if not self._accept("}"):
            members.append(self._pair(depth))
            while self._accept(","):
                members.append(self._pair(depth))
            self._expect("}")
        return lambda value, variables: {name: member(value, variables) for name, member in members}

    def _pair(self, depth: int) -> tuple[str, Compiled]:
        kind, text = self._take()
        if kind == "variable":
            return text[1:], closures.variable(text[1:])
        if kind not in {"word", "string"}:
            raise NotTrivial
        name = text_of(text) if kind == "string" else text
        if self._accept(":"):
            return name, self._term(depth + 1)
        if kind == "string":
            raise NotTrivial
        return name, closures.member(closures.identity, name)


def text_of(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.DecodeError as error:
        raise NotTrivial from error


def _number(text: str) -> Any:
    try:
        return int(text) if text.isdigit() and len(text) <= values.DIGITS else number(text)
    except ScalarError as error:
        raise NotTrivial from error
