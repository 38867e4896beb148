"""`waybill archive`: files of archives, read without database or API."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import CliRunner, Result

from infra import ids
from services.archives import files
from services.archives.files import Manifest, Writer
from services.cli.main import waybill

TENANT = ids.show("ten", ids.new())
RUNS = [ids.show("run", ids.new()) for _ in range(3)]


def _archive(folder: Path, name: str, runs: list[str], state: str) -> None:
    file = f"{TENANT}/2026-01/{name}{files.SUFFIX}"
    with Writer(folder, file) as writer:
        writer.open()
        writer.add([msgspec.json.encode({"id": run, "state": state}) for run in runs])
        written = writer.finish()
    files.write_manifest(
        folder,
        Manifest(
            format=files.FORMAT,
            tenant=TENANT,
            month="2026-01",
            file=file,
            runs=len(runs),
            first=runs[0],
            last=runs[-1],
            size=written.size,
            sha256=written.digest.hex(),
        ),
    )


def _call(*words: str) -> Result:
    return CliRunner().invoke(waybill, ["archive", *words])


def test_F_18_a_run_in_two_files_is_shown_once_as_it_was_last(tmp_path: Path) -> None:
    _archive(tmp_path, "arc_1", RUNS[:2], "faulted")
    _archive(tmp_path, "arc_2", RUNS[1:], "completed")
    listed = _call("list", "--folder", str(tmp_path), "--json")
    assert [one["runs"] for one in msgspec.json.decode(listed.output)] == [2, 2]
    states = [_call("show", run, "--folder", str(tmp_path)).output for run in RUNS]
    assert [msgspec.json.decode(one)["state"] for one in states] == ["faulted", "completed", "completed"]
    missing = _call("show", ids.show("run", ids.new()), "--folder", str(tmp_path))
    assert (missing.exit_code, "No archive" in missing.output) == (1, True)
    assert _call("list", "--folder", str(tmp_path), "--tenant", "../etc").exit_code == 2


def test_F_26_what_is_damaged_is_named(tmp_path: Path) -> None:
    _archive(tmp_path, "arc_1", RUNS, "completed")
    whole = _call("verify", "--folder", str(tmp_path))
    assert (whole.exit_code, "1 of 1 files are whole" in whole.output) == (0, True)
    (place,) = tmp_path.rglob(f"*{files.SUFFIX}")
    place.write_bytes(place.read_bytes()[:-1])
    broken = _call("verify", "--folder", str(tmp_path))
    assert (broken.exit_code, "BROKEN" in broken.output, "arc_1" in broken.output) == (1, True, True)
