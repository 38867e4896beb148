"""Tests that are run as a command of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Final

_LAST: Final = 500
"""Signs of what a command said that stand in the table."""


async def python(words: list[str], seconds: float, **environment: str) -> str:
    """What `python WORDS` says. Raises AssertionError with the end of it when it fails or takes longer."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        env=_environment(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            told, _ = await process.communicate()
    except TimeoutError:
        raise AssertionError(f"not over after {seconds:g} s") from None
    finally:
        if process.returncode is None:
            # With the servers that it has started.
            os.killpg(process.pid, signal.SIGKILL)
    last = told.decode(errors="replace").strip()
    assert process.returncode == 0, last[-_LAST:]
    return last


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **changes}
