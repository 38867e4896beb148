"""Tryton's database on the PostgreSQL that the product brings: made once, kept as a dump, restored for each run.

About a minute on two cores the first time, some seconds afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.embedded import Home, Postgres, psql, user
from infra.embedded.cluster import ADMIN
from tests.counterparts.tryton.install import DATABASE, fill, lock

SYSTEM: Final = "postgresql"
_ROLE: Final = "tryton"
_PASSWORD: Final = "tryton-pass-for-tests"  # noqa: S105 (a database made for tests, on loopback)
_ACCESS: Final = (
    f"local all {ADMIN} scram-sha-256\n"
    f"host {DATABASE} {_ROLE} 127.0.0.1/32 scram-sha-256\n"
)  # fmt: skip


@contextmanager
def restored(place: Path, folder: Path) -> Iterator[str]:
    """A fresh ERP of the Tryton that is installed in `place`, in `folder`, until the block ends; gives its address."""
    dump = _pristine(place)
    with _server(folder) as server:
        words = ["--exit-on-error", "--no-owner", f"--role={_ROLE}", f"--dbname={DATABASE}", str(dump)]
        psql.program([str(server.bin / "pg_restore"), *words], server.admin_environment(DATABASE))
        yield _address(server)


def _pristine(place: Path) -> Path:
    """The dump; whoever comes first makes it."""
    dump = place / "pristine.dump"
    with lock(place / "install.lock"):
        if dump.exists():
            return dump
        with tempfile.TemporaryDirectory(dir=place) as folder, _server(Path(folder) / "home") as server:
            fill(place, Path(folder), _address(server))
            draft = dump.with_suffix(".part")
            words = ["--format=custom", f"--file={draft}", DATABASE]
            psql.program([str(server.bin / "pg_dump"), *words], server.admin_environment(DATABASE))
            draft.replace(dump)
    return dump


@contextmanager
def _server(folder: Path) -> Iterator[Postgres]:
    """With an empty database for Tryton, and nothing that the product has in its own."""
    home = Home(folder)
    home.lock("test")
    access = user.data_parent(home, user.choose()) / "tryton.conf"
    server = Postgres(home, parameters={"hba_file": str(access)}, durable=False)
    server.cluster.hand_over(access, _ACCESS.encode())
    try:
        server.start()
        server.run_sql(
            ["CREATE ROLE :\"role\" LOGIN PASSWORD :'password'", 'CREATE DATABASE :"name" OWNER :"role"'],
            role=_ROLE,
            password=_PASSWORD,
            name=DATABASE,
        )
        yield server
    finally:
        server.stop()
        home.unlock()


def _address(server: Postgres) -> str:
    return f"postgresql://{_ROLE}:{_PASSWORD}@127.0.0.1:{server.port}/"
