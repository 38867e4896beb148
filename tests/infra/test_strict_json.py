from __future__ import annotations

import pytest

from infra.strict_json import MalformedJson, decode


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"1 2 3",
        b'{"a":1}{"a":2}',
        b'{"a":1,"a":2}',
        b'[{"b":{"a":1,"a":2}}]',
        b'"\\ud800"',
        b'"\\u0000"',
        b'{"\\u0000":1}',
        b"\xff",
        b'"\xff"',
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"\xef\xbb\xbf1",
        b"{'a':1}",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"01",
        b"[1,]",
    ],
)
def test_S_30_S_31_what_is_not_one_plain_json_text_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        decode(body)


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert decode(b'"\\\\u0000"') == "\\u0000"


def test_what_is_plain_is_read() -> None:
    assert decode(b' {"a":[1,2.5,null,true,"\\u00e9"],"b":{"a":1}} ') == {
        "a": [1, 2.5, None, True, "é"],
        "b": {"a": 1},
    }
