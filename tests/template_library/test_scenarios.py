from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from template_library import scenarios
from template_library.scenarios import MalformedScenario


@pytest.mark.parametrize(
    ("expected", "found", "lines"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 2, "d": 3}]}}, []),
        ({"a": 1}, {}, ["/a is missing"]),
        ({"a": [1]}, {"a": [1, 2]}, ["/a is [1,2], not [1]"]),
        ({"a": 1}, {"a": True}, ["/a is true, not 1"]),
        ("completed", "faulted", ['/ is "faulted", not "completed"']),
        ({"a": 1}, None, ['/ is null, not {"a":1}']),
    ],
)
def test_differences_are_named(expected: Any, found: Any, lines: list[str]) -> None:
    assert scenarios.differences(expected, found) == lines


def test_a_misspelt_member_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.yaml").write_text("name: a\ninput: {}\nexpects: {status: completed}\n")
    with pytest.raises(MalformedScenario, match=r"a\.yaml"):
        scenarios.read(tmp_path)
