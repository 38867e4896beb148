"""Dump, restore, and the way from an older PostgreSQL, with the servers that the wheel brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import Home, Postgres, WrongVersion, backup
from infra.embedded.cluster import major_of
from infra.embedded.psql import SqlFailed

KEPT = [
    "SET ROLE waybill_owner",
    "CREATE TABLE app.kept AS SELECT 7 AS n",
    "ALTER TABLE app.kept ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE app.kept FORCE ROW LEVEL SECURITY",
    "CREATE POLICY all_rows ON app.kept USING (true)",
    "GRANT SELECT ON app.kept TO waybill_app",
]
STATE = "SELECT n, (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'app.kept'::regclass) FROM app.kept"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    place = Home(tmp_path / "a home")
    place.lock()
    yield place
    place.unlock()


def test_a_dump_restores_data_owners_and_policies(home: Home, tmp_path: Path) -> None:
    server = Postgres(home, durable=False)
    server.start()
    server.run_sql(KEPT, "waybill")
    file = tmp_path / "copy.dump"
    backup.dump(server, file)
    assert file.stat().st_mode & 0o777 == 0o600
    server.run_sql(["DROP TABLE app.kept"], "waybill")
    backup.restore(server, file)
    assert server.run_sql([STATE], "waybill") == "7|t"
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'"
    assert server.run_sql([owner], "waybill") == "waybill_owner"
    server.stop()


def test_a_broken_dump_leaves_the_database_as_it_was(home: Home, tmp_path: Path) -> None:
    server = Postgres(home, durable=False)
    server.start()
    server.run_sql(KEPT, "waybill")
    (tmp_path / "broken.dump").write_bytes(b"PGDMP and no more")
    with pytest.raises(SqlFailed):
        backup.restore(server, tmp_path / "broken.dump")
    assert server.run_sql([STATE], "waybill") == "7|t"
    server.stop()


def test_data_of_postgresql_16_comes_over_and_the_old_folder_stays(home: Home) -> None:
    old = Postgres(home, durable=False, major=16)
    old.start()
    old.run_sql(KEPT, "waybill")
    old.stop()
    new = Postgres(home, durable=False)
    with pytest.raises(WrongVersion, match="waybill database upgrade"):
        new.start()
    kept = backup.upgrade(home)
    assert kept is not None
    assert (kept / "PG_VERSION").read_text() == "16\n"
    new.start()
    assert new.run_sql(["SHOW server_version_num"]).startswith("18")
    assert new.run_sql([STATE], "waybill") == "7|t"
    new.stop()
    assert backup.upgrade(home) is None


class Killed(BaseException):
    """Ends what is done as SIGKILL would, but for the clean-up."""


@pytest.fixture
def old(home: Home) -> Postgres:
    """Data of PostgreSQL 16 with a row that counts."""
    server = Postgres(home, durable=False, major=16)
    server.start()
    server.run_sql(KEPT, "waybill")
    server.stop()
    return server


def fail(server: Postgres, file: Path) -> None:
    raise SqlFailed(f"{file} cannot be restored on {server.port}")


def state_after_upgrade(home: Home) -> str:
    backup.upgrade(home)
    server = Postgres(home, durable=False)
    server.start()
    found = server.run_sql([STATE], "waybill")
    server.stop()
    return found


def test_F_35_an_upgrade_that_fails_again_and_again_leaves_the_old_data_in_place(
    home: Home, old: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(backup, "restore", fail)
        for _ in range(2):
            with pytest.raises(SqlFailed):
                backup.upgrade(home)
            assert major_of(old.cluster.data) == 16
    # What an earlier upgrade has left is in nobody's way.
    (old.cluster.data.parent / "data-16").mkdir()
    (old.cluster.data.parent / "data-16" / "PG_VERSION").write_text("16\n")
    assert state_after_upgrade(home) == "7|t"
    assert major_of(old.cluster.data.parent / "data-16-2") == 16


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_F_35_an_upgrade_killed_between_its_renames_is_finished_by_the_next_start(
    home: Home, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    done: list[Path] = []
    rename = Path.rename

    def until_killed(self: Path, target: Path) -> Path:
        if len(done) == renames:
            raise Killed
        done.append(target)
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", until_killed)
        if renames < 2:
            with pytest.raises(Killed):
                backup.upgrade(home)
        else:
            backup.upgrade(home)
    server = Postgres(home, durable=False)
    server.start()
    assert server.run_sql([STATE], "waybill") == "7|t"
    server.stop()


def test_F_35_a_restore_killed_at_its_end_leaves_a_database(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Postgres(home, durable=False)
    server.start()
    server.run_sql(KEPT, "waybill")
    backup.dump(server, tmp_path / "copy.dump")
    drop = server.drop_database

    def until_killed(name: str) -> None:
        drop(name)
        if server.run_sql(["SELECT 1 FROM pg_database WHERE datname = 'waybill_restored'"]):
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(server, "drop_database", until_killed)
        backup.restore(server, tmp_path / "copy.dump")
    assert server.run_sql([STATE], "waybill") == "7|t"
    backup.restore(server, tmp_path / "copy.dump")
    assert server.run_sql([STATE], "waybill") == "7|t"
    server.stop()
