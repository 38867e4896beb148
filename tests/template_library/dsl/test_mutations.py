"""Whatever a document says, it is a workflow or a list of what is wrong with it; and it never takes long."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_library.dsl import DocumentError, Violation, parse
from template_library.dsl.graph import graph
from template_library.dsl.reader import read
from tests.template_library.dsl.pairs import PAIRS

DOCUMENTS = [read(pair.right).value for pair in PAIRS]
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["${ .a }", "${ $item }", "${ $secrets.a }", "${", "{a}", "https://a.b/{c}", "PT1S", ".a", "t", "/", "~1"]
    ),
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for key, member in inner for one in places(member, (*path, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A right document with some values replaced: by others, or by parts of other documents."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(places(document)[1:]))
        parent, key = at(document, path[:-1]), path[-1]
        change = draw(st.sampled_from(["value", "graft", "remove", "rename"]))
        if change == "value":
            parent[key] = draw(VALUES)
        elif change == "graft":
            other = draw(st.sampled_from(DOCUMENTS))
            parent[key] = copy.deepcopy(at(other, draw(st.sampled_from(places(other)))))
        elif change == "remove" and len(document) > 1:
            del parent[key]
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.text(max_size=8))] = parent.pop(key)
    return document


def violations(text: str, *, whole: bool) -> list[Violation]:
    try:
        graph(parse(text, whole=whole))
    except DocumentError as error:
        return error.violations
    return []


def accepts(text: str, *, whole: bool) -> bool:
    """Whether `text` is a workflow; if not, what is wrong with it stands somewhere in it."""
    found = violations(text, whole=whole)
    lines = text.count("\n") + 1
    assert all(one.message and 1 <= one.line <= lines + 1 and one.column >= 1 for one in found)
    return not found


@pytest.mark.parametrize("value", [None, 5, "x", [1], {"a": {}}])
def test_a_value_of_another_kind_is_read_or_refused_wherever_it_stands(value: Any) -> None:
    for document in DOCUMENTS:
        for path in places(document)[1:]:
            mutant = copy.deepcopy(document)
            at(mutant, path[:-1])[path[-1]] = value
            accepts(json.dumps(mutant), whole=True)


@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_a_mutated_document_is_read_or_refused_and_nothing_else(document: Any) -> None:
    text = json.dumps(document)
    whole, ready = accepts(text, whole=True), accepts(text, whole=False)
    assert whole or not ready


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(PAIRS), st.data())
def test_a_text_with_a_hole_or_a_foreign_character_is_read_or_refused(pair: Any, data: st.DataObject) -> None:
    text = pair.right
    place = data.draw(st.integers(0, len(text) - 1))
    piece = data.draw(
        st.sampled_from(["", "\x00", "\t", "'", "{", "]", ": ", "&a ", "*a", "!!str ", "\n---\n", "é", "\ud800"])
    )
    accepts(text[:place] + piece + text[place + data.draw(st.integers(0, 3)) :], whole=True)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(PAIRS))
def test_the_same_text_gives_the_same_workflow(pair: Any) -> None:
    assert parse(pair.right, whole=True) == parse(pair.right, whole=True)


@settings(max_examples=500, deadline=None)
@given(mutated())
def test_loose_mode_refuses_no_more_than_strict_mode(document: Any) -> None:
    """What strict mode takes as it stands is at most an expression that fails, and then stands as it is."""
    if accepts(json.dumps({**document, "evaluate": {}}), whole=True):
        assert accepts(json.dumps({**document, "evaluate": {"mode": "loose"}}), whole=True)
