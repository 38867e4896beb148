"""The files of the checkout, as the house tests read them."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
IMPORT_ROOTS: Final = ("services", "tenants", "template_library", "infra")

# Neither written by hand nor part of the wheel: environments, caches, data and what a build leaves.
_PRUNED: Final = frozenset({"__pycache__", "node_modules", "build", "dist", "htmlcov"})
_PRUNED_PATHS: Final = frozenset({"services/api/static/viewer", "services/portal/static", "tests/portal/screenshots"})
_HIDDEN_KEPT: Final = frozenset({".ci"})


def _is_kept(folder: str, name: str) -> bool:
    if name.startswith(".") and name not in _HIDDEN_KEPT:
        return False
    return not (name in _PRUNED or name.endswith(".egg-info") or relative(Path(folder, name)) in _PRUNED_PATHS)


@cache
def walk() -> tuple[tuple[Path, tuple[str, ...], tuple[str, ...]], ...]:
    """Every folder with the names of its folders and files; what nobody writes by hand is left out."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if _is_kept(folder, name))
        found.append((Path(folder), tuple(folders), tuple(sorted(files))))
    return tuple(found)


def files(*suffixes: str) -> Iterator[Path]:
    """The files with one of `suffixes`, or all of them."""
    for folder, _, names in walk():
        for name in names:
            if not suffixes or name.endswith(suffixes):
                yield folder / name


def python_files(*tops: str) -> Iterator[Path]:
    """The Python files below the top-level folders `tops`, which default to the four import roots."""
    wanted = tops or IMPORT_ROOTS
    return (file for file in files(".py") if relative(file).partition("/")[0] in wanted)


def relative(path: Path) -> str:
    """`path` from the root of the checkout, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(file: Path) -> str:
    """The file's text, '' for one that is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(text(file), relative(file))


def strings(file: Path) -> Iterator[ast.Constant]:
    """The string constants of a Python file that a program can show: all but the docstrings."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node


def place(file: Path, line: int) -> str:
    return f"{relative(file)}:{line}"
