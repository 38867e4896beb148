"""Rehearsals that somebody asks for: one at a time in a process, each in a child that is bounded and has no secret."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Final

import msgspec

from infra.problems import Unavailable

AT_ONCE: Final = 1
MOST_WAITING: Final = 3
_SECONDS: Final = 120.0


class Outcome(msgspec.Struct, frozen=True):
    """How a scenario went; it passed when nothing is wrong. The first one is of the package itself."""

    name: str
    wrong: list[str]


class Rehearsals:
    """For one process. Raises Unavailable: too many wait, or the child came to no end within two minutes."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._room = AT_ONCE + MOST_WAITING

    async def __call__(self, name: str, version: str, parameters: dict[str, Any]) -> list[Outcome]:
        """The outcomes of a package of this installation, by its scenarios' files."""
        if self._room <= 0:
            raise Unavailable("Too many rehearsals are asked for at once; try again", retry_after=30)
        self._room -= 1
        try:
            async with self._turns:
                return await _rehearsed({"name": name, "version": version, "parameters": parameters})
        finally:
            self._room += 1


async def _rehearsed(asked: dict[str, Any]) -> list[Outcome]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.rehearsals.child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            told, _ = await process.communicate(msgspec.json.encode(asked))
    except TimeoutError:
        told = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not told:
        raise Unavailable("The rehearsal came to no end; nothing is said of the template", retry_after=60)
    return msgspec.json.decode(told, type=list[Outcome])
