"""A proto text cut into words, numbers, strings and marks. Linear in its length, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from services.protocols import errors

BYTES: Final = 512 * 1024
_TOKEN: Final = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<number>0[xX][0-9A-Fa-f]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<mark>[{}()\[\]<>;,=.:+\-/])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Tokens:
    """Reads one token after the other.

    Raises:
        Refusal: `configuration`, from every method: the text is too long, or not what is expected next.
    """

    def __init__(self, text: str) -> None:
        if len(text) > BYTES:
            raise errors.configuration("Unusable proto", f"it has more than {BYTES // 1024} KiB", sent=True)
        self._text = text
        self._tokens = self._cut()
        self._line = 1
        self.kind, self.text = "", ""
        self._advance()

    def _cut(self) -> Iterator[tuple[str, str]]:
        position = 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                self.refuse(f"a character {self._text[position]!r} that has no meaning here")
            self._line += match[0].count("\n")
            position = match.end()
            if match.lastgroup != "skip":
                yield str(match.lastgroup), match[0]
        while True:
            yield "end", "the end"

    def _advance(self) -> None:
        self.kind, self.text = next(self._tokens)

    def refuse(self, found: str | None = None) -> NoReturn:
        found = found or f"an unexpected {self.text[:40]!r}"
        raise errors.configuration("Unusable proto", f"line {self._line} has {found}", sent=True)

    def next(self, kind: str | None = None) -> str:
        """The token, which must be of `kind`."""
        found = self.text
        if self.kind == "end" or (kind is not None and self.kind != kind):
            self.refuse()
        self._advance()
        return found

    def take(self, *texts: str) -> bool:
        """Whether the next token is one of `texts`; then it is taken."""
        if self.kind in {"word", "mark"} and self.text in texts:
            self._advance()
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            self.refuse(f"{self.text[:40]!r} instead of {text!r}")

    def string(self) -> str:
        """Adjacent strings are one."""
        parts = [_unquoted(self.next("string"))]
        while self.kind == "string":
            parts.append(_unquoted(self.next()))
        return "".join(parts)

    def integer(self) -> int:
        sign = -1 if self.take("-") else 1
        text = self.next("number")
        try:
            return sign * int(text, 8 if re.fullmatch(r"0[0-7]+", text) else 0)
        except ValueError:
            self.refuse(f"{text[:40]!r} instead of a whole number")

    def type_name(self) -> str:
        """A name with dots, perhaps one before it."""
        return ("." if self.take(".") else "") + self.next("word")

    def skip_value(self) -> None:
        """An option's value: a constant, adjacent strings, or braces with anything in them."""
        depth = 0
        while True:
            is_string = self.kind == "string"
            if self.take("{", "[", "<"):
                depth += 1
            elif self.take("}", "]", ">"):
                depth -= 1
            elif self.take("-", "+"):
                continue
            else:
                self.next()
            if depth == 0 and not (is_string and self.kind == "string"):
                return


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), token[1:-1], flags=re.DOTALL)
