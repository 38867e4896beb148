"""How long a test waits for what must become true, and how often it looks."""

from __future__ import annotations

import asyncio
from typing import Final

PATIENCE: Final = 60.0
"""Seconds: many times what anything takes that goes well. A busy machine needs them, and nobody else waits them out."""
_FIRST: Final = 0.02
_LONGEST: Final = 0.4


class Pauses:
    """Between one look and the next: short at first, then longer, since a look costs those who are to get there."""

    def __init__(self) -> None:
        self._next = _FIRST

    async def pause(self) -> None:
        await asyncio.sleep(self._next)
        self._next = min(1.5 * self._next, _LONGEST)
