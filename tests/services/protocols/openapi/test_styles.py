"""The table of OpenAPI 3.1, Style Examples."""

from __future__ import annotations

from typing import Any

import pytest

from services.protocols.errors import Refusal
from services.protocols.openapi import styles
from services.protocols.openapi.operation import Parameter

ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}


@pytest.mark.parametrize(
    ("style", "explode", "string", "array", "object_"),
    [
        ("simple", False, "blue", "blue,black,brown", "R,100,G,200,B,150"),
        ("simple", True, "blue", "blue,black,brown", "R=100,G=200,B=150"),
        ("label", False, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
        ("label", True, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
        ("matrix", False, ";color=blue", ";color=blue,black,brown", ";color=R,100,G,200,B,150"),
        ("matrix", True, ";color=blue", ";color=blue;color=black;color=brown", ";R=100;G=200;B=150"),
    ],
)
def test_styles_of_a_path(style: str, explode: bool, string: str, array: str, object_: str) -> None:  # noqa: FBT001
    parameter = Parameter("color", "path", style, explode)
    assert styles.in_path(parameter, "blue") == string
    assert styles.in_path(parameter, ARRAY) == array
    assert styles.in_path(parameter, OBJECT) == object_


@pytest.mark.parametrize(
    ("style", "explode", "array", "object_"),
    [
        ("form", False, "color=blue,black,brown", "color=R,100,G,200,B,150"),
        ("form", True, "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        ("spaceDelimited", False, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
        ("pipeDelimited", False, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
        ("deepObject", True, "color=blue&color=black&color=brown", "color[R]=100&color[G]=200&color[B]=150"),
    ],
)
def test_styles_of_a_query(style: str, explode: bool, array: str, object_: str) -> None:  # noqa: FBT001
    parameter = Parameter("color", "query", style, explode)
    assert "&".join(styles.in_query(parameter, ARRAY)) == array
    assert "&".join(styles.in_query(parameter, OBJECT)) == object_


def test_values_are_escaped_for_their_place() -> None:
    query = Parameter("q", "query", "form", explode=True)
    assert styles.in_query(query, "a b&c=d/é") == ["q=a%20b%26c%3Dd%2F%C3%A9"]
    assert styles.in_query(query, True) == ["q=true"]
    assert styles.in_query(Parameter("q", "query", "form", explode=True, reserved=True), "a/b?") == ["q=a/b?"]
    reserved = Parameter("q", "query", "form", explode=True, reserved=True)
    assert styles.in_query(reserved, "a#b&c=d+e[0]%") == ["q=a%23b%26c=d%2Be%5B0%5D%25"]
    assert styles.in_path(Parameter("p", "path", "simple", explode=False), "../x?y") == "..%2Fx%3Fy"
    assert styles.in_header(Parameter("h", "header", "simple", explode=True), OBJECT) == "R=100,G=200,B=150"
    as_json: Any = Parameter("q", "query", "form", explode=True, is_json=True)
    assert styles.in_query(as_json, {"a": 1}) == ["q=%7B%22a%22%3A1%7D"]
    deep = Parameter("f", "query", "deepObject", explode=True)
    assert styles.in_query(deep, {"a": {"b": [1, 2]}, "c": None}) == ["f[a][b]=1", "f[a][b]=2"]


def test_what_a_style_cannot_say_is_refused() -> None:
    with pytest.raises(Refusal):
        styles.in_query(Parameter("q", "query", "form", explode=True), {"a": {"b": 1}})
