"""An embedded server that is kept running beside the programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from infra.embedded.postgres import StartFailed
from infra.embedded.psql import SqlFailed
from services.cli.supervisor import FIRST_DELAY, LONGEST_DELAY, STEADY, ending


class Server(Protocol):
    """PostgreSQL or Valkey."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def returncode(self) -> int | None: ...


class Service:
    """A server that is started again whenever it ends: at once the first time, then later and later.

    Args:
        name: what the operator calls it.
        server: started already.
    """

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self._failures = 0
        self._since = time.monotonic()
        self._due: float | None = None

    def tend(self, say: Callable[[str], None]) -> bool:
        """Look after it once; whether it was started again. One that does not come up is tried again later."""
        now = time.monotonic()
        if self._due is None:
            code = self.server.returncode()
            if code is None:
                return False
            self.server.stop()
            self._failures = 0 if now - self._since > STEADY else self._failures
            delay = self._delay()
            say(f"{self.name} ended ({ending(code)}); starting it again{f' in {delay:g} s' if delay else ''}.")
            self._due = now + delay
        return now >= self._due and self._start(say)

    def _delay(self) -> float:
        """Seconds to wait before the next try; counts it."""
        delay = FIRST_DELAY * 2 ** (self._failures - 1) if self._failures else 0.0
        self._failures += 1
        return min(delay, LONGEST_DELAY)

    def _start(self, say: Callable[[str], None]) -> bool:
        try:
            self.server.start()
        except (StartFailed, SqlFailed, OSError) as error:
            self.server.stop()
            delay = self._delay()
            say(f"{error}\n{self.name} is tried again in {delay:g} s.")
            self._due = time.monotonic() + delay
            return False
        self._since = time.monotonic()
        self._due = None
        return True
