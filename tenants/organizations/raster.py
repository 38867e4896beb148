"""Logos that are pictures of points: drawn anew in a process of their own, and put into a drawing (S-101)."""

from __future__ import annotations

import asyncio
import base64
import struct
import sys
from pathlib import Path
from typing import Final

from infra.problems import Unavailable
from tenants.organizations.errors import InvalidField

LARGEST: Final = 2 * 1024 * 1024
AT_ONCE: Final = 1
MOST_WAITING: Final = 8
_SECONDS: Final = 10.0
_CHILD: Final = Path(__file__).with_name("raster_child.py")
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_SIZE: Final = struct.Struct("!II")
_REFUSED: Final = "This is no PNG, JPEG or WebP of at most 4096 by 4096 points"


async def drawing_of(content: bytes) -> str:
    """An SVG that holds nothing but the picture, at most 512 points wide and high.

    Raises:
        InvalidField: no such picture, or one that breaks its reader.
    """
    if len(content) > LARGEST:
        raise InvalidField("/logo", f"A picture has at most {LARGEST // 1024 // 1024} MiB")
    drawn = await _redrawn(content)
    if not drawn.startswith(_SIGNATURE):
        raise InvalidField("/logo", _REFUSED)
    width, height = _SIZE.unpack_from(drawn, 16)
    held = base64.b64encode(drawn).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{held}"/></svg>'
    )


class Drawings:
    """`drawing_of`, a few at a time, for one process: each takes half a gigabyte and seconds of a processor at worst.

    Args:
        at_once: how many.
        most_waiting: how many more may wait for their turn.
    """

    def __init__(self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + most_waiting

    async def __call__(self, content: bytes) -> str:
        """As `drawing_of`. Raises Unavailable: too many wait."""
        if self._room <= 0:
            raise Unavailable("Too many pictures are drawn at once; try again", retry_after=5)
        self._room -= 1
        try:
            async with self._turns:
                return await drawing_of(content)
        finally:
            self._room += 1


async def _redrawn(content: bytes) -> bytes:
    """What the child drew; empty where it refused, died or did not come to an end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", str(_CHILD),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={}, cwd="/",
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            drawn, _ = await process.communicate(content)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return drawn if process.returncode == 0 else b""
