"""Requests as files in a tenant's folder: each under its effect's key, whole or not at all, and never twice (ADR 0035).

A file is written beside, under a name of its writer's, and gets its own by a rename, which is the one moment that
counts: what had its name may have been taken by somebody a moment later, and is not written again.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from infra import ids
from services.engine import values

_BESIDE: Final = ".writing"


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
        """Give it its name. One that is not beside any more has it, or had it."""
        await asyncio.to_thread(_place, self._beside(tenant) / written, self._folder / name)

    async def discard(self, tenant: UUID, written: str) -> None:
        """Take away what was written beside and does not get its name."""
        await asyncio.to_thread((self._beside(tenant) / written).unlink, missing_ok=True)

    def _beside(self, tenant: UUID) -> Path:
        return self._folder / ids.show("ten", tenant) / _BESIDE


def _write(beside: Path, text: bytes) -> None:
    beside.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with beside.open("xb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _sync(beside.parent)


def _place(beside: Path, named: Path) -> None:
    named.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    try:
        beside.rename(named)
    except FileNotFoundError:
        return
    _sync(named.parent)
    _sync(beside.parent)


def _sync(folder: Path) -> None:
    """So that a name outlives the machine's own end."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
