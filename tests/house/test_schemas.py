"""JSON Schemas come from connectors and templates: only one place compiles them, and it reaches no network."""

from __future__ import annotations

import ast
from typing import Final

from tests.house.tree import parsed, python_files, relative

COMPILER: Final = "template_library/dsl/schemas.py"
MODULE: Final = "jsonschema_rs"


def test_one_file_compiles_schemas() -> None:
    importing = {
        relative(file)
        for file in python_files()
        for node in ast.walk(parsed(file))
        if (isinstance(node, ast.Import) and MODULE in {name.name for name in node.names})
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == MODULE)
    }
    assert importing == {COMPILER}


def test_it_compiles_offline() -> None:
    (file,) = (file for file in python_files() if relative(file) == COMPILER)
    calls = [
        node
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name) and node.func.value.id == MODULE and node.func.attr != "RegexOptions"
    ]  # fmt: skip
    assert calls
    for call in calls:
        given = {word.arg: word.value for word in call.keywords}
        assert isinstance(given.get("offline"), ast.Constant), ast.unparse(call)
        assert ast.unparse(given["offline"]) == "True"
