"""In words how a text has to be written: no pattern is anybody's to read (ADR 0101)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from template_library.forms.document import MEMBERS, part_of

RULES: Final = frozenset({"pattern", "format"})
"""What a schema says of how a text is written."""
_LINE: Final = "Write it on one line, without spaces around it"
_OF: Final[Mapping[str, str]] = {
    "id": _LINE,
    "text": _LINE,
    "note": "Write plain text",
    "day": "Write a day such as 2026-03-31",
    "instant": "Write a moment with its offset, such as 2026-03-31T09:30:00Z",
    "clock_time": "Write a time of the day such as 16:30",
    "decimal": "Write a number such as 12.5, not below zero",
    "signed_decimal": "Write a number such as -12.5",
    "percent": "Write a percentage such as 7.25",
    "currency": "Write a currency by its three letters, such as USD",
    "unit": "Write a unit by its code, such as EA",
    "country": "Write a country by its two letters, such as US",
    "email": "Write an address such as name@example.com",
    "uri": "Write a whole address such as https://example.com/page",
    "document": "Choose one of the documents",
}
"""By the part of a record that a field is, or its format."""
_MEMBERS: Final = {"value": "signed_decimal", "currency": "currency", "unit": "unit"}
_OTHER: Final = "This is not written in the form that is asked for"


def words(rule: Mapping[str, Any], path: Sequence[str | int]) -> str:
    """How what stands at `path` (of its instance) in a field of this rule is written; by its help where it has any."""
    found: Any = rule
    for step in path:
        part = part_of(found)
        if part in MEMBERS:
            return _OF.get(_MEMBERS.get(str(step), ""), _OTHER)
        found = found.get("items", {}) if isinstance(step, int) else found.get("properties", {}).get(step, {})
    known = _OF.get(part_of(found) or str(found.get("format", "")))
    if known is not None:
        return known
    help_ = found.get("description")
    return f"{_OTHER}: {help_}" if help_ else _OTHER
