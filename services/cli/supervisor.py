"""Keeps a few child processes running, in the foreground, until it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

from infra.embedded.children import Child
from infra.embedded.home import Home

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
STEADY: Final = 60.0
"""Seconds of life after which a crash counts as the first one again."""
LOOK: Final = 0.2
PATIENCE: Final = 15.0
"""Seconds that a program gets to end cleanly."""
WORKER_PATIENCE: Final = 55.0
"""A worker's: its runs are drained, then those of its child for suspects (`services.worker.process`)."""
_ENDED_LOOK: Final = 0.02


class Program:
    """A command that is started again whenever it ends.

    Args:
        home: for its log and record.
        name: what the operator calls it.
        command: argument list.
        environment: laid over ours; an empty text removes a variable.
        patience: seconds that it gets to end cleanly, from when it was asked.
    """

    def __init__(
        self, home: Home, name: str, command: list[str], environment: Mapping[str, str], *, patience: float = PATIENCE
    ) -> None:
        self.name = name
        self.child = Child(home, name)
        self.crashes = 0
        self._command = command
        self._environment = environment
        self.patience = patience
        self._since = 0.0
        self._due: float | None = None
        self._asked: float | None = None

    def start(self) -> None:
        self._since = time.monotonic()
        self._due = self._asked = None
        self.child.start(self._command, self._environment)

    def ask_to_stop(self) -> None:
        """Pass on the wish once, without waiting, so that several end side by side."""
        if self._asked is None:
            self._asked = time.monotonic()
            self.child.send(signal.SIGTERM)

    def stop(self) -> None:
        """Wait for the end, by force in the end."""
        self.ask_to_stop()
        until = (self._asked or 0.0) + self.patience
        # Only looked at: a second SIGTERM would tell a worker to drop what it still drains.
        while self.child.pid is not None and time.monotonic() < until:
            time.sleep(_ENDED_LOOK)
        self.child.stop(0)

    def end_at_once(self) -> None:
        """From a signal handler; `stop` then finds nothing to wait for, and ends what it started."""
        self.child.send(signal.SIGKILL)

    def tend(self, say: Callable[[str], None]) -> bool:
        """Look after it once; whether it was started again."""
        now = time.monotonic()
        if self._due is not None:
            if now < self._due:
                return False
            self.start()
            return True
        code = self.child.returncode()
        if code is None:
            return False
        # What it started is ended too, or it would hold the port against its successor.
        self.child.stop(0)
        self.crashes = 1 if now - self._since > STEADY else self.crashes + 1
        delay = min(FIRST_DELAY * 2 ** (self.crashes - 1), LONGEST_DELAY)
        self._due = now + delay
        say(f"{self.name} ended ({ending(code)}); starting it again in {delay:g} s. See {self.child.log}")
        return False


def ending(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


class Supervisor:
    """Starts programs in order, tends them, ends them in reverse.

    Args:
        say: prints a line for the operator.
        changed: called after a program got a new process.
    """

    def __init__(self, say: Callable[[str], None], changed: Callable[[], None] = lambda: None) -> None:
        self.programs: list[Program] = []
        self._say = say
        self._changed = changed

    def start(self, program: Program) -> None:
        self.programs.append(program)
        program.start()

    def run(self, also: Callable[[], None] = lambda: None) -> NoReturn:
        """Tend the programs until KeyboardInterrupt (see `interruptible`), doing `also` at each look."""
        while True:
            # A list, so that each is looked after and not only those up to the first that was started again.
            restarted = [program for program in self.programs if program.tend(self._say)]
            if restarted:
                self._changed()
            also()
            time.sleep(LOOK)

    def stop(self) -> None:
        """End all; at most as long as the most patient of them. Safe to repeat."""
        for program in self.programs:
            program.ask_to_stop()
        for program in reversed(self.programs):
            program.stop()
        self.programs.clear()

    def end_at_once(self) -> None:
        """Have nobody finish what they do; for the second Ctrl-C, while `stop` waits or soon will."""
        for program in self.programs:
            program.end_at_once()
        # The signal may have come in the middle of another line.
        with contextlib.suppress(RuntimeError):
            self._say("Ending at once. What was being done is taken up again by the next start.")


@contextmanager
def interruptible() -> Iterator[list[Callable[[], None]]]:
    """SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the block, once; more don't disturb the clean-up.

    Yields:
        a list: what stands in it is called, in the signal handler, by the first SIGINT after that. Other signals are
        not: who ends a session often sends several of them.
    """
    at_second: list[Callable[[], None]] = []
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in wanted}

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        signal.signal(signal.SIGINT, hurry)
        raise KeyboardInterrupt

    def hurry(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_IGN)
        for call in at_second:
            call()

    for number in wanted:
        signal.signal(number, interrupt)
    try:
        yield at_second
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
