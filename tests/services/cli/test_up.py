"""`waybill up` as a user starts it: real processes, signals and files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from infra.embedded import Home, ports, processes
from infra.embedded.processes import Identity
from services.cli import running
from services.cli.running import State


class Up:
    """One `waybill up` and what it printed."""

    def __init__(self, home: Path, port: int, demo: str = "--no-demo") -> None:
        self.home = home
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
        self.environment = {**environment, "WAYBILL_HOME": str(home), "WAYBILL_API_PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "services.cli.main", "up", demo],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []

    def until(self, word: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if word in line:
                return
        pytest.fail(f"`waybill up` ended without {word!r}:\n{''.join(self.lines)}")

    def state(self) -> State:
        found = running.read(Home(self.home))
        assert found is not None
        return found

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli.main", *words]
        return subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        out, _ = self.process.communicate()
        self.lines.append(out)
        return self.process.returncode


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home with spaces" / ".waybill"


@pytest.fixture
def started() -> Iterator[list[Up]]:
    ups: list[Up] = []
    yield ups
    for up in ups:
        if up.process.poll() is None:
            up.end(signal.SIGTERM)
        if up.process.stdout is not None:
            up.process.stdout.close()


def start(started: list[Up], home: Path, port: int) -> Up:
    up = Up(home, port)
    started.append(up)
    up.until("Ctrl-C stops everything.")
    return up


def left_of(home: Path) -> list[str]:
    """Command lines of live processes whose environment names the home."""
    mark = f"WAYBILL_HOME={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if marked and processes.started(int(entry.name)) is not None:
            found.append(processes.command(int(entry.name)))
    return found


def wait_for_none(home: Path) -> None:
    """Ends by the test's time limit at the latest."""
    while left_of(home):
        os.sched_yield()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_it_starts_ends_cleanly_and_finds_its_data_again(home: Path, started: list[Up]) -> None:
    first = start(started, home, ports.choose(None))
    url = first.state().api_url
    assert any(url in line for line in first.lines)
    assert (home / "run" / "state.json").stat().st_mode & 0o777 == 0o600
    assert (home / "secrets" / "kek").stat().st_mode & 0o777 == 0o600
    kek = (home / "secrets" / "kek").read_bytes()
    doctor = first.run("doctor", "--json")
    assert doctor.returncode == 0, doctor.stdout
    assert {check["name"] for check in msgspec.json.decode(doctor.stdout)} >= {"API", "Redis", "migrations"}
    again = first.run("up", "--no-demo")
    assert again.returncode == 1
    assert f"(process {first.process.pid})" in again.stderr
    assert first.end() == 0
    assert "Stopped." in first.lines[-1]
    assert left_of(home) == []
    for name in ("api", "worker"):
        written = (home / "logs" / f"{name}.log").read_text().splitlines()
        assert all("message" in msgspec.json.decode(line) for line in written), "one object a line, from the first on"
        assert len(written) > 3
    second = start(started, home, int(url.rsplit(":", 1)[1]))
    assert second.state().api_url == url
    told = [line.split()[:2] for line in second.lines[:2]]
    assert told == [["database", "starting"], ["services", "starting"]], "what is there already is not told"
    assert second.lines[2] == "\n"
    assert (home / "secrets" / "kek").read_bytes() == kek
    down = second.run("down")
    assert (down.returncode, down.stdout) == (0, "Stopped.\n")
    assert left_of(home) == []


def test_a_lost_key_file_ends_the_start_and_is_told(home: Path) -> None:
    first = Up(home, ports.choose(None), "--demo")
    first.until("Ctrl-C stops everything.")
    assert first.end() == 0
    kept = (home / "secrets" / "kek").rename(home / "kek-backup")
    second = Up(home, ports.choose(None), "--demo")
    out, _ = second.process.communicate()
    assert second.process.returncode == 1
    assert f"{home / 'secrets' / 'kek'} is missing" in out
    assert "Put the right one back from your backup" in out
    assert not (home / "secrets" / "kek").exists()
    assert kept.exists()


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(home: Path, started: list[Up]) -> None:
    first = start(started, home, ports.choose(None))
    port = int(first.state().api_url.rsplit(":", 1)[1])
    children: list[Identity] = list(first.state().children.values())
    first.end(signal.SIGKILL)
    second = start(started, home, port)
    assert not any(child.alive() for child in children)
    assert second.run("doctor").returncode == 0
    assert second.end(signal.SIGTERM) == 0
    wait_for_none(home)


@pytest.mark.faults
def test_a_killed_worker_database_or_broker_is_started_again_and_the_operator_is_told(
    home: Path, started: list[Up]
) -> None:
    up = start(started, home, ports.choose(None))
    before = up.state().children
    for name, words in (("worker", "worker ended"), ("postgres", "PostgreSQL ended"), ("valkey", "Valkey ended")):
        os.kill(before[name].pid, signal.SIGKILL)
        up.until(words)
        while name not in up.state().children or up.state().children[name] == before[name]:
            os.sched_yield()
    while up.run("doctor").returncode != 0:
        assert up.process.poll() is None


def test_a_busy_port_is_answered_by_the_next_and_told(home: Path, started: list[Up]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        up = start(started, home, port)
        assert any(f"Port {port} is busy; the API takes " in line for line in up.lines)
        assert up.state().api_url != f"http://127.0.0.1:{port}"


@pytest.mark.night
def test_two_that_start_at_one_moment_get_two_ports(tmp_path: Path, started: list[Up]) -> None:
    port = ports.choose(None)
    started += [Up(tmp_path / name, port) for name in ("one", "two")]
    for up in started:
        up.until("Ctrl-C stops everything.")
    assert len({up.state().api_url for up in started}) == len(started)
