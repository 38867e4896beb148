"""Connectors of an installation: released into a folder, offered as they were released, or the start is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.settings import load
from services.cli import connector_folder
from services.cli.main import waybill
from services.connectors.builtin import all_connectors, own_names
from services.connectors.declared import installed, reading
from services.connectors.declared.installed import RELEASED, FolderUnusable
from services.connectors.registry import Registry
from services.connectors.trying import starting

HOLD = own_names()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return starting.start("sample-shop", tmp_path / "work")


@pytest.fixture
def root(tmp_path: Path, source: Path) -> Path:
    """A folder with one released version."""
    installed.install(source, tmp_path / "connectors", HOLD)
    return tmp_path / "connectors"


def again(root: Path) -> str:
    """What a process says that starts now; empty: it starts."""
    installed.documents.cache_clear()
    try:
        installed.documents(root, HOLD)
    except FolderUnusable as error:
        return str(error)
    return ""


def change(folder: Path, before: str, after: str) -> None:
    file = folder / reading.FILE
    file.write_text(file.read_text().replace(before, after, 1))


def test_what_was_released_is_offered_beside_the_product_s_own(root: Path) -> None:
    registry = Registry(all_connectors(folder=root))
    assert "sample-shop" in registry
    assert registry.operation("sample-shop", "sample-shop.orders.create") is not None
    assert all(name in registry for name in HOLD)
    assert again(root / "empty") == ""


def test_an_altered_missing_or_unreleased_manifest_refuses_the_start(root: Path, source: Path) -> None:
    folder = root / "sample-shop" / "1.0.0"
    before = (folder / reading.FILE).read_text()
    change(folder, "test", "TEST")
    change(folder, "title: Sample shop", "title: Another")
    assert "was altered after its release" in again(root)
    (folder / reading.FILE).write_text(before)
    assert again(root) == ""
    (root / "sample-shop" / "1.1.0").mkdir()
    (root / "sample-shop" / "1.1.0" / reading.FILE).write_text(before)
    assert "was never released here" in again(root)
    (root / "sample-shop" / "1.1.0" / reading.FILE).unlink()
    (folder / reading.FILE).unlink()
    assert "Put it back" in again(root)
    installed.install(source, root, HOLD)
    assert again(root) == ""
    (root / RELEASED).write_text("[")
    assert "cannot be read" in again(root)


def test_a_released_version_does_not_change_and_the_newest_is_offered(root: Path, source: Path) -> None:
    installed.install(source, root, HOLD)
    change(source, "title: Sample shop", "title: Newer")
    with pytest.raises(FolderUnusable, match="give this one a version of its own"):
        installed.install(source, root, HOLD)
    newer = source.with_name("1.10.0")
    source.rename(newer)
    change(newer, "version: 1.0.0", "version: 1.10.0")
    installed.install(newer, root, HOLD)
    (document,) = installed.documents(root, HOLD)
    assert (document.version, document.title) == ("1.10.0", "Newer")
    assert set(json.loads((root / RELEASED).read_text())["sample-shop"]) == {"1.0.0", "1.10.0"}


def test_no_name_of_the_product_s_own_is_taken(tmp_path: Path) -> None:
    folder = starting.start("tryton", tmp_path / "work")
    with pytest.raises(FolderUnusable, match="the product has a connector named tryton"):
        installed.install(folder, tmp_path / "connectors", HOLD)


def test_the_command_installs_what_passes_and_nothing_else(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(waybill, ["connector", *words])
        return found.exit_code, found.output

    code, said = run("install", str(source))
    assert (code, "set WAYBILL_CONNECTORS to the folder" in said) == (2, True)
    root = tmp_path / "connectors"
    monkeypatch.setenv("WAYBILL_CONNECTORS", str(root))
    tests = source / "tests.yaml"
    right = tests.read_text()
    tests.write_text(right.replace("total: 4200", "total: 1"))
    code, said = run("install", str(source))
    assert (code, "1 of its tests fail: an order is read" in said, root.exists()) == (1, True, False)
    tests.write_text(right)
    code, said = run("install", str(source))
    assert (code, str(root / "sample-shop" / "1.0.0") in said) == (0, True)
    code, said = run("list")
    assert [line.split()[:2] for line in said.splitlines() if "sample" in line] == [["sample-shop", "1.0.0"]]
    code, said = run("show", "sample-shop")
    assert "not yet certified" in said
    assert "`orders.read`, `orders.write`" in said
    change(root / "sample-shop" / "1.0.0", "Read an order", "Read the order")
    installed.documents.cache_clear()
    code, said = run("list")
    assert (code, "was altered" in said) == (2, True)


def test_processes_say_so_before_they_start(root: Path) -> None:
    settings = load({"WAYBILL_CONNECTORS": str(root)})
    assert connector_folder.unusable(settings) == ""
    change(root / "sample-shop" / "1.0.0", "Read an order", "Read the order")
    installed.documents.cache_clear()
    assert "was altered" in connector_folder.unusable(settings)
