"""What the mappings of connectors are answered in process is what jq answers; and none of it takes long."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.engine import values
from services.engine.expressions import quick, trivial
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed
from tests.services.engine.expressions.same import same

ORDER = {
    "reference": "PO-7",
    "lines": [
        {"item": "B", "quantity": 2, "price": {"amount": 1299, "currency": "USD"}},
        {"item": "A", "quantity": "1.5", "price": {"amount": 20, "currency": "USD"}},
        {"item": "B", "quantity": 3, "price": {"amount": 1299, "currency": "USD"}},
    ],
}

_NAMES = st.sampled_from(["a", "b", "item", "n"])
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from([2**53, 2**53 - 1, -(2**53), 2**60, 0.1, 0.5, -0.5, 1.0, 2.5, 1e300, -0.0, 12.34]),
    st.sampled_from(["", "a", "b", "A", "é", "1", "0.10", "-1", "01", "1.5", "a,b", "x1", "\U0001f600", "\uffff", "Z"]),
)
_ROWS = st.fixed_dictionaries({"item": _SCALARS, "n": _SCALARS}, optional={"a": _SCALARS})
_VALUES = st.one_of(
    st.recursive(
        _SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_NAMES, inner, max_size=3)),
        max_leaves=6,
    ),
    st.fixed_dictionaries({"a": st.lists(_ROWS, max_size=4), "b": _SCALARS, "n": st.integers(-3, 9)}),
    st.lists(_ROWS, max_size=4),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=4),
    st.lists(st.integers(-3, 3), max_size=4),
)
_ENTRIES = "map({key: (.item | tostring), value: .n}) | from_entries"
_LEAVES = st.sampled_from([
    ".", ".a", ".b", ".item", ".n", "$input", "$input.a", "$key", "1", "2", "0.5", "0", '"a"', '","', "null", "true",
    "[]", "{}", ".[]", ".a[]", "$input.a[]?", ".[0]", ".[1:]", ".[:2]", ".a[1:3]", ".[.b]", "$input[.item]", '.["a"]',
    "length", "add", "not", "any", "all", "tostring", "tonumber", "keys", "unique", "floor", "round", "from_entries",
    "empty", "ascii_downcase", "ascii_upcase", _ENTRIES, 'join(",")', 'split(",")', "-1", ".[-1]", "..", "# no\n.a",
])  # fmt: skip
_ONE = st.sampled_from(["map", "select", "any", "all", "INDEX", "group_by", "sort_by", "unique_by", "has", "join"])
_TEXTUAL = st.sampled_from(["startswith", "endswith", "ltrimstr", "rtrimstr", "split"])


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "==", "<", ">=", "and", "or", "//", "|", "|", ","])
    return st.one_of(
        st.builds("{} {} {}".format, inner, operators, inner),
        st.builds("({})".format, inner),
        st.builds("[{}]".format, inner),
        st.builds("{{a: ({}), b: .n}}".format, inner),
        st.builds("{}({})".format, _ONE, inner),
        st.builds('{}("{}")'.format, _TEXTUAL, st.sampled_from(["a", "", "1", ","])),
        st.builds("{}({}; {})".format, st.sampled_from(["any", "all"]), inner, inner),
        st.builds("if {} then {} else {} end".format, inner, inner, inner),
        st.builds("if {} then {} elif {} then {} end".format, inner, inner, inner, inner),
        st.builds('"x\\({})y\\({})#"'.format, inner, inner),
        st.builds("({}) as $one | {}".format, inner, inner),
        st.builds("{} | . as $one | $one, {}".format, inner, inner),
        st.builds("def micro: {}; {} | micro".format, inner, inner),
        st.builds("1 as $key | def f: $key; 2 as $key | [f, {}]".format, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({}).a".format, inner),
        st.builds("({})[]".format, inner),
        st.builds("({})[1:2]".format, inner),
    )


_PROGRAMS = st.recursive(_LEAVES, _wider, max_leaves=5)


async def _by_jq(pool: ExpressionPool, program: str, value: Any, variables: dict[str, Any]) -> Any:
    text = values.encode({"i": value, "v": variables})
    try:
        (answer,) = await pool.evaluate("", sorted(variables), text, [program])
    except ExpressionFailed as error:
        return error
    return values.decode(answer, depth=values.DEPTH + 1)


@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=_PROGRAMS, value=_VALUES, given_input=_VALUES)
async def test_what_is_answered_in_process_is_what_jq_answers(
    pool: ExpressionPool, program: str, value: Any, given_input: Any
) -> None:
    variables = {"input": given_input, "key": "k-1"}
    answer = quick.evaluate(program, value, variables)
    if answer is trivial.NOT_TRIVIAL:
        return
    decoded = await _by_jq(pool, program, value, variables)
    assert isinstance(decoded, list), (program, answer, decoded)
    assert len(decoded) == 1
    assert same(answer, decoded[0]), (program, answer, decoded)


_AVAILABILITY = """
def micro: tonumber * 1000000 | round;
(INDEX(.code)) as $stock
| ($input.lines | map({item, needed: (.quantity | micro)}) | group_by(.item)
  | map({key: .[0].item, value: (map(.needed) | add)}) | from_entries) as $needed
