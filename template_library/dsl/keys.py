"""`document.metadata.keys`: what runs are found by, ordered by and lined up by (ADR 0028)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from template_library.dsl.checker import Checker, kind_of
from template_library.dsl.limits import KEYS
from template_library.dsl.model import Document, RunKeys
from template_library.dsl.positions import step
from template_library.dsl.templates import DELIMITED, Templates

POINTER: Final = "/document/metadata/keys"
NAME: Final = re.compile(r"[a-z][A-Za-z0-9]{0,31}")
_MEMBERS: Final = ("search", "value", "deadline", "customerClass", "serialize")
_NO_VARIABLES: Final[frozenset[str]] = frozenset()


class Keys:
    def __init__(self, checker: Checker, templates: Templates) -> None:
        self._checker = checker
        self._templates = templates

    def read(self, document: Document | None) -> RunKeys | None:
        """None where the document declares nothing."""
        if document is None or "keys" not in document.metadata:
            return None
        members = self._checker.members(document.metadata["keys"], POINTER, _MEMBERS)
        if members is None:
            return None
        search = self._search(members["search"]) if "search" in members else {}
        amount, currency = self._value(members["value"]) if "value" in members else (None, None)
        return RunKeys(
            search=search,
            amount=amount,
            currency=currency,
            deadline=self._program(members, "deadline", POINTER),
            customer_class=self._program(members, "customerClass", POINTER),
            serialize=self._serialize(members["serialize"], search) if "serialize" in members else None,
        )

    def _search(self, value: Any) -> dict[str, str]:
        pointer = step(POINTER, "search")
        named = self._checker.object(value, pointer)
        if named is None:
            return {}
        if len(named) > KEYS:
            self._checker.refuse(pointer, f"at most {KEYS} keys may be declared")
        found = {}
        for name in named:
            if not NAME.fullmatch(name):
                form = "a key's name begins with a lower-case letter and has letters and digits, at most 32"
                self._checker.refuse(step(pointer, name), form, name=True)
            program = self._program(named, name, pointer)
            if program is not None:
                found[name] = program
        return found

    def _value(self, value: Any) -> tuple[str | None, str | None]:
        pointer = step(POINTER, "value")
        both = ("amount", "currency")
        members = self._checker.members(value, pointer, both, required=both) or {}
        return self._program(members, "amount", pointer), self._program(members, "currency", pointer)

    def _program(self, members: dict[str, Any], name: str, parent: str) -> str | None:
        """An expression in `${ }`; any other text is itself."""
        if name not in members:
            return None
        value, pointer = members[name], step(parent, name)
        if not isinstance(value, str):
            self._checker.refuse(pointer, f"must be an expression or a text, not {kind_of(value)}")
            return None
        if not DELIMITED.fullmatch(value):
            return msgspec.json.encode(value).decode()
        expression = self._templates.expression(value, pointer, _NO_VARIABLES)
        return None if expression is None else expression.program

    def _serialize(self, value: Any, search: dict[str, str]) -> str | None:
        pointer = step(POINTER, "serialize")
        name = self._checker.text(value, pointer)
        if name is not None and name not in search:
            known = self._checker.nearest(name, search)
            self._checker.refuse(pointer, f"`search` declares no key `{name[:80]}`{known}")
            return None
        return name
