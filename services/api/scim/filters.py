"""Filters as directories send them: attributes with `eq`, joined by `and` (RFC 7644, 3.4.2.2).

Entra ID sends no others, and neither does Okta. Any other one is refused: a filter that is half understood would hand a
directory the wrong person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.api.scim.errors import InvalidFilter

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
LONGEST: Final = 1024
_MOST_TERMS: Final = 8
_CORE: Final = tuple(f"{one.lower()}:" for one in (USER, GROUP))
_TERM: Final = re.compile(
    r'\s*(?P<attribute>[A-Za-z][\w:.-]*(?:\[[^\]"]*"(?:[^"\\]|\\.)*"\s*\])?(?:\.\w+)?)'
    r'\s+(?P<operator>\w+)\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false|null|-?\d+(?:\.\d+)?)\s*'
)
_AND: Final = re.compile(r"and\s+", re.IGNORECASE)

Term = tuple[str, Any]
"""An attribute by its whole name in lower case, such as `emails[type eq "work"].value`, and what it is to be."""


def attribute_name(text: str) -> str:
    """The name of an attribute of the core schema as it is compared: in lower case, without the schema's URN."""
    lowered = text.lower()
    for prefix in _CORE:
        lowered = lowered.removeprefix(prefix)
    return lowered


def read(text: str | None, known: Mapping[str, Any]) -> list[Term]:
    """All that is to hold; nothing for no filter.

    Raises:
        InvalidFilter: of another form, or of an attribute that is not among `known`.
    """
    if text is None:
        return []
    if len(text) > LONGEST:
        raise InvalidFilter(f"A filter has at most {LONGEST} characters")
    terms: list[Term] = []
    at = 0
    while True:
        found = _TERM.match(text, at)
        if found is None or len(terms) == _MOST_TERMS:
            raise InvalidFilter('Send ATTRIBUTE eq "VALUE", several joined by `and`')
        terms.append(_term(found, known))
        at = found.end()
        if at == len(text):
            return terms
        joined = _AND.match(text, at)
        if joined is None:
            raise InvalidFilter("Terms are joined by `and` alone")
        at = joined.end()


def _term(found: re.Match[str], known: Mapping[str, Any]) -> Term:
    if found["operator"].lower() != "eq":
        raise InvalidFilter("The operator is `eq`, and no other")
    name = re.sub(r"\s+", " ", attribute_name(found["attribute"]))
    if name not in known:
        raise InvalidFilter(f"Filter by one of: {', '.join(sorted(known))}")
    try:
        value = msgspec.json.decode(found["value"])
    except (msgspec.DecodeError, UnicodeError):
        raise InvalidFilter("The value is no JSON") from None
    if isinstance(value, str) and "\0" in value:
        raise InvalidFilter("The value holds the character U+0000")
    return name, value
