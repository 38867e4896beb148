"""Objects in a folder of this machine, or one that all processes share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import UUID

from infra.objects.store import ObjectMissing, StoreAway, folder_of, key_of

_READ: Final = 256 * 1024


class LocalStore:
    """A folder for each tenant, a file for each object; mode 0700 and 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, tenant: UUID, name: UUID, content: AsyncIterator[bytes]) -> None:
        """Written beside, flushed, and put in its place in one step: a crash leaves a draft, which is never read."""
        place = self._folder / key_of(tenant, name)
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        try:
            file = await asyncio.to_thread(_begin, draft)
            try:
                async for part in content:
                    await asyncio.to_thread(_write, file, part)
                await asyncio.to_thread(os.fsync, file)
            finally:
                os.close(file)
            await asyncio.to_thread(_place, draft, place)
        except OSError as error:
            raise StoreAway from error
        finally:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(draft.unlink, missing_ok=True)

    async def get(self, tenant: UUID, name: UUID) -> AsyncIterator[bytes]:
        place, at = self._folder / key_of(tenant, name), 0
        try:
            # Opened for each part: whoever reads may leave in between, and nothing stays open.
            while part := await asyncio.to_thread(_read, place, at):
                yield part
                at += len(part)
        except FileNotFoundError as error:
            raise ObjectMissing from error
        except OSError as error:
            raise StoreAway from error

    async def remove(self, tenant: UUID, name: UUID) -> None:
        try:
            await asyncio.to_thread((self._folder / key_of(tenant, name)).unlink, missing_ok=True)
        except OSError as error:
            raise StoreAway from error

    async def clear(self, tenant: UUID) -> int:
        try:
            return await asyncio.to_thread(_clear, self._folder / folder_of(tenant))
        except OSError as error:
            raise StoreAway from error

    async def close(self) -> None:
        """Nothing is held open."""


def _begin(draft: Path) -> int:
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)


def _read(place: Path, at: int) -> bytes:
    with place.open("rb") as file:
        file.seek(at)
        return file.read(_READ)


def _write(file: int, part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(file, view) :]


def _place(draft: Path, place: Path) -> None:
    """Never over another one: a name is used once."""
    place.hardlink_to(draft)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear(folder: Path) -> int:
    if not folder.exists():
        return 0
    count = sum(1 for _ in folder.iterdir())
    shutil.rmtree(folder)
    return count
