"""Field words only, and no folder without a reason (house rule 1)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from tests.house.tree import IMPORT_ROOTS, ROOT, files, python_files, relative, walk

_SAYS_NOTHING: Final = re.compile(
    r"(?:^|_)(?:util|utils|utilities|helper|helpers|common|manager|managers|base|misc)(?:_|$)"
)


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    named = [folder / name for folder, folders, _ in walk() for name in folders]
    named += python_files(*IMPORT_ROOTS, "tests")
    assert not [relative(path) for path in named if _SAYS_NOTHING.search(path.stem)]


def _is_empty(folder: Path) -> bool:
    held = [path for path in folder.iterdir() if path.name != "__pycache__"]
    return all(path.is_file() and not path.stat().st_size for path in held)


def test_no_folder_is_empty() -> None:
    """Neither of files nor of content: a package whose only file says nothing is a room that nobody lives in."""
    assert not [relative(folder) for folder, _, _ in walk() if _is_empty(folder)]


def test_every_folder_with_code_is_a_package_of_a_root_or_a_test() -> None:
    tops = {relative(file).partition("/")[0] for file in files(".py")}
    assert tops == {*IMPORT_ROOTS, "tests"}


def test_every_folder_with_code_below_a_root_is_a_package() -> None:
    # Migrations are scripts that Alembic loads by path.
    holders = {file.parent for file in python_files() if "infra/migrations" not in relative(file)}
    assert not [relative(folder) for folder in holders if not (folder / "__init__.py").exists()]


def test_tests_are_no_packages() -> None:
    assert not [relative(file) for file in python_files("tests") if file.name == "__init__.py"]


def test_the_wheel_the_floors_and_the_tests_mean_the_same_roots() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == IMPORT_ROOTS
    assert tuple(project["tool"]["importlinter"]["root_packages"]) == IMPORT_ROOTS
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
