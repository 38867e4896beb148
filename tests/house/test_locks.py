"""The locks carry hashes, name no host and lock what the project asks for (S-104)."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from tests.house.tree import ROOT, files, relative

LOCKS: Final = tuple(f"infra/locks/{name}.txt" for name in ("runtime", "development", "audit", "node"))
_PIN: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==\S+")


def _requirements(lock: str) -> list[str]:
    """Each requirement with its hashes, on one line."""
    lines = [
        line.partition("#")[0].strip() if line.lstrip().startswith("#") else line.strip()
        for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line.strip()]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", name, maxsplit=1)[0]).lower()


def _locked(lock: str) -> set[str]:
    return {_normal(match["name"]) for line in _requirements(lock) if (match := _PIN.match(line))}


@pytest.mark.parametrize("lock", LOCKS)
def test_S_104_every_line_is_pinned_and_hashed(lock: str) -> None:
    requirements = _requirements(lock)
    assert requirements
    assert not [line[:60] for line in requirements if not _PIN.match(line) or "--hash=sha256:" not in line]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.findall(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host", text)


def test_S_104_everything_that_make_installs_is_locked() -> None:
    installed = [line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if "pip install" in line]
    assert installed
    # What is made from this folder itself brings nothing along.
    assert not [
        one
        for one in installed
        if "--require-hashes" not in one and not one.endswith("--no-deps --no-build-isolation -e .")
    ]


def test_the_locks_cover_the_project() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = {_normal(name) for name in project["project"]["dependencies"]}
    runtime |= {_normal(name) for name in project["project"]["optional-dependencies"]["embedded"]}
    development = {_normal(name) for name in project["dependency-groups"]["development"]}
    assert not runtime - _locked(LOCKS[0])
    assert not (runtime | development) - _locked(LOCKS[1])


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: package for name, package in packages.items() if name and not package.get("link")}


def test_S_104_the_locks_of_npm_carry_hashes_and_no_hosts() -> None:
    for lock in files("package-lock.json"):
        packages = _packages(lock)
        assert not [name for name, package in packages.items() if not package.get("integrity")], relative(lock)
        assert not [name for name, package in packages.items() if package.get("resolved")], relative(lock)
