from __future__ import annotations

import os
import re
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


def start(specification: str) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.format(specification=specification)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def run(specification: str) -> tuple[int, list[str]]:
    done = start(specification)
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


def test_F_01_a_crash_says_which_point_it_was_and_in_which_process() -> None:
    assert re.fullmatch(r"crash point call\.before in \d+\n", start("call.before%2").stderr)


def test_F_18_at_a_point_with_an_exclamation_mark_the_code_raises_each_time(capfd: pytest.CaptureFixture[str]) -> None:
    crash_points.arm("!call.before~b%2")
    try:
        crash_points.pass_by("call.before", "b")
        crash_points.pass_by("call.before", "a")
        for _ in range(2):
            with pytest.raises(crash_points.Crashed):
                crash_points.pass_by("call.before", "b")
    finally:
        crash_points.arm("")
    assert capfd.readouterr().err == f"crash point call.before in {os.getpid()}\n" * 2


@pytest.mark.parametrize("specification", ["", "call.answered", "call.before%4", "call.before~c"])
def test_what_is_not_passed_kills_nobody(specification: str) -> None:
    assert run(specification) == (0, ["a", "b", "b"])


def test_a_misspelt_point_is_refused() -> None:
    with pytest.raises(crash_points.UnknownCrashPoint, match=r"call\.before"):
        crash_points.arm("call.befor")
