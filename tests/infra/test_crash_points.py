from __future__ import annotations

import subprocess
import sys

import pytest

from infra import crash_points

PROGRAM = """
from infra import crash_points
crash_points.arm({specification!r})
for label in ("a", "b", "b"):
    crash_points.pass_by("call.before", label)
    print(label, flush=True)
"""


def run(specification: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(specification=specification)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("specification", "survived"),
    [
        ("call.before", []),
        ("call.before%2", ["a"]),
        ("call.before~b", ["a"]),
        ("call.before~b%2", ["a", "b"]),
        ("call.answered,call.before%3", ["a", "b"]),
    ],
)
def test_F_01_a_process_dies_at_its_point(specification: str, survived: list[str]) -> None:
    assert run(specification) == (-9, survived)


@pytest.mark.parametrize("specification", ["", "call.answered", "call.before%4", "call.before~c"])
def test_what_is_not_passed_kills_nobody(specification: str) -> None:
    assert run(specification) == (0, ["a", "b", "b"])


def test_a_misspelt_point_is_refused() -> None:
    with pytest.raises(crash_points.UnknownCrashPoint, match=r"call\.before"):
        crash_points.arm("call.befor")
