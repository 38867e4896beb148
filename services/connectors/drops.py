"""Requests as files in a tenant's folder: each under its effect's key, whole or not at all, and never twice (ADR 0035).

A file is written beside, under a name of its writer's, and gets its own by a rename, which is the one moment that
counts: what had its name may have been taken by somebody a moment later, and is not written again.

A mark beside it stays until it is noted as there. What is missing, and has a mark, had its name; where the mark is
missing too, this is not the folder in which it was written.
"""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import folders, ids
from services.engine import values

_BESIDE: Final = ".writing"
_MARK: Final = ".mark"
_MODE: Final = 0o750


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """What lies in a file: one JSON object. `key`: the effect's, 64 hexadecimal digits, and the file's name."""

    key: str
    operation: str
    connection: str
    run: str
    input: Any


class Drops:
    """Files under `folder`, which all workers share: `folder/ten_…/CONNECTION/KEY.json`. All methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self, tenant: UUID, drop: Drop) -> str:
        """Below the folder."""
        return f"{ids.show('ten', tenant)}/{drop.connection}/{drop.key}.json"

    async def write(self, tenant: UUID, drop: Drop) -> str:
        """Write it whole, beside; answers under which name."""
        written = f"{drop.key}.{ids.new().hex}"
        text = values.encode(msgspec.to_builtins(drop))
        await asyncio.to_thread(_write, self._beside(tenant) / written, text)
        return written

    async def place(self, tenant: UUID, written: str, name: str) -> None:
        """Give it its name. One that is not beside any more has it, or had it.

        Raises:
            OSError: also where its mark is not there: the share is not mounted, or it is another one.
        """
        await asyncio.to_thread(_place, self._beside(tenant) / written, self._folder / name)

    async def discard(self, tenant: UUID, written: str) -> None:
        """Take away what lies beside: of one that does not get its name, or that is noted as there."""
        await asyncio.to_thread(_discard, self._beside(tenant) / written)

    def _beside(self, tenant: UUID) -> Path:
        return self._folder / ids.show("ten", tenant) / _BESIDE


def _write(beside: Path, text: bytes) -> None:
    folders.make(beside.parent, _MODE)
    for place, content in ((beside, text + b"\n"), (_mark(beside), b"")):
        with place.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    folders.sync(beside.parent)


def _place(beside: Path, named: Path) -> None:
    if not _mark(beside).exists():
        raise FileNotFoundError(errno.ENOENT, "what was written for it is not in the folder of drops", str(beside))
    folders.make(named.parent, _MODE)
    try:
        beside.rename(named)
    except FileNotFoundError:
        return
    folders.sync(named.parent)
    folders.sync(beside.parent)


def _discard(beside: Path) -> None:
    beside.unlink(missing_ok=True)
    _mark(beside).unlink(missing_ok=True)


def _mark(beside: Path) -> Path:
    return beside.with_name(beside.name + _MARK)