| [ $input.lines[] | $stock[.item] as $have | { item, found: ($have != null), requested: (.quantity | tostring),
    sufficient: ($have != null and ($have.available | micro) >= $needed[.item]) } ]
| { items: ., sufficient: all(.[]; .sufficient) }
"""
_STOCK = [{"code": "A", "available": "1.5"}, {"code": "B", "available": "4"}]


@pytest.mark.parametrize(
    ("program", "value", "expected"),
    [
        (".lines | length", ORDER, 3),
        ("[.lines[] | .price.amount]", ORDER, [1299, 20, 1299]),
        (".lines | map({item, quantity: (.quantity | tostring)}) | .[1]", ORDER, {"item": "A", "quantity": "1.5"}),
        ('all(.lines[]; .price.currency == "USD")', ORDER, True),
        ("[.lines[].item] | unique", ORDER, ["A", "B"]),
        ('"\\(.reference) #\\($key[:4])"', ORDER, "PO-7 #9f86"),
        ("if .limit == null then null else .limit - .used end", {"limit": 7, "used": 2}, 5),
        (".amount / 100", {"amount": 1250}, 12.5),
        (
            _AVAILABILITY,
            _STOCK,
            {
                "items": [
                    {"item": "B", "found": True, "requested": "2", "sufficient": False},
                    {"item": "A", "found": True, "requested": "1.5", "sufficient": True},
                    {"item": "B", "found": True, "requested": "3", "sufficient": False},
                ],
                "sufficient": False,
            },
        ),
    ],
)
async def test_a_mapping_needs_no_process(pool: ExpressionPool, program: str, value: Any, expected: Any) -> None:
    variables = {"input": ORDER, "key": "9f86d081"}
    assert quick.evaluate(program, value, variables) == expected
    assert (await _by_jq(pool, program, value, variables)) == [expected]


@pytest.mark.parametrize(
    "program",
    [
        ".lines[]",
        ".lines[], 1",
        "reduce .lines[] as $line (0; . + 1)",
        "try error catch .",
        ".lines[0].nothing.more + 1 | tojson",
        "def f(g): g; f(1)",
        "def if: 1; 2",
        "1 | def f: .; f | (def g: .; g)",
        ".lines | .[0] as $line | def f: 1; f",
        ".[:]",
        "# a comment \\\n that goes on\n.",
        '"a" | @base64',
        "now",
        "$ENV",
    ],
)
def test_anything_else_is_left_to_jq(program: str) -> None:
    assert quick.evaluate(program, ORDER, {"input": ORDER}) is trivial.NOT_TRIVIAL


@pytest.mark.parametrize(
    "program",
    [
        "map(. as $one | $all | map(. + $one))",
        "[.[] | $all[] | $all[] | $all[]]",
        " | ".join(["[., .]"] * 60),
        '"x" | ' + " | ".join([". + ."] * 60),
        '"x" | ' + " | ".join(['"\\(.)\\(.)"'] * 60),
        "(" * 200 + "." + ")" * 200,
        "[" * 15 + "." + "]" * 15,
        "def f: [., .]; " + " | ".join(["f"] * 60),
    ],
)
def test_S_23_what_would_take_long_or_much_is_left_to_jq_at_once(program: str) -> None:
    numbers = list(range(2_000))
    began = time.process_time()
    answer = quick.evaluate(program, numbers, {"all": numbers})
    assert answer is trivial.NOT_TRIVIAL or len(values.encode(answer)) < 100_000
    assert time.process_time() - began < 10, "seconds of a slow processor; what is left to jq takes none"
