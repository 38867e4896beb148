"""One evaluator process, seen from its parent."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from services.engine.expressions.protocol import ExpressionsUnavailable

_CHILD: Final = Path(__file__).with_name("child.py")
_READY_SECONDS: Final = 20.0
_WALL_SECONDS: Final = 2.0
_BUFFER_BYTES: Final = 1024 * 1024

# The status bytes of `child`, which cannot be imported here: it would bring jq into this process.
OK: Final = 0
FAILED: Final = 1
INVALID: Final = 2
TOO_LARGE: Final = 3


class Died(Exception):
    """The process ended while a program ran; `kind` is `expression_timeout` or `expression_crashed`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class EvaluatorProcess:
    """Owns the process and its pipes. Not for use by two at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ExpressionsUnavailable("no pipes")
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._overdue = False
        self.answers = 0
        self.answers_of_request = 0

    @classmethod
    async def start(cls) -> EvaluatorProcess:
        """A process that is ready. Raises ExpressionsUnavailable when it does not come up within 20 s."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", "-B", str(_CHILD),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={}, cwd="/", limit=_BUFFER_BYTES,
            )  # fmt: skip
        except OSError as error:
            raise ExpressionsUnavailable(str(error)) from error
        child = cls(process)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await child._stdout.readexactly(1)
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            await child.stop()
            raise ExpressionsUnavailable("the evaluator process did not start") from error
        except BaseException:
            await child.stop()
            raise
        return child

    @property
    def gone(self) -> bool:
        """The process ended by itself, between two requests."""
        return self._process.returncode is not None

    def ask(self, strings: Sequence[bytes]) -> None:
        """Send one request without waiting; see `child` for its form."""
        parts = [struct.pack("!I", len(strings))]
        for string in strings:
            parts += (struct.pack("!I", len(string)), string)
        self._stdin.write(b"".join(parts))

    async def answer(self) -> tuple[int, bytes]:
        """Status and text of the next program. Raises Died; the process is then gone and reaped."""
        watchdog = asyncio.get_running_loop().call_later(_WALL_SECONDS, self._expire)
        try:
            status, length = struct.unpack("!BI", await self._stdout.readexactly(5))
            text = await self._stdout.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            # It closes its pipe by dying: wait for that, since killing a dead child loses its exit status.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._process.wait()
            await self.stop()
            killed = self._overdue or self._process.returncode == -signal.SIGPROF
            raise Died("expression_timeout" if killed else "expression_crashed") from None
        finally:
            watchdog.cancel()
        self.answers += 1
        return status, text

    async def stop(self) -> None:
        """End the process at once and reap it. Safe to repeat."""
        self._kill()
        self._stdin.close()
        await self._process.wait()
        # Lets the transports see the end of their pipes, so that nothing is left open when the loop closes.
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            await self._stdin.wait_closed()

    def _expire(self) -> None:
        self._overdue = True
        self._kill()

    def _kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
