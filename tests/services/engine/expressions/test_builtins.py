"""Each function and sign that programs in process may use, on every pair of awkward values, as jq has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from services.engine import values
from services.engine.expressions import builtins, quick, trivial
from services.engine.expressions.pool import ExpressionPool
from services.engine.expressions.protocol import ExpressionFailed
from tests.services.engine.expressions.same import same

_NUMBERS: Final[list[Any]] = [
    *(0, 1, -1, 2, 3, 7, 100, 1299, 2**53, -(2**53), 2**53 + 1, 2**53 - 1, 2**63, 10**17, 10**22),
    *(0.1, 0.2, 0.3, 0.5, 1.5, 2.5, -0.5, -1.5, -0.0, 1.0, 12.34, 1e-7, 1e15, 1e17, 1e300, 4503599627370497.5),
    Decimal("0.1000000000000000055511151231257827"),
]
_TEXTS: Final[list[Any]] = [
    *("", "a", "A", "ab", "aB1", "é", "É", "ß", "\U0001f600", "\uffff", "a,b", ",a,,b,", "1", "-1", "0", "00", "01"),
    *("1.0", "1.50", ".5", "5.", "1e3", "1E-2", "+1", " 1", "1 ", "0x10", "nan", "infinity", "123456789012345"),
    *("1234567890123456", "0.1234567890123456", "0.30000000000000004", "000.1", "1_000", "null", "true", "\x00"),
]
_OTHERS: Final[list[Any]] = [
    *(None, True, False, [], {}, [None], [1, 2], [2, 1, 1], ["b", "a", "b"], ["a", 1], [1, 1.0], [[1]], [True, 1]),
    *({"a": 1}, {"b": None, "a": [1]}, [{"key": "a", "value": 1}, {"key": "a", "value": 2}], [{"key": "a"}]),
    *([{"key": None, "value": 1}], [{"key": 1, "value": 1}], [{"name": "a", "value": 1}], [{"key": "a", "v": 1}]),
    *(["é", "z", "Z", "\U0001f600", "\uffff"], [0.5, 0.25], [3, -1, 2**60], [None, "a", 1, True], [{}, {"a": 1}]),
]
_EVERY: Final = [*_NUMBERS, *_TEXTS, *_OTHERS]
_SIGNS: Final = ("+", "-", "*", "/", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//")
_SHAPES: Final = (".[0][.[1]]", ".[0] | .[1:]", ".[0][:2]", ".[0][1:2]", '"\\(.[0])-\\(.[1])"', "[.[0][]]")
_BY: Final = {
    "map": ".", "select": "not", "any": ".", "all": ".", "INDEX": ".", "group_by": ".", "sort_by": ".",
    "unique_by": ".",
}  # fmt: skip


async def _hold(pool: ExpressionPool, program: str, value: Any) -> int:
    """One when it was answered in process, as by jq; none when it was left to jq."""
    answer = quick.evaluate(program, value, {})
    if answer is trivial.NOT_TRIVIAL:
        return 0
    try:
        (found,) = await pool.evaluate("", [], values.encode({"i": value, "v": {}}), [program])
    except ExpressionFailed as error:
        raise AssertionError((program, value, answer, error.detail)) from error
    decoded = values.decode(found, depth=values.DEPTH + 1)
    assert len(decoded) == 1, (program, value, answer, decoded)
    assert same(answer, decoded[0]), (program, value, answer, decoded)
    # Written out, it must be the same as well: 100, and not 100.0.
    assert type(answer) is type(decoded[0]), (program, value, answer, decoded)
    return 1


@pytest.mark.parametrize("sign", _SIGNS)
async def test_signs_are_those_of_jq(pool: ExpressionPool, sign: str) -> None:
    answered = 0
    for left in _EVERY:
        for right in _EVERY[::2] if isinstance(left, str) else _EVERY:
            answered += await _hold(pool, f".[0] {sign} .[1]", [left, right])
    assert answered > 50


@pytest.mark.parametrize("shape", _SHAPES)
async def test_parts_are_those_of_jq(pool: ExpressionPool, shape: str) -> None:
    answered = 0
    for left in _EVERY:
        for right in (None, 0, 1, 5, -1, "a", "", True, 1.5):
            answered += await _hold(pool, shape, [left, right])
    assert answered > 20


@pytest.mark.parametrize(("name", "arguments"), sorted(builtins.TABLE))
async def test_functions_are_those_of_jq(pool: ExpressionPool, name: str, arguments: int) -> None:
    answered = 0
    for value in _EVERY:
        if arguments == 0:
            answered += await _hold(pool, f"[{name}]" if name == "empty" else name, value)
        elif arguments == 2:
            answered += await _hold(pool, f"{name}(.[]; . == 1)", value)
        elif name in _BY:
            program = f"{name}({_BY[name]})"
            answered += await _hold(pool, f"[{program}]" if name == "select" else program, value)
        else:
            for given in _TEXTS[:14]:
                answered += await _hold(pool, f".[0] as $one | .[1] | {name}($one)", [given, value])
    assert answered >= 2
