"""The evaluator in process is right or silent: whatever it answers, jq answers too."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.engine import values
from services.engine.expressions import trivial
from services.engine.expressions.pool import ExpressionPool
from tests.services.engine.expressions.same import same

_NAMES = st.sampled_from(["a", "b", "name", "if_", "and", "and_", "É", "x1"])
_FIELD_NAMES = st.sampled_from(["a", "b", "name", "x1"])
_NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.integers(-3, 3), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
_TEXTS = st.one_of(st.sampled_from(["", "a", "b", "é", "\U0001f600", "\uffff"]), st.text('ab"\\\n', max_size=3))
_SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_FIELD_NAMES, inner, max_size=3)),
    max_leaves=8,
)


def _literal(value: Any) -> str:
    return values.encode(value).decode()


_PATHS = st.builds(
    lambda head, steps: head + "".join(steps),
    st.one_of(st.just("."), st.builds(lambda name: f".{name}", _FIELD_NAMES), st.sampled_from(["$input", "$context"])),
    st.lists(
        st.one_of(
            st.builds(lambda name: f".{name}", _FIELD_NAMES),
            st.builds(lambda name: f'["{name}"]', _FIELD_NAMES),
            st.builds(lambda name: f'."{name}"', _FIELD_NAMES),
            st.builds(lambda index: f"[{index}]", st.integers(0, 3)),
        ),
        max_size=3,
    ),
).map(lambda path: path.replace("..", "."))
_TERMS = st.one_of(_PATHS, st.builds(_literal, st.one_of(st.none(), st.booleans(), st.integers(0, 5), _TEXTS)))


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "and", "or", "//", " and ", ","])
    return st.one_of(
        st.builds(lambda left, operator, right: f"{left} {operator} {right}", inner, operators, inner),
        st.builds(lambda one: f"({one})", inner),
        st.builds(lambda one: f"[{one}]", inner),
        st.builds(lambda name, one: f"{{{name}: {one}}}", _NAMES, inner),
        st.builds(lambda name, one: f'{{"{name}": {one}, b}}', _FIELD_NAMES, inner),
        st.just("{a, $context}"),
    )


PROGRAMS = st.recursive(_TERMS, _compound, max_leaves=4)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=PROGRAMS, value=VALUES, context=VALUES)
async def test_what_is_answered_in_process_is_what_jq_answers(
    pool: ExpressionPool, program: str, value: Any, context: Any
) -> None:
    variables = {"context": context, "input": value}
    answer = trivial.evaluate(program, value, variables)
    if answer is trivial.NOT_TRIVIAL:
        return
    text = values.encode({"i": value, "v": variables})
    (results,) = await pool.evaluate("", sorted(variables), text, [program])
    decoded = values.decode(results)
    assert len(decoded) == 1
    assert same(answer, decoded[0]), (program, answer, decoded)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (".", {"a": {"b": [1, "x"]}, "n": None}),
        (".a.b[1]", "x"),
        ('.a["b"]', [1, "x"]),
        (".n.any.thing", None),
        (".a.b[9]", None),
        ("$context.c", 7),
        ('.a.b[1] == "x"', True),
        ("$context.c >= 7 and .n == null", True),
        ('.n // "default"', "default"),
        ("{c: $context.c, n, $context}", {"c": 7, "n": None, "context": {"c": 7}}),
        ("[.a.b[0], 2]", [1, 2]),
    ],
)
def test_common_programs_need_no_process(program: str, expected: Any) -> None:
    assert trivial.evaluate(program, {"a": {"b": [1, "x"]}, "n": None}, {"context": {"c": 7}}) == expected


@pytest.mark.parametrize(
    "program",
    [
        ".a | .b",
        ".a + 1",
        ".a?",
        ".[]",
        "..",
        ".a, .b",
        "1 == 1 == 1",
        '"\\(.a)"',
        "now",
        "env",
        "$ENV",
        "-1",
        ".a[-1]",
    ],
)
def test_anything_else_is_left_to_jq(program: str) -> None:
    assert trivial.evaluate(program, {"a": [1]}, {}) is trivial.NOT_TRIVIAL


def test_a_value_repeated_too_often_is_left_to_jq() -> None:
    big = "x" * 1_000_000
    assert trivial.evaluate(f"[{','.join(['.'] * 50)}]", big, {}) is trivial.NOT_TRIVIAL
