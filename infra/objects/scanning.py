"""Looks into files for what nobody wants to pass on, by the operator's own program.

The program reads the file from its standard input and answers by its exit code, as `clamdscan -` does: 0 for a clean
one, 1 for one that is not, anything else for not having looked; who did not take all of it has seen no clean one. No
argument of it came from outside, and it gets none of our variables, which hold passwords.
"""

from __future__ import annotations

import asyncio
import shlex
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from typing import Final, Literal

Verdict = Literal["clean", "infected", "unscanned"]
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
_CLEAN: Final = 0
_INFECTED: Final = 1


class Scanner:
    """Args: `command`, split as a shell would and started without one; `seconds` that a look may take."""

    def __init__(self, command: str, seconds: float) -> None:
        self._command = shlex.split(command)
        self._seconds = seconds

    async def look(self, content: AsyncIterator[bytes]) -> Verdict:
        """`unscanned`: the program is not there, failed, or did not come to an end in time."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
            )
        except OSError:
            return "unscanned"
        try:
            async with asyncio.timeout(self._seconds):
                is_whole = await _feed(process, content)
                code = await process.wait()
        except TimeoutError:
            return "unscanned"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if code == _CLEAN and is_whole:
            return "clean"
        return "infected" if code == _INFECTED else "unscanned"


async def _feed(process: Process, content: AsyncIterator[bytes]) -> bool:
    """Whether it took all of it. One that has seen enough to refuse it closes its end; nobody else has seen enough."""
    if process.stdin is None:
        return False
    try:
        async for part in content:
            process.stdin.write(part)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True
