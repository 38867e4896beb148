"""What decides where a secret goes, and in what form: recognised in a jq program by its tokens alone (S-53, S-75).

Both questions are answered for programs of a plain form only: strings, their interpolations, paths, and `+` between
them. Whatever is written in another way is taken for the worst.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

from template_library.dsl.tokens import Token, split

_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s\\]+[/?#].*", re.DOTALL)
_PARAMETERS: Final = ("$runtime", ".metadata", ".parameters")
_SECRET: Final = frozenset({"secrets", "authorization"})
_FORMS: Final = {"@text": 0, "@base64": 1, "@uri": 1}
"""Formats in which redaction knows a secret again, once each."""
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")

_PARAMETER: Final = "\0"
_OPEN: Final = None
_Parts = list[str | None]
"""Text as written, `_PARAMETER` for a value of the deployment, `_OPEN` for what is decided in a run."""


def is_written(program: str) -> bool:
    """Whether the value is made of the document and the deployment's parameters alone."""
    parts = _sum(split(program))
    return parts is not None and _OPEN not in parts


def settles_origin(program: str) -> bool:
    """Whether scheme, host and port of the URL that it makes are of the document or the deployment's parameters."""
    parts = _sum(split(program))
    if parts is None:
        return False
    settled = [part for part in parts[: _until_open(parts)] if part]
    if _until_open(parts) == len(parts):
        return bool(settled)
    if settled and settled[0] == _PARAMETER:
        return len(settled) > 1 and settled[1][0] in "/?#"
    return bool(_ORIGIN.fullmatch("".join(settled)))


def origin_is_written(text: str) -> bool:
    """As `settles_origin`, for a URI template: no placeholder before the path."""
    head, mark, _ = text.partition("{")
    return not mark or bool(_ORIGIN.fullmatch(head))


def _until_open(parts: _Parts) -> int:
    return parts.index(_OPEN) if _OPEN in parts else len(parts)


def _sum(tokens: list[Token]) -> _Parts | None:
    """The parts of terms with `+` between them; None for any other form."""
    parts: _Parts = []
    at = 0
    while True:
        term = _term(tokens, at)
        if term is None:
            return None
        found, at = term
        parts += found
        if at == len(tokens):
            return parts
        if tokens[at].text != "+":
            return None
        at += 1


def _term(tokens: list[Token], at: int) -> tuple[_Parts, int] | None:
    """The parts of the term that begins at a token, and where it ends."""
    if at >= len(tokens):
        return None
    token = tokens[at]
    if token.kind == "format":
        at += 1
        return _string(tokens, at) if at < len(tokens) and tokens[at].kind in {"piece", "string"} else None
    if token.kind in {"piece", "string"}:
        return _string(tokens, at)
    if token.text == "(":
        end = _end(tokens, at)
        following = _path_end(tokens, end)
        inner = _sum(tokens[at + 1 : end - 1]) if following == end else None
        return (inner if inner is not None else [_OPEN]), following
    if token.kind in {"variable", "field"} or token.text == ".":
        end = _path_end(tokens, at + (token.text != "."))
        return [_PARAMETER if _is_parameter(tokens[at:end]) else _OPEN], end
    return None


def _string(tokens: list[Token], at: int) -> tuple[_Parts, int]:
    parts: _Parts = []
    while tokens[at].kind == "piece":
        end = _end(tokens, at + 1)
        inner = _sum(tokens[at + 2 : end - 1])
        parts += [_plain(tokens[at].text), *(inner if inner is not None else [_OPEN])]
        at = end
        if at >= len(tokens):
            return [_OPEN], at
    return [*parts, _plain(tokens[at].text)], at + 1


def _plain(text: str) -> str | None:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:  # no string of jq's either
        return _OPEN


def _is_parameter(tokens: list[Token]) -> bool:
    is_below = len(tokens) > len(_PARAMETERS) and tuple(token.text for token in tokens[:3]) == _PARAMETERS
    return is_below and _is_literal(tokens[3:])


