"""`infra.settings` is the sole reader of the environment."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from tests.house.tree import parsed, place, python_files, relative

READER: Final = "infra/settings.py"
_READS: Final = frozenset({"environ", "environb", "getenv", "getenvb"})


def _readings(file: Path) -> list[str]:
    found = []
    for node in ast.walk(parsed(file)):
        if not isinstance(node, ast.Attribute | ast.ImportFrom):
            continue
        by_attribute = (
            isinstance(node, ast.Attribute)
            and node.attr in _READS
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
        )
        by_name = isinstance(node, ast.ImportFrom) and node.module == "os" and any(a.name in _READS for a in node.names)
        if by_attribute or by_name:
            found.append(place(file, node.lineno))
    return found


def test_only_the_settings_read_the_environment() -> None:
    found = [line for file in python_files() if relative(file) != READER for line in _readings(file)]
    assert not found, f"take a setting from infra.settings instead: {found}"
