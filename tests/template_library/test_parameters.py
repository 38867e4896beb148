"""What schemas of parameters say of look-ups and units, and what is told where that is wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest

from template_library import catalog, parameters
from template_library.catalog import Package

NAME: Final = {"type": "string"}
COUNT: Final = {"type": "integer"}
NO_UNIT: Final = "which is no unit: say days, business-days, "
NO_LOOK_UP: Final = "which nothing is looked up by: say calendar, or a kind of record: carrier-service, "
NO_TEXT: Final = "`x-look-up` stands where one text without choices is entered"
NO_NUMBER: Final = "`x-unit` stands where a number is"


def told(rule: dict[str, Any]) -> list[str]:
    return list(parameters.mistakes({"type": "object", "properties": {"held": rule}}))


@pytest.mark.parametrize(
    "rule",
    [
        NAME | {"x-look-up": "warehouse"},
        {"anyOf": [{"type": "null"}, NAME], "x-look-up": "calendar"},
        {"oneOf": [{"type": "null"}, NAME | {"x-look-up": "calendar"}]},
        {"type": ["string", "null"], "x-look-up": "payment-terms"},
        {"type": "array", "items": {"type": "object", "properties": {"from": NAME | {"x-look-up": "location"}}}},
        {
            "type": "object",
            "propertyNames": {"x-look-up": "customer"},
            "additionalProperties": COUNT | {"x-unit": "days"},
        },
        {"type": "array", "items": COUNT | {"x-unit": "hours"}},
        {"type": ["number", "null"], "x-unit": "percent"},
        *[COUNT | {"x-unit": one} for one in parameters.WORDS],
        COUNT | {"x-unit": "MTR"},
        COUNT | {"x-unit": "XPX"},
        True,
    ],
)
def test_what_forms_can_show_is_well(rule: dict[str, Any]) -> None:
    assert told(rule) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (COUNT | {"x-unit": "dayz"}, f"the parameter `held`: `x-unit` is 'dayz', {NO_UNIT}"),
        (COUNT | {"x-unit": ["days"]}, f"the parameter `held`: `x-unit` is ['days'], {NO_UNIT}"),
        (NAME | {"x-unit": "days"}, f"the parameter `held`: {NO_NUMBER}"),
        ({"x-unit": "days"}, f"the parameter `held`: {NO_NUMBER}"),
        (NAME | {"x-look-up": "warehose"}, f"the parameter `held`: `x-look-up` is 'warehose', {NO_LOOK_UP}"),
        (
            NAME | {"x-look-up": {"record": "item"}},
            f"the parameter `held`: `x-look-up` is {{'record': 'item'}}, {NO_LOOK_UP}",
        ),
        (NAME | {"x-look-up": "item", "enum": ["A"]}, f"the parameter `held`: {NO_TEXT}"),
        (COUNT | {"x-look-up": "item"}, f"the parameter `held`: {NO_TEXT}"),
        ({"type": "array", "items": NAME, "x-look-up": "item"}, f"the parameter `held`: {NO_TEXT}"),
        ({"type": "array", "items": NAME | {"x-look-up": "item"}}, f"the parameter `held`, at /items: {NO_TEXT}"),
        (
            {"type": "object", "properties": {"a/b": COUNT | {"x-unit": "DAYS"}}},
            f"the parameter `held`, at /properties/a~1b: `x-unit` is 'DAYS', {NO_UNIT}",
        ),
        (
            NAME | {"x-lookup": "item"},
            "the parameter `held`: there is no `x-lookup`: a schema says `x-look-up` and `x-unit`",
        ),
    ],
)
def test_what_they_cannot_show_is_told_with_the_parameters_name(rule: dict[str, Any], said: str) -> None:
    (wrong,) = told(rule)
    assert wrong.startswith(said)


@pytest.mark.parametrize("package", catalog.builtin().packages(), ids=lambda one: str(one.reference))
def test_shipped_packages_say_it_well(package: Package) -> None:
    assert list(parameters.mistakes(package.parameters)) == []


COUNTS: Final = {"dup_match_threshold", "max_split_shipments", "ocr_confidence", "reminders_most", "repeat_after"}
"""Numbers of shipped packages that are of nothing: shares of one, and how many."""


@pytest.mark.parametrize("package", catalog.builtin().packages(), ids=lambda one: str(one.reference))
def test_shipped_packages_say_what_each_number_is_of(package: Package) -> None:
    bare = {
        name
        for name, rule in package.parameters["properties"].items()
        if ("integer" in (said := rule.get("type", "")) or "number" in said) and "x-unit" not in rule
    }
    assert bare <= COUNTS
