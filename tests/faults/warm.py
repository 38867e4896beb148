"""Processes of the product, forked from one that has imported what they need: two seconds of processor time less each.

What runs is the module that its command names, with the environment, the arguments and the session that a process of
its own would have; only the imports are done already. The night and the benchmarks start theirs whole.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final, NoReturn

import msgspec

from services.cli import commands
from services.connectors.builtin import offered_connectors
from tests.faults import warm_suspects

MODULES: Final = (
    "dramatiq.cli",
    "granian.cli",
    *sorted(f"services.cli.commands.{one.stem}" for one in Path(commands.__file__).parent.glob("[a-z]*.py")),
    "services.connectors.simulators.erp.routes",
    "services.connectors.simulators.server",
    "services.portal.app",
    "services.worker.housekeeping",
    "services.worker.process",
)
"""What the commands import; not the modules that they name, which Python would warn of running twice."""
_PRELOADED: Final = ("LD_PRELOAD", "PYTHONPATH")
"""What only the start of an interpreter reads: with these a process is started whole."""


class Start(msgspec.Struct, frozen=True, tag=True):
    """A process to be: `python -m words…` with exactly this environment; `log` takes what it writes.

    `errors`: takes what it writes to its standard error, where that is not `log`; `given`: what it reads.
    `folder`: where it begins.
    """

    words: list[str]
    environment: dict[str, str]
    log: str
    errors: str = ""
    given: str = os.devnull
    folder: str = ""


class Look(msgspec.Struct, frozen=True, tag=True):
    """The answer is the exit code of the process, as `Popen.returncode` has it, or nothing while it lives."""

    pid: int


class Warm(subprocess.Popen[bytes]):
    """A process that another one has forked; what `Popen` asks the kernel about a child, this asks its parent."""

    def __init__(self, parent: WarmStarter, pid: int, words: list[str]) -> None:
        self._parent = parent
        self.args = words
        self.pid = pid
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._parent.look(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        until = time.monotonic() + (timeout or float("inf"))
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(0.005)
        return code

    def __del__(self) -> None:
        """Whoever started it ends it."""


class WarmStarter:
    """The process that forks, seen from the tests of this process."""

    _made: ClassVar[WarmStarter | None] = None

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._line = ours.makefile("rwb")
        self._asking = threading.Lock()
        ours.close()

    @classmethod
    def get(cls) -> WarmStarter:
        """It ends with this process, and by then every process that it started was ended by its test."""
        if cls._made is None:
            cls._made = cls()
            atexit.register(cls._made._end)
        return cls._made

    def start(self, words: list[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        """The process leads a session of its own."""
        # It is there at once, as a process of its own would find it.
        log.touch()
        pid = int(self._ask(Start(words, dict(environment), str(log))))
        return Warm(self, pid, words)

    def run(
        self, words: list[str], environment: Mapping[str, str], given: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` with its output as text."""
        with TemporaryDirectory() as folder:
            log, errors, read = (Path(folder, name) for name in ("out", "errors", "given"))
            read.write_text(given, "utf-8")
            where = str(cwd or Path.cwd())
            start = Start(words, dict(environment), str(log), str(errors), str(read), where)
            pid = int(self._ask(start))
            code = Warm(self, pid, words).wait()
            return subprocess.CompletedProcess(words, code, log.read_text("utf-8"), errors.read_text("utf-8"))

    def look(self, pid: int) -> int | None:
        return msgspec.json.decode(self._ask(Look(pid)), type=int | None)

    def _ask(self, question: Start | Look) -> bytes:
        with self._asking:
            self._line.write(msgspec.json.encode(question) + b"\n")
            self._line.flush()
            return self._line.readline()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


def can(environment: Mapping[str, str]) -> bool:
    """Whether a process with this environment may come from one that runs: in tests, if it changes no loading."""
    same = all(environment.get(name) == os.environ.get(name) for name in _PRELOADED)
    return same and "PYTEST_VERSION" in os.environ


def _serve(line: socket.socket) -> Start | None:
    """Fork until nobody asks any more. Comes back in each child, with what it is to be."""
    codes: dict[int, int] = {}
    with line.makefile("rwb") as asked:
        for text in asked:
            question = msgspec.json.decode(text, type=Start | Look)
            if isinstance(question, Start):
                answer: int | None = _fork()
                if not answer:
                    return question
                # A number that the kernel gives a second time.
                codes.pop(answer, None)
            else:
                answer = _code(question.pid, codes)
            asked.write(msgspec.json.encode(answer) + b"\n")
            asked.flush()
    return None


def _code(pid: int, codes: dict[int, int]) -> int | None:
    """Kept, since the kernel tells it once and two threads may ask."""
    if pid not in codes:
        found, status = os.waitpid(pid, os.WNOHANG)
        if not found:
            return None
        codes[pid] = os.waitstatus_to_exitcode(status)
    return codes[pid]


def _fork() -> int:
    """As `os.fork`; the child leads a session by the time anybody hears of it, so that who ends it ends its group."""
    heard, led = os.pipe()
    pid = os.fork()
    if not pid:
        os.setsid()
        os.close(heard)
    os.close(led)
    if pid:
        os.read(heard, 1)
        os.close(heard)
    return pid


def _become(start: Start) -> None:
    log = os.open(start.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    given = os.open(start.given, os.O_RDONLY)
    errors = os.open(start.errors, os.O_WRONLY | os.O_CREAT, 0o644) if start.errors else os.dup(log)
    for source, target in ((given, 0), (log, 1), (errors, 2)):
        os.dup2(source, target)
        os.close(source)
    if start.folder:
        os.chdir(start.folder)
    _begin(start.words, start.environment)


def _begin(words: Sequence[str], environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(words)
    os.execve = _instead  # type: ignore[assignment]
    if words[0] == "services.worker.fleet":
        warm_suspects.fork_them()
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _instead(program: str, words: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """As `waybill api` becomes the server: another module in place of this one, in the same process."""
    if [program, "-m"] != list(words[:2]):
        raise RuntimeError(f"a warm process does not become {words}")
    _begin(words[2:], environment)
    sys.exit()


def _main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    for module in MODULES:
        importlib.import_module(module)
    # Kept for the process, and read by whatever serves or works.
    offered_connectors()
    # A child that collects would touch, and so copy, whatever its parent has.
    gc.collect()
    gc.freeze()
    if (start := _serve(line)) is not None:
        line.close()
        _become(start)


if __name__ == "__main__":
    _main()
