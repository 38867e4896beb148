from __future__ import annotations

import stat
from pathlib import Path

import pytest

from infra import ids
from infra.objects.local import LocalStore
from infra.objects.store import StoreAway
from tests.infra.objects.store_contract import clears_one_tenant, holds, leaves_nothing_of_what_failed, parts, read

SIZES = (17, 1_000_000)


def files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


async def test_a_folder_holds_objects(tmp_path: Path) -> None:
    await holds(LocalStore(tmp_path / "objects"), SIZES)


async def test_what_fails_on_its_way_leaves_nothing(tmp_path: Path) -> None:
    await leaves_nothing_of_what_failed(LocalStore(tmp_path / "objects"), SIZES)


async def test_a_tenants_objects_are_cleared_and_nobody_elses(tmp_path: Path) -> None:
    await clears_one_tenant(LocalStore(tmp_path / "objects"))


async def test_S_18_a_key_is_made_of_ids_and_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    tenant, name = ids.new(), ids.new()
    await LocalStore(tmp_path / "objects").put(tenant, name, parts(b"x"))
    (found,) = files(tmp_path)
    assert found == tmp_path / "objects" / ids.show("ten", tenant) / str(name)
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.parent.stat().st_mode) & 0o077 == 0


async def test_a_name_is_used_once(tmp_path: Path) -> None:
    store, tenant, name = LocalStore(tmp_path), ids.new(), ids.new()
    await store.put(tenant, name, parts(b"first"))
    with pytest.raises(StoreAway):
        await store.put(tenant, name, parts(b"second"))
    assert await read(store, tenant, name) == b"first"


async def test_F_26_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("no folder")
    store = LocalStore(tmp_path / "objects")
    with pytest.raises(StoreAway):
        await store.put(ids.new(), ids.new(), parts(b"x"))
