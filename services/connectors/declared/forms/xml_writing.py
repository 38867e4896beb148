"""JSON → XML: members are elements in their order, `@name` an attribute, `#text` the text beside those."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.connectors.declared.mapping import Unmapped
from services.engine import values

TEXT: Final = "#text"
_NAME: Final = re.compile(r"(?:([A-Za-z_][\w.-]*):)?[A-Za-z_][\w.-]*", re.ASCII)
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) cannot say, however it is written."""
_XMLNS: Final = "xmlns"


class Writer:
    """Writes elements whose prefixes are those of `namespaces`; the prefix "" is what has none."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self._prefixes = {*namespaces, ""}
        self.declarations = "".join(
            f' {f"{_XMLNS}:{prefix}" if prefix else _XMLNS}="{html.escape(uri)}"' for prefix, uri in namespaces.items()
        )

    def elements(self, given: Any) -> str:
        """The members of an object, one element each, or several where a member is a list; null is none.

        Raises:
            Unmapped: a name that is none, a prefix without a namespace, or a text that XML cannot say.
        """
        if not isinstance(given, dict):
            raise Unmapped("the elements of the request are no object")
        return "".join(part for name, value in given.items() for part in self._members(name, value))

    def root(self, given: Any) -> str:
        """The one element of a document, with the namespaces.

        Raises:
            Unmapped: see there; or there is none, or more than one.
        """
        if not isinstance(given, dict) or len(given) != 1:
            raise Unmapped("the request has not one element that holds the others")
        ((name, value),) = given.items()
        return self._element(name, value, self.declarations)

    def _members(self, name: str, value: Any) -> Iterator[str]:
        for one in value if isinstance(value, list) else [value]:
            if one is not None:
                yield self._element(name, one, "")

    def _element(self, name: str, value: Any, more: str) -> str:
        self._check(name)
        if isinstance(value, list):
            raise Unmapped(f"a list is no element {name[:60]}")
        if not isinstance(value, dict):
            return f"<{name}{more}>{_text(value)}</{name}>"
        attributes = "".join(
            self._attribute(member[1:], one) for member, one in value.items() if member[:1] == "@" and one is not None
        )
        inside = "".join(
            _text(one) if member == TEXT else "".join(self._members(member, one))
            for member, one in value.items()
            if member[:1] != "@"
        )
        return f"<{name}{more}{attributes}>{inside}</{name}>"

    def _attribute(self, name: str, value: Any) -> str:
        self._check(name)
        # A reader makes spaces of them where they stand as they are (XML 1.0, 3.3.3).
        text = _text(value).replace("\n", "&#10;").replace("\t", "&#9;")
        return f' {name}="{text}"'

    def _check(self, name: str) -> None:
        match = _NAME.fullmatch(name)
        if match is None or name.lower().startswith("xml"):
            raise Unmapped(f"{name[:60]!r} is no name of an element or attribute")
        if (match[1] or "") not in self._prefixes:
            raise Unmapped(f"the prefix of {name[:60]} is none of `namespaces`")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise Unmapped("an object or list is no text")
    text = value if isinstance(value, str) else values.encode(value).decode()
    if _NO_CHARACTER.search(text):
        raise Unmapped("a text holds a character that XML has not")
    return html.escape(text).replace("\r", "&#13;")
