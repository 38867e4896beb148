from __future__ import annotations

from typing import Any

import pytest

from template_library import schemas
from template_library.dsl.schemas import SchemaError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "percent": {"type": "number", "maximum": 100, "default": 5},
        "limits": {"type": "array", "items": {"type": "object", "properties": {"a/b": {"type": "integer"}}}},
        "bands": {"type": "object", "default": {"low": []}},
    },
}


def test_every_breach_is_named_with_its_pointer() -> None:
    found = schemas.check(SCHEMA, {"percent": 101, "limits": [{}, {"a/b": "x"}], "colour": 1})
    assert sorted(breach.pointer for breach in found) == ["", "/limits/1/a~1b", "/percent"]


def test_a_hidden_value_stays_out_of_the_words() -> None:
    found = schemas.check({"properties": {"x": {"maxLength": 3}}}, {"x": "canary"}, hidden=True)
    assert [(breach.pointer, breach.detail) for breach in found] == [("/x", "breaks the rule `maxLength`")]


def test_defaults_fill_what_is_absent_and_are_never_shared() -> None:
    first = schemas.with_defaults(SCHEMA, {"percent": 0})
    assert first == {"percent": 0, "bands": {"low": []}}
    first["bands"]["low"].append(1)
    assert schemas.with_defaults(SCHEMA, {})["bands"] == {"low": []}


def test_a_schema_reaches_no_network() -> None:
    with pytest.raises(SchemaError):
        schemas.check({"$ref": "http://127.0.0.1:9/schema"}, {})


def test_a_message_is_bounded_and_so_is_their_number() -> None:
    found = schemas.check({"additionalProperties": {"type": "integer"}}, {str(n): "x" * 1000 for n in range(100)})
    assert len(found) == schemas.MOST
    assert all(len(breach.detail) <= 401 for breach in found)


MONEY = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}},
}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ({"most": 500000}, "500000 is none of: null; an object with `amount` and `currency`"),
        ({"most": {"amount": 1}}, '"currency" is a required property'),
        ({"most": {"amount": "1", "currency": "EUR"}}, '"1" is not of type "integer" (at /amount)'),
        ({"pick": 5}, '5 is none of: a text; one of "a", 7; 3'),
    ],
)
def test_of_several_shapes_those_that_fit_are_named(keyword: str, value: Any, detail: str) -> None:
    schema = {
        "$defs": {"money": MONEY},
        "properties": {
            "most": {keyword: [{"type": "null"}, {"$ref": "#/$defs/money"}]},
            "pick": {keyword: [{"type": "string"}, {"enum": ["a", 7]}, {"const": 3}]},
        },
    }
    assert [one.detail for one in schemas.check(schema, value)] == [detail]
    assert [one.detail for one in schemas.check(schema, value, hidden=True)] == [f"breaks the rule `{keyword}`"]
