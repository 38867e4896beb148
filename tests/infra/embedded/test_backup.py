"""Dump, restore, and the way from an older PostgreSQL, with the servers that the wheel brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import Home, Postgres, WrongVersion, backup
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
