"""What `make` builds is built again when its sources change."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

VIEWER = "services/api/viewer"
STAMP = "services/api/static/viewer/.stamp"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    "changed", ["index.html", "viewer.js", "viewer.css", "build.mjs", "package.json", "package-lock.json"]
)
def test_the_viewer_is_built_again_when_a_source_changes(tmp_path: Path, changed: str) -> None:
    checkout = tmp_path / "a checkout"
    shutil.copytree(ROOT / VIEWER, checkout / VIEWER, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / "Makefile", checkout)
    for name in (STAMP, ".venv/bin/pip"):
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).touch()
    question = ["make", "--question", STAMP]
    assert subprocess.run(question, cwd=checkout, check=False, capture_output=True).returncode == 0
    later = (checkout / STAMP).stat().st_mtime + 10
    os.utime(checkout / VIEWER / changed, (later, later))
    assert subprocess.run(question, cwd=checkout, check=False, capture_output=True).returncode == 1
