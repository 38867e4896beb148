"""The page of reliability names a proof for each fault, and each proof is there."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.house.tree import ROOT, text
from tests.nightly.main import parts

ROWS: Final = (*range(1, 25), 27, 30, 31, *range(37, 41))
_LINE: Final = re.compile(r"^\| F-(\d\d) \| [^|]+ \|([^|]*)\| ([^|]+) \|$", re.MULTILINE)
_TEST: Final = re.compile(r"`(tests/[^`]+)`")
_PART: Final = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)")


def _table() -> dict[int, tuple[str, str]]:
    """Proofs and figure of each row."""
    found = _LINE.findall(text(ROOT / "docs/reliability.md"))
    return {int(number): (proofs, figure) for number, proofs, figure in found}


def test_each_fault_has_its_row_and_no_other_has() -> None:
    assert tuple(_table()) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_what_a_fault_is_proved_by_says_so(row: int) -> None:
    proofs, figure = _table()[row]
    names = [f"F-{row:02}", f"F_{row:02}"]
    for name in _TEST.findall(proofs):
        file = ROOT / name
        assert file.exists(), name
        assert any(one in text(file) for one in names), f"{name} does not speak of F-{row:02}"
    night = {part.outcome.part.partition(",")[0]: part.outcome.proves for part in parts(60, ROOT)}
    night |= {part.outcome.part: part.outcome.proves for part in parts(60, ROOT)}
    for name in _PART.findall(proofs):
        assert name in night, f"no part of the night is {name}"
        assert names[0] in night[name], f"{name} is said to prove {night[name]}"
    assert _TEST.findall(proofs) or _PART.findall(proofs) or figure.startswith("absent, because ")
