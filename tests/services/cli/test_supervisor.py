"""The supervisor with small commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import Home
from services.cli import supervisor
from services.cli.supervisor import Program, Supervisor, ending, interruptible

FOREVER = "import signal; signal.pause()"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    place = Home(tmp_path / "a home")
    place.lock()
    yield place
    place.unlock()


def python(home: Home, name: str, code: str) -> Program:
    return Program(home, name, [sys.executable, "-c", code], {}, patience=5)


def test_a_crashed_program_is_started_again_and_the_operator_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(supervisor, "LOOK", 0.01)
    said: list[str] = []
    pids: list[int | None] = []
    program = python(home, "worker", FOREVER)

    def after_restart() -> None:
        pids.append(program.child.pid)
        if len(pids) == 2:
            raise KeyboardInterrupt
        program.child.send(signal.SIGKILL)

    under = Supervisor(said.append, after_restart)
    under.start(program)
    program.child.send(signal.SIGKILL)
    with pytest.raises(KeyboardInterrupt):
        under.run()
    under.stop()
    assert len(set(pids)) == 2
    assert said[0].startswith("worker ended (killed by SIGKILL); starting it again in 0.01 s.")
    assert "in 0.02 s" in said[1]
    assert program.child.pid is None


def test_the_delay_grows_to_half_a_minute_and_no_further(home: Home) -> None:
    said: list[str] = []
    program = python(home, "worker", "raise SystemExit(3)")
    program.start()
    program.crashes = 20
    while not said:
        program.tend(said.append)
    assert said == [f"worker ended (exit code 3); starting it again in 30 s. See {home.logs / 'worker.log'}"]


def test_a_program_that_does_not_listen_is_ended_by_force_with_all_it_started(home: Home) -> None:
    stubborn = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"subprocess.Popen([sys.executable, '-c', {FOREVER!r}]); print('up', flush=True); signal.pause()"
    )
    program = Program(home, "api", [sys.executable, "-c", stubborn], {}, patience=0.1)
    program.start()
    while "up" not in program.child.log.read_text():
        assert program.child.returncode() is None
    program.stop()
    assert program.child.pid is None
    assert not list(home.run.glob("*.child.json"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_disturb_the_cleaning_up(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    cleaned = False
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012 - the clean-up is what is looked at
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)
            cleaned = True
    assert cleaned
    assert signal.getsignal(number) == before


def test_an_ending_is_told_in_words() -> None:
    assert [ending(0), ending(-9)] == ["exit code 0", "killed by SIGKILL"]
