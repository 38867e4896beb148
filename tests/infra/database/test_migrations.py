"""The migrations: equal to the models, there and back, polite to the traffic (F-34)."""

from __future__ import annotations

import asyncio
import importlib
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from infra import migrate, schema_version
from infra.database import Base
from infra.embedded.stack import Endpoints, Stack

ROOT = Path(__file__).parents[3]
_PARTITION = re.compile(r"(event|journal|usage|audit|effect|payload)_(\d{4}_\d{2}|default)")


def _load_models() -> None:
    for file in (*ROOT.glob("tenants/*/*.py"), *ROOT.glob("services/*/*.py"), *ROOT.glob("services/*/*/*.py")):
        if "__tablename__" not in file.read_text():
            continue
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


@pytest.fixture
def empty(stack: Stack) -> Iterator[Endpoints]:
    """A database with roles and nothing else."""
    name = f"waybill_{uuid4().hex[:12]}"
    yield stack.create_database(name)
    stack.postgres.drop_database(name)


def _kept(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
    # Partitions have no model of their own, and Alembic's table is Alembic's.
    return not (kind == "table" and (name == "alembic_version" or _PARTITION.fullmatch(name or "")))


def _difference(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={"include_schemas": True, "include_object": _kept, "compare_type": True, "version_table_schema": "app"},
    )
    # The dialect has no word for transaction ids; the column is the database's own affair.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Did not recognize type 'xid8'")
        return list(compare_metadata(context, Base.metadata))


def test_the_newest_migration_is_known_without_alembic() -> None:
    assert migrate.head() == schema_version.NEWEST
    loaded = "import sys, services.portal.app; print([one for one in ('alembic', 'mako') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


async def test_models_equal_what_the_migrations_make(endpoints: Endpoints) -> None:
    _load_models()
    engine = create_async_engine(endpoints.migrator_database_url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql("SET ROLE waybill_owner")
            assert await connection.run_sync(_difference) == []
    finally:
        await engine.dispose()


async def test_up_down_and_up_again(empty: Endpoints) -> None:
    url = empty.migrator_database_url
    assert await migrate.current(url) is None
    await migrate.upgrade(url)
    assert await migrate.current(url) == migrate.head()
    await migrate.upgrade(url, "base")
    assert await migrate.current(url) is None
    connection = await asyncpg.connect(url)
    left = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p', 'S')"
    )
    functions = await connection.fetchval("SELECT count(*) FROM pg_proc WHERE pronamespace = 'app'::regnamespace")
    await connection.close()
    assert [row["relname"] for row in left] == ["alembic_version"]
    assert functions == 0
    await migrate.upgrade(url)
    assert await migrate.current(url) == migrate.head()


async def test_two_at_once_migrate_once(empty: Endpoints) -> None:
    await asyncio.gather(migrate.upgrade(empty.migrator_database_url), migrate.upgrade(empty.migrator_database_url))
    assert await migrate.current(empty.migrator_database_url) == migrate.head()


async def test_F_34_a_migration_gives_way_to_a_long_read_and_tries_again(empty: Endpoints) -> None:
    url = empty.migrator_database_url
    await migrate.upgrade(url)
    reader = await asyncpg.connect(empty.database_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch("SELECT * FROM app.installation")
    going = asyncio.create_task(migrate.upgrade(url, "base"))
    # Its first try gives up after the lock timeout; the reader is never waited upon by anybody for longer.
    done, _ = await asyncio.wait([going], timeout=3)
    assert not done
    await reading.rollback()
    await reader.close()
    await going
    assert await migrate.current(url) is None
