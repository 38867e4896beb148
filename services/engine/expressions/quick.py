"""Answers programs in process that `trivial` leaves to jq: pipes, arrays, conditions, sums, the usual functions.

For the mappings of connectors, which run with each call. As `trivial`, it is right or silent. What takes long is left
to jq as well: an allowance ends every program (`streams.ALLOWANCE`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from services.engine import values
from services.engine.expressions import builtins, closures, sums, trivial
from services.engine.expressions.closures import Compiled
from services.engine.expressions.comparison import NotTrivial, truthy
from services.engine.expressions.streams import Stream, begin, bound, collected, items, joined, many, piped
from template_library.dsl import tokens

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SUMS: Final = {"+": sums.plus, "-": sums.minus}
_PRODUCTS: Final = {"*": sums.times, "/": sums.over}
_ENDS: Final = frozenset({"as", "then", "elif", "else", "end"})
_OPENING, _CLOSING, _BETWEEN = frozenset("([{"), frozenset(")]}"), frozenset({"|", ",", ";"})
_RESERVED: Final = frozenset(
    "def if then elif else end as reduce foreach try catch label import include and or null true false".split()  # noqa: SIM905
)
_CONTINUED: Final = re.compile(r"\\\r?\n")


def evaluate(program: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """The one result, or `trivial.NOT_TRIVIAL`."""
    term = compiled(program)
    if term is None:
        return trivial.NOT_TRIVIAL
    begin()
    try:
        result = term(value, variables)
        values.check_bounds(result)
    except (NotTrivial, values.ValueRefused):
        return trivial.NOT_TRIVIAL
    return result


@functools.lru_cache(maxsize=4096)
def compiled(program: str) -> Compiled | None:
    """The program as a function, which raises NotTrivial where jq is to decide; `begin` comes before each use."""
    try:
        parser = _Parser(_tokens(program))
        term = parser.pipe(0)
        parser.end()
    except NotTrivial:
        return None
    return None if isinstance(term, Stream) else term


def _tokens(program: str) -> list[tuple[str, str]]:
    if _CONTINUED.search(program):  # a comment goes on behind it
        raise NotTrivial
    found = []
    for kind, text, _ in tokens.split(program):
        if kind in {"field", "variable", "word"} and not _NAME.fullmatch(text.lstrip(".$")):
            raise NotTrivial
        if kind == "variable" and text[1:] in _RESERVED:
            raise NotTrivial
        found.append((kind, f'"{text}"' if kind in {"string", "piece"} else text))
    return found


class _Parser(trivial.Parser):
    """The grammar of `trivial`, wider."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self._bindings = 0
        self._defined: dict[str, Compiled] = {}
        self._is_defining = False
        self._used_by_definitions: set[str] = set()

    def pipe(self, depth: int) -> Compiled:
        if self._accept("def"):
            self._define(depth)
            return self.pipe(depth)
        if self._binds():
            return self._binding(depth)
        term = self._comma(depth)
        return piped(term, self.pipe(depth)) if self._accept("|") else term

    def _binds(self) -> bool:
        """Whether `term as $name | …` stands here. Looked for, since a term that is read twice at each depth is not."""
        depth = 0
        for kind, text in self._tokens[self._position :]:
            if kind == "word" and depth == 0 and text in _ENDS:
                return text == "as"
            if kind != "mark":
                continue
            depth += (text in _OPENING) - (text in _CLOSING)
            if depth < 0 or (depth == 0 and text in _BETWEEN):
                return False
        return False

    def _binding(self, depth: int) -> Compiled:
        term = self._term(depth)
        self._expect("as")
        kind, text = self._take()
        # A definition sees what it saw where it stands, not what is bound where it is called.
        if kind != "variable" or text[1:] in self._used_by_definitions:
            raise NotTrivial
        self._expect("|")
        self._bindings += 1
        body = self.pipe(depth)
        self._bindings -= 1
        return bound(term, text[1:], body)

    def _define(self, depth: int) -> None:
        """`def name: body;`, where nothing is bound."""
        kind, name = self._take()
        is_new = name not in self._defined and name not in _RESERVED and (name, 0) not in builtins.TABLE
        if kind != "word" or depth or self._bindings or self._is_defining or not is_new:
            raise NotTrivial
        self._expect(":")
        self._is_defining = True
        body = self.pipe(depth + 1)
        self._is_defining = False
        self._expect(";")
        self._defined[name] = body

    def _comma(self, depth: int) -> Compiled:
        terms = [self.alternative(depth)]
        while self._accept(","):
            terms.append(self.alternative(depth))
        return terms[0] if len(terms) == 1 else joined(terms)

    def _operand(self, depth: int) -> Compiled:
        left = self._product(depth)
        while self._peek()[0] == "mark" and self._peek()[1] in _SUMS:
            left = sums.applied(_SUMS[self._take()[1]], left, self._product(depth))
        return left

    def _product(self, depth: int) -> Compiled:
        left = self._term(depth)
        while self._peek()[0] == "mark" and self._peek()[1] in _PRODUCTS:
            left = sums.applied(_PRODUCTS[self._take()[1]], left, self._term(depth))
        return left

    def _term(self, depth: int) -> Compiled:
        if depth > trivial.DEPTH:
            raise NotTrivial
        term = self._primary(depth)
        while True:
            kind, text = self._peek()
            if kind == "field":
                self._position += 1
                term = _member(term, text[1:])
            elif kind == "mark" and text in {".", "["}:
                term = self._behind(term, depth)
            else:
                return term

    def _behind(self, term: Compiled, depth: int) -> Compiled:
        """`."name"`, `[]`, `[0]`, `[:8]`, `[key]`, also behind a dot."""
        if self._accept("."):
            kind, text = self._peek()
            if kind == "string":
                self._position += 1
                return _member(term, trivial.text_of(text))
        self._expect("[")
        if self._accept("]"):
            return items(term)
        first = self._edge()
        if self._accept(":"):
            last = self._edge()
            self._expect("]")
            if first is None and last is None:
                raise NotTrivial
            return piped(term, lambda value, _: sums.cut(value, first, last))
        if first is not None:
            self._position -= 1
        key = self.pipe(depth + 1)
        self._expect("]")
        if isinstance(term, Stream):
            raise NotTrivial
        return lambda value, variables: sums.at(term(value, variables), key(value, variables))

    def _edge(self) -> int | None:
        """The whole number that stands here alone."""
        kind, text = self._peek()
        after = self._tokens[self._position + 1 : self._position + 2]
        if kind != "number" or not text.isdigit() or len(text) > 9 or after not in ([("mark", ":")], [("mark", "]")]):  # noqa: PLR2004 (digits)
            return None
        self._position += 1
        return int(text)

    def _primary(self, depth: int) -> Compiled:
        kind, text = self._peek()
        if kind == "piece":
            return self._interpolated(depth)
        if kind == "variable" and self._is_defining:
            self._used_by_definitions.add(text[1:])
        if kind != "word" or text in trivial.LITERALS:
            return super()._primary(depth)
        self._position += 1
        if text == "if":
            return self._condition(depth)
        arguments = []
        if self._accept("("):
            arguments.append(self.pipe(depth + 1))
            while self._accept(";"):
                arguments.append(self.pipe(depth + 1))
            self._expect(")")
        if not arguments and text in self._defined:
            return self._defined[text]
        made = builtins.TABLE.get((text, len(arguments)))
        if made is None:
            raise NotTrivial
        return made(*arguments)

    def _condition(self, depth: int) -> Compiled:
        """Behind `if` or `elif`."""
        test = self.pipe(depth + 1)
        self._expect("then")
        yes = self.pipe(depth + 1)
        if self._accept("elif"):
            no = self._condition(depth + 1)
        elif self._accept("else"):
            no = self.pipe(depth + 1)
            self._expect("end")
        else:
            self._expect("end")
            no = closures.identity
        if isinstance(yes, Stream) or isinstance(no, Stream):
            first, second = many(yes), many(no)
            return Stream(
                lambda value, variables: (first if truthy(test(value, variables)) else second)(value, variables)
            )
        return lambda value, variables: (yes if truthy(test(value, variables)) else no)(value, variables)

    def _interpolated(self, depth: int) -> Compiled:
        """A string with programs in it."""
        parts: list[Compiled] = []
        while self._peek()[0] == "piece":
            parts.append(closures.constant(trivial.text_of(self._take()[1])))
            self._expect("(")
            parts.append(piped(self.pipe(depth + 1), sums.as_text))
            self._expect(")")
        kind, text = self._take()
        if kind != "string":
            raise NotTrivial
        parts.append(closures.constant(trivial.text_of(text)))
        return lambda value, variables: sums.paid("".join([part(value, variables) for part in parts]))

    def _bracketed(self, text: str, depth: int) -> Compiled:
        if text == "(":
            inner = self.pipe(depth + 1)
            self._expect(")")
            return inner
        return super()._bracketed(text, depth)

    def _array(self, depth: int) -> Compiled:
        if self._accept("]"):
            return lambda _value, _variables: []
        inner = self.pipe(depth + 1)
        self._expect("]")
        return collected(inner)


def _member(term: Compiled, name: str) -> Compiled:
    if isinstance(term, Stream):
        return piped(term, closures.member(closures.identity, name))
    return closures.member(term, name)
