"""A schema may take another's place when neither who sends nor who reads by the old one notices."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.events.catalogue.compatibility import breaks
from template_library.schemas import check

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["number"],
    "properties": {
        "number": {"type": "string", "maxLength": 20},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"item": {"type": "string"}}}},
        "state": {"enum": ["held", "released"]},
    },
}


def changed(at: str, value: Any) -> dict[str, Any]:
    """`ORDER` with `value` at a pointer; None takes away what is there."""

    def put(node: Any, parts: list[str]) -> Any:
        if not parts:
            return value
        below = put(node.get(parts[0], {}), parts[1:])
        rest = {name: one for name, one in node.items() if name != parts[0]}
        return rest if below is None else rest | {parts[0]: below}

    result: dict[str, Any] = put(ORDER, at.split("/")[1:])
    return result


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("/description", "An order"),
        ("/properties/number/title", "Number"),
        ("/properties/note", {"type": "string"}),
        ("/properties/lines/items/properties/unit", {"type": "string"}),
    ],
)
def test_words_and_further_members_are_no_break(at: str, value: Any) -> None:
    assert breaks(ORDER, changed(at, value)) == []


@pytest.mark.parametrize(
    ("at", "value", "pointer"),
    [
        ("/properties/number/type", "integer", "/properties/number/type"),
        ("/properties/number/maxLength", 10, "/properties/number/maxLength"),
        ("/properties/number/maxLength", 30, "/properties/number/maxLength"),
        ("/properties/number/maxLength", None, "/properties/number/maxLength"),
        ("/properties/number/pattern", "^S", "/properties/number/pattern"),
        ("/properties/lines/items/properties/item", None, "/properties/lines/items/properties/item"),
        ("/properties/lines/items/properties/item/type", "integer", "/properties/lines/items/properties/item/type"),
        ("/properties/lines/items/required", ["item"], "/properties/lines/items/required"),
        ("/properties/state/enum", ["held"], "/properties/state/enum"),
        ("/properties/state/enum", ["held", "released", "lost"], "/properties/state/enum"),
        ("/required", [], "/required"),
        ("/required", ["number", "state"], "/required"),
        ("/additionalProperties", False, "/additionalProperties"),
        ("/type", "array", "/type"),
        ("/$ref", "#/properties/number", "/$ref"),
    ],
)
def test_the_path_that_breaks_is_named(at: str, value: Any, pointer: str) -> None:
    found = breaks(ORDER, changed(at, value))
    assert [one.pointer for one in found] == [pointer]
    assert found[0].detail


def test_an_object_that_says_what_further_members_there_are_takes_none() -> None:
    closed = ORDER | {"additionalProperties": False}
    grown = closed | {"properties": ORDER["properties"] | {"note": {}}}
    assert [one.pointer for one in breaks(closed, grown)] == ["/properties/note"]


def test_what_had_to_be_sent_as_anything_stays_anything() -> None:
    demanded = ORDER | {"required": ["number", "note"]}
    described = demanded | {"properties": ORDER["properties"] | {"note": {"type": "string"}}}
    assert [one.pointer for one in breaks(demanded, described)] == ["/properties/note"]


def test_one_and_true_are_not_the_same() -> None:
    assert breaks({"const": 1}, {"const": True})
    assert not breaks({"const": {"a": 1, "b": 2}}, {"const": {"b": 2, "a": 1}})


_TYPES = st.sampled_from(["string", "integer", "boolean", "object"])
_SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries({"type": _TYPES}, optional={"description": st.just("x")}),
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3)},
        optional={"required": st.lists(st.sampled_from("abc"), unique=True, max_size=2)},
    ),
    max_leaves=6,
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["x", 1, True]), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=5
)


@given(_SCHEMAS, _SCHEMAS, _VALUES)
def test_what_is_compatible_takes_whatever_the_old_one_took_of_its_members(
    old: dict[str, Any], new: dict[str, Any], value: Any
) -> None:
    assert breaks(old, old) == []
    if breaks(old, new) or check(old, value):
        return
    # Members that the old schema says nothing of are nobody's promise.
    known = _known(old, value)
    assert check(new, known) == []
    assert check(old, known) == []


def _known(schema: dict[str, Any], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    told = schema.get("properties", {})
    # A name that is demanded and described nowhere takes any value, in both schemas or in neither.
    return {name: _known(told[name], one) for name, one in value.items() if name in told} | {
        name: value[name] for name in schema.get("required", ()) if name not in told
    }
