"""What a jq program mentions, found by its tokens alone: its variables, and words that no program may use (S-22).

This is no parser: whether a program compiles is asked of jq itself, out of process, at publish.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

FORBIDDEN: Final = frozenset({
    "input", "inputs", "input_line_number", "input_filename", "debug", "stderr", "halt", "halt_error",
    "get_search_list", "modulemeta", "import", "include", "now", "localtime", "strflocaltime",
    "get_prog_origin", "get_jq_origin",
})  # fmt: skip
CLOCK: Final = frozenset({"now", "localtime", "strflocaltime"})

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<field>\.[A-Za-z_]\w*)|(?P<variable>\$\s*[A-Za-z_][\w:]*)
    |(?P<format>@[A-Za-z0-9]+)|(?P<number>\d+(\.\d*)?([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?)
    |(?P<word>[A-Za-z_]\w*(::\w+)*)|(?P<quote>")|(?P<mark>\?//=?|//=|==|!=|<=|>=|\|=|\+=|-=|\*=|/=|%=|\.\.|//|.)""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    offset: int


class Mention(NamedTuple):
    """A word or `$variable` at a character offset of the program."""

    text: str
    offset: int


class Scan(NamedTuple):
    """What a program mentions.

    Attributes:
        free: `$name` without the dollar, for each variable that the program does not bind itself.
        forbidden: words of `FORBIDDEN`, and `$__loc__`, in calling position.
        workflow_whole: the program uses `$workflow` beyond its `id`, `input` and `startedAt`.
        secrets: names of secrets written out, as in `$secrets.erp` or `$secrets["erp"]`.
        ends_early: a `}` closes what no `{` opened, as in the middle of `${ .a } and ${ .b }`.
    """

    free: tuple[Mention, ...]
    forbidden: tuple[Mention, ...]
    workflow_whole: bool
    secrets: tuple[Mention, ...] = ()
    ends_early: bool = False


def scan(program: str) -> Scan:
    """Those of at most a line or two are remembered: connectors and workflows say the same again and again."""
    return _remembered(program) if len(program) <= _SHORT else _scan(program)


def _scan(program: str) -> Scan:
    tokens = split(program)
    bound = _bound(tokens)
    free = [
        Mention(token.text[1:].strip(), token.offset)
        for token in tokens
        if token.kind == "variable" and token.text[1:].strip() not in bound
    ]
    forbidden = [Mention(token.text, token.offset) for token in _called(tokens) if token.text in FORBIDDEN]
    forbidden += [Mention("$" + name, offset) for name, offset in free if name == "__loc__"]
    return Scan(tuple(free), tuple(forbidden), _workflow_whole(tokens), _secrets(tokens), _ends_early(tokens))


_SHORT: Final = 500
_remembered: Final = lru_cache(maxsize=4096)(_scan)


def split(program: str) -> list[Token]:
    """All tokens but blanks and comments; the programs inside an interpolation are tokens of the list like the rest.

    A string is a `string`; one with interpolations has a `piece` before each, and a `string` at its end.
    """
    found: list[Token] = []
    # For each interpolation that is open, the number of parentheses opened inside it.
    depths: list[int] = []
    position = 0
    while position < len(program):
        match = _TOKEN.match(program, position)
        if match is None:  # cannot be: the last alternative takes any character
            break
        kind, text = match.lastgroup or "mark", match.group()
        if kind == "quote":
            position = _string(program, position + 1, found, depths)
            continue
        if depths and text == "(":
            depths[-1] += 1
        elif depths and text == ")":
            depths[-1] -= 1
            if depths[-1] == 0:
                depths.pop()
                found.append(Token("mark", ")", position))
                position = _string(program, position + 1, found, depths)
                continue
        if kind not in {"space", "comment"}:
            found.append(Token(kind, text, position))
        position = match.end()
    return found


def _string(program: str, position: int, found: list[Token], depths: list[int]) -> int:
    """Skip string content from `position`. Returns where tokens go on: after the quote or inside an interpolation."""
    start = position
    while position < len(program):
        if program[position] == '"':
            found.append(Token("string", program[start:position], start))
            return position + 1
        if program[position] == "\\":
            if program[position + 1 : position + 2] == "(":
                found.append(Token("piece", program[start:position], start))
                found.append(Token("mark", "(", position + 1))
                depths.append(1)
                return position + 2
            position += 1
        position += 1
    return position


_BINDERS: Final = {"as": {"|", "("}, "label": {"|"}, "def": {":"}}
"""What begins a list of names that the program binds → what ends it."""
_DEPTHS: Final = {"{": 1, "[": 1, "(": 1, "}": -1, "]": -1, ")": -1}


def _bound(tokens: list[Token]) -> set[str]:
    """Names that some `as` pattern, `label` or function parameter of the program binds. One pass: S-28."""
    bound: set[str] = set()
    binders: list[tuple[int, set[str]]] = []
    depth = 0
    for token in tokens:
        if token.kind == "word" and token.text in _BINDERS:
            binders.append((depth, _BINDERS[token.text]))
        elif token.kind == "variable" and binders:
            bound.add(token.text[1:].strip())
        elif token.kind == "mark":
            while binders and depth == binders[-1][0] and token.text in binders[-1][1]:
                binders.pop()
            depth += _DEPTHS.get(token.text, 0)
            while binders and depth < binders[-1][0]:
                binders.pop()
    return bound


def _called(tokens: list[Token]) -> list[Token]:
    """Words that are calls: no property names of an object construction."""
    called: list[Token] = []
    brackets: list[str] = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.text in {"{", "[", "("}:
            brackets.append(token.text)
        elif token.text in {"}", "]", ")"} and brackets:
            brackets.pop()
        in_object = bool(brackets) and brackets[-1] == "{"
        is_name = in_object and before in {"{", ","} and after in {":", ",", "}"}
        if token.kind == "word" and not is_name:
            called.append(token)
    return called


def _workflow_whole(tokens: list[Token]) -> bool:
    for index, token in enumerate(tokens):
        if token.kind == "variable" and token.text[1:].strip() == "workflow":
            after = tokens[index + 1].text if index + 1 < len(tokens) else ""
            if after not in {".id", ".input", ".startedAt"}:
                return True
    return False


def _ends_early(tokens: list[Token]) -> bool:
    depth = 0
    for token in tokens:
        if token.kind == "mark" and token.text in {"{", "}"}:
            depth += _DEPTHS[token.text]
            if depth < 0:
                return True
    return False


def _secrets(tokens: list[Token]) -> tuple[Mention, ...]:
    found = []
    for index, token in enumerate(tokens):
        if token.kind != "variable" or token.text[1:].strip() != "secrets":
            continue
        after = tokens[index + 1 : index + 4]
        bracketed = [one.text for one in after[::2]] == ["[", "]"]
        if after and after[0].kind == "field":
            found.append(Mention(after[0].text[1:], after[0].offset))
        elif len(after) > 1 and after[1].kind == "string" and (bracketed or after[0].text == "."):
            found.append(Mention(after[1].text, after[1].offset))
    return tuple(found)