def _is_literal(steps: list[Token]) -> bool:
    """Whether each step of a path is a name or a number that is written, so that it leads to one whole value."""
    brackets = [index for index, token in enumerate(steps) if token.text == "["]
    written = all("".join(_kind(token) for token in steps[index : index + 3]) == "[x]" for index in brackets)
    return written and all(token.kind != "piece" for token in steps)


def _path_end(tokens: list[Token], at: int) -> int:
    """Behind the fields, strings and brackets that follow one another from `at`."""
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else token
        leads_on = token.text == "." and (following.text == "[" or following.kind in {"string", "piece"})
        if token.kind == "field" or token.text == "?" or leads_on:
            at += 1
        elif token.text == "[" and token.kind == "mark":
            at = _end(tokens, at)
        elif token.kind in {"string", "piece"} and at and tokens[at - 1].text == ".":
            at = _string(tokens, at)[1]
        else:
            break
    return at


def _end(tokens: list[Token], at: int) -> int:
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        if tokens[index].kind == "mark":
            depth += (tokens[index].text in _OPENING) - (tokens[index].text in _CLOSING)
        if depth == 0:
            return index + 1
    return len(tokens)


def keeps_secrets_whole(program: str) -> bool:
    """Whether what it makes of a secret has it whole, and at most once encoded in a form that redaction knows."""
    reader = _Secrets(split(program))
    try:
        reader.pipe()
    except _Unplain:
        return False
    return reader.at == len(reader.tokens)


class _Unplain(Exception):
    """The program does with a secret what is not known to keep it whole."""


class _Secrets:
    """Reads a program from `at` on. Every method returns how often a secret in what it read was encoded."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0

    def pipe(self) -> int:
        level = self._sum()
        while self._take("|"):
            level += self._form()
        return _bounded(level)

    def _sum(self) -> int:
        level = self._term()
        while self._take("+"):
            level = max(level, self._term())
        return level

    def _term(self) -> int:
        token = self._token()
        if token.kind == "format":
            return _bounded(self._form() + self._string())
        if token.kind in {"string", "piece"}:
            return self._string()
        if token.text == "(":
            return self._group()
        if token.kind == "number":
            self.at += 1
            return 0
        if token.kind not in {"variable", "field"} and token.text != ".":
            self._give_up()
        return self._path(token)

    def _group(self) -> int:
        end = _end(self.tokens, self.at)
        if not any(_is_secret(token) for token in self.tokens[self.at : end]):
            self.at = _path_end(self.tokens, end)
            return 0
        self.at += 1
        level = self.pipe()
        if not self._take(")"):
            self._give_up()
        return level

    def _string(self) -> int:
        level = 0
        while self._token().kind == "piece":
            self.at += 1
            level = max(level, self._group())
        if self._token().kind != "string":
            self._give_up()
        self.at += 1
        return level

    def _path(self, first: Token) -> int:
        end = _path_end(self.tokens, self.at + (first.text != "."))
        steps = self.tokens[self.at + 1 : end]
        if any(_is_secret(token) for token in steps):
            self._give_up()
        if _is_secret(first):
            named = first.text[1:].strip() != "secrets" or any(_kind(token) in "fx" for token in steps[:2])
            if not named or not _is_literal(steps):
                self._give_up()
        self.at = end
        return 0

    def _form(self) -> int:
        token = self._token()
        if token.kind != "format" or token.text not in _FORMS:
            self._give_up()
        self.at += 1
        return _FORMS[token.text]

    def _token(self) -> Token:
        if self.at >= len(self.tokens):
            self._give_up()
        return self.tokens[self.at]

    def _take(self, text: str) -> bool:
        taken = self.at < len(self.tokens) and self.tokens[self.at][:2] == ("mark", text)
        self.at += taken
        return taken

    @staticmethod
    def _give_up() -> NoReturn:
        raise _Unplain


def _bounded(level: int) -> int:
    if level > 1:
        raise _Unplain
    return level


def _is_secret(token: Token) -> bool:
    return token.kind == "variable" and token.text[1:].strip() in _SECRET


def _kind(token: Token) -> str:
    return {"field": "f", "string": "x", "number": "x"}.get(token.kind, token.text)
