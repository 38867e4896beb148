"""Files of a playbook (row 66): one that is not there is never taken for one that somebody took (F-03)."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from services.connectors.drops import Drop, Drops

TENANT = UUID(int=1)
DROP = Drop(key="a" * 64, operation="erp.x", connection="erp", run="run_1", input={"number": "PO-1"})


async def test_row_66_a_file_gets_its_name_once_and_is_not_placed_again(tmp_path: Path) -> None:
    drops = Drops(tmp_path)
    written, name = await drops.write(TENANT, DROP), drops.name(TENANT, DROP)
    await drops.place(TENANT, written, name)
    assert b"PO-1" in (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    await drops.place(TENANT, written, name)
    assert not (tmp_path / name).exists(), "somebody took it"
    await drops.discard(TENANT, written)
    assert list((tmp_path / name).parent.parent.glob(".writing/*")) == []


@pytest.mark.parametrize("what", ["share", "another share", "folder of what is beside"])
async def test_F_03_a_worker_whose_share_is_not_there_takes_no_file_for_placed(tmp_path: Path, what: str) -> None:
    drops, others = Drops(tmp_path / "share"), Drops(tmp_path / "share")
    written, name = await drops.write(TENANT, DROP), drops.name(TENANT, DROP)
    away = tmp_path / "share"
    if what == "folder of what is beside":
        away = next(away.glob("ten_*/.writing"))
    shutil.move(away, tmp_path / "away")
    if what == "another share":
        await others.write(TENANT, DROP)
    with pytest.raises(OSError, match="not in the folder of drops"):
        await others.place(TENANT, written, name)
    if what != "another share":
        shutil.rmtree(away, ignore_errors=True)
        shutil.move(tmp_path / "away", away)
        await others.place(TENANT, written, name)
        assert (tmp_path / "share" / name).exists(), "it is back, and nothing is lost"
