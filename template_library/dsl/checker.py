from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from template_library.dsl import limits
from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.positions import Position, Source, step
from template_library.dsl.readiness import UNREADY, reason

_LONGEST_NAME: Final = 100
_LONGEST_MESSAGE: Final = 1_000


class Checker:
    """Collects the violations of one document; its methods return None for a value that is not as asked.

    With `whole`, constructs that this version does not run yet are no violations; nor are those of `ready`.
    """

    def __init__(
        self, source: Source, text: str, filename: str, *, whole: bool = False, ready: Collection[str] = ()
    ) -> None:
        self.source = source
        self._lines = text.split("\n")
        self._filename = filename
        self._whole = whole
        self._ready = ready
        self.violations: list[Violation] = []

    def refuse(self, pointer: str, message: str, *, position: Position | None = None, name: bool = False) -> None:
        """Note a violation at the value of `pointer`, or at its property name when `name`; the same one only once."""
        if self._is_full:
            return
        at = position or (self.source.name_at(pointer) if name else self.source.value_at(pointer))
        violation = Violation(pointer, at.line, at.column, message[:_LONGEST_MESSAGE])
        if violation not in self.violations:
            self.violations.append(violation)

    @property
    def _is_full(self) -> bool:
        return len(self.violations) >= limits.VIOLATIONS

    def uses(self, pointer: str, word: str) -> bool:
        """Whether this version runs the construct; see `readiness`. It is refused if not."""
        if self._whole or word in self._ready or word not in UNREADY:
            return True
        self.refuse(pointer, f"`{word}` {reason(word)}", name=True)
        return False

    def never(self, pointer: str, message: str) -> None:
        """Refuse what the language allows and no installation can run; not with `whole`."""
        if not self._whole:
            self.refuse(pointer, message)

    def finish(self) -> None:
        """Raises DocumentError if anything was refused, in the order of the text."""
        if self.violations:
            raise DocumentError(self._filename, sorted(self.violations, key=lambda one: (one.line, one.column)))

    def object(self, value: Any, pointer: str) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return value
        self.refuse(pointer, f"must be an object, not {kind_of(value)}")
        return None

    def members(
        self, value: Any, pointer: str, allowed: Iterable[str], *, required: Iterable[str] = ()
    ) -> dict[str, Any] | None:
        """`value` as an object of known properties; unknown ones are refused and left out."""
        if self.object(value, pointer) is None:
            return None
        known = set(allowed)
        for name in value:
            if name not in known:
                hint = self.nearest(name, known)
                self.refuse(step(pointer, name), f"unknown property `{name[:80]}`{hint}", name=True)
        for name in required:
            if name not in value:
                self.refuse(pointer, f"`{name}` is missing")
        return {name: member for name, member in value.items() if name in known}

    def entry(self, value: Any, pointer: str, noun: str) -> tuple[str, Any] | None:
        """The name and the definition of an object with one property."""
        if isinstance(value, dict) and len(value) == 1:
            ((name, definition),) = value.items()
            return name, definition
        self.refuse(pointer, f"must be an object with one property, the {noun}'s name")
        return None

    def one_of(self, members: Collection[str], pointer: str, names: Iterable[str]) -> str | None:
        """Which single one of `names` is there."""
        wanted = list(names)
        found = [name for name in wanted if name in members]
        if len(found) == 1:
            return found[0]
        if found:
            self.refuse(pointer, f"must have only one of {spoken(found)}")
        else:
            self.refuse(pointer, f"needs one of {spoken(wanted)}")
        return None

    def text(self, value: Any, pointer: str, *, pattern: re.Pattern[str] | None = None, form: str = "") -> str | None:
        """`value` as a string that matches `pattern`; `form` says in words what that is."""
        if not isinstance(value, str):
            hint = "; put it in quotes" if isinstance(value, int | float) else ""
            self.refuse(pointer, f"must be a string, not {kind_of(value)}{hint}")
            return None
        if pattern is not None and not pattern.fullmatch(value):
            self.refuse(pointer, f"`{value[:80]}` is not {form}")
            return None
        return value

    def choice(self, value: Any, pointer: str, allowed: Iterable[str]) -> str | None:
        words = list(allowed)
        if self.text(value, pointer) is None:
            return None
        if value in words:
            return str(value)
        self.refuse(pointer, f"must be {spoken(words, 'or')}, not `{value[:80]}`{self.nearest(value, words)}")
        return None

    def boolean(self, value: Any, pointer: str) -> bool | None:
        if isinstance(value, bool):
            return value
        self.refuse(pointer, f"must be a boolean, not {kind_of(value)}")
        return None

    def integer(self, value: Any, pointer: str, *, least: int, most: int | None = None) -> int | None:
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(pointer, f"must be an integer, not {kind_of(value)}")
        elif value < least or (most is not None and value > most):
            self.refuse(pointer, f"must be at least {least}" + ("" if most is None else f" and at most {most}"))
        else:
            return value
        return None

    def nearest(self, name: str, candidates: Iterable[str]) -> str:
        """`; did you mean …?` or nothing. Looks at a few hundred names at most, and at none for what is not noted."""
        if self._is_full:
            return ""
        short = itertools.islice((one for one in sorted(candidates) if len(one) <= _LONGEST_NAME), limits.TASKS)
        close = difflib.get_close_matches(name[:_LONGEST_NAME], short, n=1, cutoff=0.6)
        return f"; did you mean `{close[0]}`?" if close else ""

    def locate(self, pointer: str, word: str) -> Position:
        """Where `word` first stands in the text of the value at `pointer`; the value's own position if nowhere."""
        start = self.source.value_at(pointer)
        if self._is_full:
            return start
        line_count = str(self.source_value(pointer)).count("\n") + 3
        pattern = re.compile(re.escape(word) + r"(?!\w)")
        for number, line in enumerate(self._lines[start.line - 1 : start.line - 1 + line_count]):
            match = pattern.search(line, start.column - 1 if number == 0 else 0)
            if match:
                return Position(start.line + number, match.start() + 1)
        return start

    def source_value(self, pointer: str) -> Any:
        value = self.source.value
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            value = value[int(name)] if isinstance(value, list) else value[name]
        return value


def spoken(names: Iterable[str], word: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    return f" {word} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def kind_of(value: Any) -> str:
    if value is None:
        return "null"
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "a number")
