"""Files of archives are whole or not there, and say when they are not what was written (F-26)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from services.archives import files
from services.archives.files import ArchiveDamaged, Manifest, Writer

FILE = "ten_1/2026-01/arc_1.jsonl.gz"
LINES = [b'{"id":"run_1","n":1}', b'{"id":"run_2","text":"\xc3\xa9"}']


def _written(folder: Path) -> Manifest:
    with Writer(folder, FILE) as writer:
        writer.open()
        writer.add(LINES)
        found = writer.finish()
    made = Manifest(
        format=files.FORMAT,
        tenant="ten_1",
        month="2026-01",
        file=FILE,
        runs=2,
        first="run_1",
        last="run_2",
        size=found.size,
        sha256=found.digest.hex(),
    )
    files.write_manifest(folder, made)
    return made


def test_what_was_written_is_read_by_any_tool_and_by_its_id(tmp_path: Path) -> None:
    made = _written(tmp_path)
    assert gzip.decompress((tmp_path / FILE).read_bytes()).splitlines() == LINES
    assert (files.manifests(tmp_path), files.manifests(tmp_path, "ten_2")) == ([made], [])
    assert (files.find(tmp_path, FILE, "run_2"), files.find(tmp_path, FILE, "run")) == (LINES[1], None)
    files.verify(tmp_path, made)


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    with Writer(tmp_path, FILE) as writer:
        writer.open()
        writer.add(LINES)
    assert [place for place in tmp_path.rglob("*") if place.is_file()] == []


@pytest.mark.parametrize("harm", ["cut", "changed", "gone", "another"])
def test_F_26_a_file_that_is_missing_or_damaged_is_told(harm: str, tmp_path: Path) -> None:
    made, place = _written(tmp_path), tmp_path / FILE
    content = place.read_bytes()
    if harm == "gone":
        place.unlink()
    elif harm == "another":
        place.write_bytes(gzip.compress(LINES[0] + b"\n"))
    else:
        place.write_bytes(content[:-9] if harm == "cut" else content[:-6] + b"\x00" + content[-5:])
    with pytest.raises(ArchiveDamaged):
        files.verify(tmp_path, made)
    if harm == "cut":
        with pytest.raises(ArchiveDamaged):
            list(files.lines(tmp_path, FILE))
