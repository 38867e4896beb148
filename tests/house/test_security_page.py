"""What docs/security.md says of attacks is so: the files of each row have a test with the row in its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"\| (S-\d+|A\d+|row \d+)(?:, [\w -]+)? \| .*")
_NAMED = re.compile(r"`(tests/[\w./]+)`")
_TEST = re.compile(r"^\s*(?:async )?def test_(\w+)", re.MULTILINE)
# What nothing here could be attacked by: said so, and the only rows that name no test.
_NO_SURFACE = {"S-20", "S-99"}
# Rows of guarantees (A) and of features that the page goes through beside the attacks.
_PROMISED = ["A15", "A17", "A18", "row 94"]
# All but those of expressions and documents, which the engine's tests have, and of billing, which follows with it.
_WANTED = [f"S-{number:02}" for number in (*range(1, 21), *range(40, 88), *range(92, 105))]


def _rows() -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for line in (_ROOT / "docs/security.md").read_text().splitlines():
        if found := _ROW.fullmatch(line):
            rows.setdefault(found[1], []).extend(_NAMED.findall(line))
    return rows


def test_every_attack_on_tenants_identity_and_contract_has_a_row() -> None:
    assert [one for one in (*_WANTED, *_PROMISED) if one not in _rows()] == []


@pytest.mark.parametrize("row", sorted(_rows()))
def test_what_a_row_names_says_its_number(row: str) -> None:
    for named in _rows()[row]:
        path = _ROOT / named
        texts = [one.read_text() for one in (path.rglob("*.py") if path.is_dir() else [path])]
        said = [name for text in texts for name in _TEST.findall(text)]
        number = re.compile(rf"(?:^|_){re.sub('[- ]', '_', row)}(?:_|$)")
        assert any(number.search(name) for name in said), named


def test_a_row_names_its_tests_or_has_no_surface() -> None:
    lines = (_ROOT / "docs/security.md").read_text().splitlines()
    bare = {found[1] for line in lines if (found := _ROW.fullmatch(line)) and not _NAMED.search(line)}
    assert bare <= _NO_SURFACE
