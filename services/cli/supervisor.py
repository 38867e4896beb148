"""Keeps a few child processes running, in the foreground, until it is told to stop."""

from __future__ import annotations

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


class Program:
    """A command that is started again whenever it ends.

    Args:
        home: for its log and record.
        name: what the operator calls it.
        command: argument list.
        environment: laid over ours; an empty text removes a variable.
        patience: seconds that it gets to end cleanly.
    """

    def __init__(
        self, home: Home, name: str, command: list[str], environment: Mapping[str, str], *, patience: float = 15.0
    ) -> None:
        self.name = name
        self.child = Child(home, name)
        self.crashes = 0
        self._command = command
        self._environment = environment
        self._patience = patience
        self._since = 0.0
        self._due: float | None = None

    def start(self) -> None:
        self._since = time.monotonic()
        self._due = None
        self.child.start(self._command, self._environment)

    def ask_to_stop(self) -> None:
        """Pass on the wish, without waiting, so that several end side by side."""
        self.child.send(signal.SIGTERM)

    def stop(self) -> None:
        """Wait for the end, by force in the end."""
        self.child.stop(self._patience)

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


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the block, once; more don't disturb the clean-up."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in wanted}

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in wanted:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
