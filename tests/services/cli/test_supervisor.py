"""The supervisor with small commands."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.embedded import Home
from services.cli import supervisor
from services.cli.commands import down
from services.cli.supervisor import WORKER_PATIENCE, Program, Supervisor, ending, interruptible
from services.worker.process import DRAIN_SECONDS

FOREVER = "import signal; signal.pause()"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    place = Home(tmp_path / "a home")
    place.lock()
    yield place
    place.unlock()


def python(home: Home, name: str, code: str) -> Program:
    return Program(home, name, [sys.executable, "-c", code], {}, patience=5)


def until_it_said(program: Program, word: str) -> None:
    while word not in program.child.log.read_text():
        assert program.child.returncode() is None


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
    until_it_said(program, "up")
    program.stop()
    assert program.child.pid is None
    assert not list(home.run.glob("*.child.json"))


def test_a_program_is_asked_once_and_may_finish_what_it_does(home: Home) -> None:
    """A second SIGTERM tells Dramatiq's workers to drop everything."""
    asked = "signal.sigwait({signal.SIGTERM}); print(signal.sigtimedwait({signal.SIGTERM}, 0.3), flush=True)"
    blocked = (
        f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]); print('up', flush=True); {asked}"
    )
    under = Supervisor(print)
    program = python(home, "worker", blocked)
    under.start(program)
    until_it_said(program, "up")
    under.stop()
    assert program.child.log.read_text() == "up\nNone\n"


def test_patience_counts_from_the_asking_so_that_programs_end_side_by_side(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    programs = [Program(home, name, [sys.executable, "-c", stubborn], {}, patience=5) for name in ("a", "b", "c")]
    under = Supervisor(print)
    for program in programs:
        under.start(program)
        until_it_said(program, "up")
    now = time.monotonic()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        slept.append(seconds)

    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
        under.stop()
    assert 4.9 < sum(slept) < 6, "and not three times that"


def test_a_worker_gets_longer_than_its_runs_and_its_child_for_suspects_need() -> None:
    assert 2 * DRAIN_SECONDS + 2 < WORKER_PATIENCE
    assert WORKER_PATIENCE < down.LIMIT


STOPPING = """
import signal, sys
from pathlib import Path
from infra.embedded import Home
from services.cli.supervisor import Program, Supervisor, interruptible
home = Home(Path(sys.argv[1]))
home.lock()
stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
under = Supervisor(lambda line: print(line, flush=True))
program = Program(home, "worker", [sys.executable, "-c", stubborn], {}, patience=600)
try:
    with interruptible() as at_second:
        at_second.append(under.end_at_once)
        under.start(program)
        while "up" not in program.child.log.read_text():
            pass
        try:
            print("running", flush=True)
            under.run()
        finally:
            print("stopping", flush=True)
            under.stop()
except KeyboardInterrupt:
    print("stopped", program.child.pid, flush=True)
"""


def test_a_second_ctrl_c_ends_at_once_and_says_so(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read().splitlines()
    assert rest == ["Ending at once. What was being done is taken up again by the next start.", "stopped None"]


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
