"""What the build leaves: small, without our name, without anything that a strict policy would stop."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

WEB = "services/portal/web"
STAMP = "services/portal/static/.stamp"
MOST_BYTES = 400 * 1024
_ADDRESS = re.compile(r'(?:src|href)="(/assets/[^"]+)"')


def test_nothing_that_is_served_carries_the_products_name(static: Path) -> None:
    found = [path.name for path in static.rglob("*") if path.is_file() and b"waybill" in path.read_bytes().lower()]
    assert not found


def test_the_first_screen_is_at_most_400_kib(static: Path) -> None:
    """The page with all that it names, and the largest of the screens that it may load, compressed as they are sent."""
    page = (static / "index.html").read_text(encoding="utf-8")
    first = {static / address.lstrip("/") for address in _ADDRESS.findall(page)}
    screens = {path for path in static.glob("assets/Run*") if path not in first}
    total = sum(len(gzip.compress(path.read_bytes(), 9)) for path in first | screens)
    assert first
    assert total + len(page) <= MOST_BYTES


def test_no_script_stands_in_the_page_and_none_evaluates_text(static: Path) -> None:
    page = (static / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r"<style|\son\w+=|\sstyle=", page)
    assert "__CSP_NONCE__" in page
    scripts = list(static.glob("assets/*.js"))
    assert scripts
    assert not [path.name for path in scripts if re.search(r"\beval\(|\bnew Function\(", path.read_text("utf-8"))]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize("changed", ["src/main.tsx", "index.html", "package-lock.json", "openapi.json"])
def test_the_pages_are_built_again_when_a_source_changes(tmp_path: Path, changed: str) -> None:
    checkout = tmp_path / "a checkout"
    shutil.copytree(ROOT / WEB, checkout / WEB, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / "Makefile", checkout)
    for name in (f"{WEB}/node_modules/.stamp", STAMP, ".venv/bin/pip"):
        (checkout / name).parent.mkdir(parents=True)
        (checkout / name).touch()
    question = ["make", "--question", "portal"]
    assert subprocess.run(question, cwd=checkout, check=False, capture_output=True).returncode == 0
    later = (checkout / STAMP).stat().st_mtime + 10
    os.utime(checkout / WEB / changed, (later, later))
    assert subprocess.run(question, cwd=checkout, check=False, capture_output=True).returncode == 1
