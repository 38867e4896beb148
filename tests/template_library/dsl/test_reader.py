from __future__ import annotations

from decimal import Decimal

import pytest

from template_library.dsl.errors import DocumentError, Violation
from template_library.dsl.reader import read


def refused(text: str) -> Violation:
    with pytest.raises(DocumentError) as caught:
        read(text)
    (violation,) = caught.value.violations
    return violation


def test_yaml_and_json_give_the_same_value() -> None:
    yaml_text = "a: 1\nb: [x, 'true', null, 2.5]\n"
    assert read(yaml_text).value == read('{"a": 1, "b": ["x", "true", null, 2.5]}').value


def test_positions_are_those_of_an_editor() -> None:
    source = read("a:\n  - b: 1\n    c/d: 2\n")
    assert source.value_at("/a/0/b") == (2, 8)
    assert source.name_at("/a/0/c~1d") == (3, 5)
    assert source.value_at("/a/0/unknown/deeper") == (2, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("1:30", "1:30"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("2026-01-01", "2026-01-01"),
        ("~", None),
        ("True", True),
        ("'true'", "true"),
        ("1_000", "1_000"),
        ("1.10", 1.1),
        ("9007199254740993", 9007199254740993),
        ("0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("-", None),
    ],
)
def test_S_33_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = read(f"v: {text}\n").value["v"] if text != "-" else None
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("a: &x 1\n", "anchors", 1, 4),
        ("a: 1\nb: *x\n", "alias", 2, 4),
        ("a: !!python/object:os.system {}\n", "tags", 1, 4),
        ("a: !x 1\n", "tags", 1, 4),
        ("<<: {a: 1}\n", "merge", 1, 1),
        ("a: 1\nb: 2\na: 3\n", "`a` appears twice", 3, 1),
        ('{"a": 1, "a": 2}', "`a` appears twice", 1, 10),
        ("a: 1\n---\nb: 2\n", "one document", 2, 1),
        ("? [1]\n: 2\n", "property name", 1, 3),
        ("a: .inf\n", "no form in JSON", 1, 4),
        ("a: .nan\n", "no form in JSON", 1, 4),
        ("a: 1e400\n", "out of range", 1, 4),
        ("", "empty", 1, 1),
        ("a: [1\n", "no YAML or JSON", 2, 1),
        ("a:\n\t- 1\n", "no YAML or JSON", 2, 1),
        ("a: \x00\n", "U+0000", 1, 4),
    ],
)
def test_S_33_what_is_not_plain_data_is_refused_with_its_place(text: str, words: str, line: int, column: int) -> None:
    violation = refused(text)
    assert words in violation.message
    assert (violation.line, violation.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "x" * 262_144, "256 KiB"),
        ("[" * 2_000 + "]" * 2_000, "64 deep"),
        ("- 1\n" * 20_001, "20,000 values"),
        ("a: " + "1" * 5_000, "400 digits"),
        ("a: 0x" + "f" * 5_000, "400 digits"),
    ],
)
def test_S_33_limits_are_named(text: str, words: str) -> None:
    assert words in refused(text).message


def test_S_33_billion_laughs_stop_at_the_first_anchor() -> None:
    laughs = 'a: &a ["x","x"]\n' + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(9)
    )
    assert refused(laughs).line == 1
