"""What a package's JSON Schema says of its parameters beside their shape: of what they are looked up, in what counted.

The form of a deployment shows no more than that: it guesses nothing from what a parameter is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from template_library import schemas
from template_library.records import registry
from template_library.values import units

LOOK_UP: Final = "x-look-up"
UNIT: Final = "x-unit"
CALENDAR: Final = "calendar"
"""What is looked up beside records: a business calendar of the environment, by its name."""
WORDS: Final = ("days", "business-days", "hours", "business-hours", "minutes", "percent", "minor-units")
"""Units that a form has a word for; any other is a code of UN/ECE Recommendation 20."""
_KEYWORDS: Final = frozenset({LOOK_UP, UNIT})
_EITHER: Final = ("anyOf", "oneOf")
_NUMBERS: Final = frozenset({"integer", "number"})


def mistakes(schema: Mapping[str, Any]) -> Iterator[str]:
    """In words for the package's author, each with the parameter's name; `schema` is a JSON Schema."""
    for name, rule in _members(schema):
        for at, one, is_entered in _rules(rule, (), is_entered=True):
            place = f", at {schemas.pointer(at)}" if at else ""
            yield from (f"the parameter `{name}`{place}: {wrong}" for wrong in _of(one, is_entered=is_entered))


def _of(rule: Mapping[str, Any], *, is_entered: bool) -> Iterator[str]:
    odd = sorted(one for one in rule if one.startswith("x-") and one not in _KEYWORDS)
    yield from (f"there is no `{one}`: a schema says `{LOOK_UP}` and `{UNIT}`" for one in odd)
    if LOOK_UP in rule:
        yield from _of_look_up(rule, rule[LOOK_UP], is_entered=is_entered)
    if UNIT in rule:
        unit = rule[UNIT]
        if not isinstance(unit, str) or (unit not in WORDS and not units.is_unit(unit)):
            yield (
                f"`{UNIT}` is {_said(unit)}, which is no unit: say {', '.join(WORDS)}, "
                "or a code of UN/ECE Recommendation 20 that records use, such as MTR"
            )
        if not _kinds(rule) or not _kinds(rule) <= _NUMBERS:
            yield f"`{UNIT}` stands where a number is: its type is to be integer or number"


def _of_look_up(rule: Mapping[str, Any], kind: Any, *, is_entered: bool) -> Iterator[str]:
    if not isinstance(kind, str) or (kind != CALENDAR and kind not in registry.names()):
        yield (
            f"`{LOOK_UP}` is {_said(kind)}, which nothing is looked up by: say {CALENDAR}, "
            f"or a kind of record: {', '.join(registry.names())}"
        )
    if _kinds(rule) != {"string"} or "enum" in rule or not is_entered:
        yield f"`{LOOK_UP}` stands where one text without choices is entered: lines of a list are not looked up"


def _rules(
    rule: Mapping[str, Any], at: tuple[str, ...], *, is_entered: bool
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], bool]]:
    """A schema and those inside it, with their place, and whether the form has an input for it alone."""
    yield at, rule, is_entered
    for name, one in _members(rule):
        yield from _rules(one, (*at, "properties", name), is_entered=True)
    for keyword, alone in (("items", False), ("additionalProperties", True), ("propertyNames", True)):
        held = rule.get(keyword)
        if isinstance(held, Mapping):
            # What members are called is a text, whether it says so or not.
            said = {"type": "string", **held} if keyword == "propertyNames" else held
            yield from _rules(said, (*at, keyword), is_entered=alone)
    for keyword in _EITHER:
        for place, one in enumerate(_list(rule.get(keyword))):
            if isinstance(one, Mapping):
                yield from _rules(one, (*at, keyword, str(place)), is_entered=is_entered)


def _kinds(rule: Mapping[str, Any]) -> set[str]:
    """Types that a value may have, besides null."""
    said = rule.get("type", [])
    found = {said} if isinstance(said, str) else {one for one in _list(said) if isinstance(one, str)}
    for keyword in _EITHER:
        found = found.union(*(_kinds(one) for one in _list(rule.get(keyword)) if isinstance(one, Mapping)))
    return found - {"null"}


def _members(rule: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    members = rule.get("properties")
    if isinstance(members, Mapping):
        yield from ((name, one) for name, one in members.items() if isinstance(one, Mapping))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _said(value: Any) -> str:
    return repr(value)[:64]
