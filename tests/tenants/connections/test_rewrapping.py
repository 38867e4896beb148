"""F-30, A15: another key-encryption key takes the place of one while everything goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.database import Database
from infra.encryption.errors import KeyServiceUnavailable, SecretUnreadable
from infra.encryption.key_file import create_kek_file
from infra.encryption.key_provider import FileKeyProvider
from tenants.connections.rewrapping import rewrap, wrappings
from tenants.connections.sealing import Sealer
from tenants.connections.service import Desk
from tests.tenants.connections.keys_side import PASSWORD, Held, add_keys, change, hold, keys, password

TEN_THOUSAND, MINUTE = 10_000, 60.0


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The key file that sealed, and the one that takes its place."""
    create_kek_file(tmp_path / "new")
    return tmp_path / "kek", tmp_path / "new"


@pytest.fixture
def both(sealer: Sealer, files: tuple[Path, Path]) -> FileKeyProvider:
    del sealer
    return FileKeyProvider(files[1], files[:1])


class Load:
    """Opens all that there is, over and over, each time with a cold keyring; counts what opened and what did not."""

    def __init__(self) -> None:
        self.opened = 0
        self.failed: list[BaseException] = []

    @asynccontextmanager
    async def running(self, worker: Database, files: tuple[Path, Path], held: Sequence[Held]) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._open(worker, files, held)) for _ in range(4)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _open(self, worker: Database, files: tuple[Path, Path], held: Sequence[Held]) -> None:
        while True:
            for one in held:
                try:
                    # Workers of both orders: those that began before the rotation, and those that began after.
                    for first, second in (files, files[::-1]):
                        found = await password(worker, Sealer(FileKeyProvider(first, (second,))), one)
                        assert found.startswith("a long enough")
                        self.opened += 1
                except Exception as error:  # noqa: BLE001 (whatever fails is what the test is about)
                    self.failed.append(error)


async def test_F_30_nothing_fails_to_open_while_every_key_is_wrapped_anew(
    app_database: Database, worker_database: Database, desk: Desk, files: tuple[Path, Path], both: FileKeyProvider
) -> None:
    """S-76, with secrets that are changed and made meanwhile."""
    held = [await hold(app_database, desk, f"c{n}") for n in range(6)]
    load = Load()
    async with load.running(worker_database, files, held):
        while load.opened < 12:
            await asyncio.sleep(0.01)
        rewrapping = asyncio.create_task(rewrap(worker_database, both))
        await asyncio.gather(
            *(change(app_database, desk, one, PASSWORD + " changed") for one in held[:3]),
            hold(app_database, desk, "late"),
        )
        done = await rewrapping
        before = load.opened
        while load.opened < before + 24 and not load.failed:
            await asyncio.sleep(0.01)
    assert load.failed == []
    assert done.unreadable == []
    # What an API wrapped meanwhile by the old key's public half is found by the next call, or was by this one.
    await rewrap(worker_database, both)
    assert {one.id for one in await wrappings(worker_database)} == {both.id}
    only_new = Sealer(FileKeyProvider(files[1]))
    assert [await password(worker_database, only_new, one) for one in held] == [PASSWORD + " changed"] * 3 + [
        PASSWORD
    ] * 3


async def test_F_30_S_76_the_old_key_is_needed_as_long_as_one_tenant_key_names_it(
    app_database: Database, worker_database: Database, desk: Desk, files: tuple[Path, Path], both: FileKeyProvider
) -> None:
    held = await hold(app_database, desk)
    only_new, only_old = FileKeyProvider(files[1]), FileKeyProvider(files[0])
    assert [(one.id, one.kind, one.things) for one in await wrappings(worker_database)] == [
        (only_old.id, "tenant key", 1)
    ]
    early = await rewrap(worker_database, only_new)
    assert (early.changed, early.unreadable) == (0, [(held.tenant, 1)])
    with pytest.raises(SecretUnreadable):
        await password(worker_database, Sealer(only_new), held)
    assert (await rewrap(worker_database, both)).changed == 1
    assert await password(worker_database, Sealer(only_new), held) == PASSWORD
    with pytest.raises(SecretUnreadable):
        await password(worker_database, Sealer(only_old), held)
    assert (await rewrap(worker_database, both)).changed == 0


async def test_F_30_one_that_was_broken_off_goes_on_where_it_was(
    app_database: Database, worker_database: Database, desk: Desk, files: tuple[Path, Path], both: FileKeyProvider
) -> None:
    held = await hold(app_database, desk)
    await add_keys(app_database, files[0], [held.tenant], 1200)
    broken = Breaking(files, 700)
    with pytest.raises(KeyServiceUnavailable):
        await rewrap(worker_database, broken)
    counted = {one.id: one.things for one in await wrappings(worker_database)}
    assert counted == {both.id: 500, FileKeyProvider(files[0]).id: 701}
    assert (await rewrap(worker_database, both)).changed == 701


async def test_F_30_a_key_that_another_changed_meanwhile_is_left_to_the_next_round(
    app_database: Database, worker_database: Database, desk: Desk, files: tuple[Path, Path], both: FileKeyProvider
) -> None:
    """Two at once: each row is changed once, and none is lost."""
    held = await hold(app_database, desk)
    await add_keys(app_database, files[0], [held.tenant], 300)
    first, second = await asyncio.gather(rewrap(worker_database, both), rewrap(worker_database, both))
    assert first.changed + second.changed == 301
    assert first.unreadable + second.unreadable == []
    assert await password(worker_database, Sealer(FileKeyProvider(files[1])), held) == PASSWORD


async def test_A15_ten_thousand_keys_are_wrapped_anew_within_a_minute(
    app_database: Database, worker_database: Database, desk: Desk, files: tuple[Path, Path], both: FileKeyProvider
) -> None:
    """The figure is the promise, and it is kept under the load of opening."""
    held = [await hold(app_database, desk, f"c{n}") for n in range(4)]
    await add_keys(app_database, files[0], [one.tenant for one in held], TEN_THOUSAND // 4 - 1)
    load = Load()
    async with load.running(worker_database, files, held):
        began = time.monotonic()
        done = await rewrap(worker_database, both)
        spent = time.monotonic() - began
    assert (done.changed, done.unreadable) == (TEN_THOUSAND, [])
    assert load.failed == []
    assert load.opened > 0
    assert spent <= MINUTE, f"{spent:.1f} s"


async def test_A15_a_rewrapped_key_is_the_same_key(
    app_database: Database, worker_database: Database, desk: Desk, both: FileKeyProvider
) -> None:
    held = await hold(app_database, desk)
    (before,) = await keys(app_database, held)
    await rewrap(worker_database, both)
    (after,) = await keys(app_database, held)
    assert (after["public"], after["version"]) == (before["public"], before["version"])
    assert after["wrapped"] != before["wrapped"]


class Breaking(FileKeyProvider):
    """A key service that is away after some keys."""

    def __init__(self, files: tuple[Path, Path], most: int) -> None:
        super().__init__(files[1], files[:1])
        self._left = most

    async def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise KeyServiceUnavailable
        return await super().unwrap(wrapped, context)
