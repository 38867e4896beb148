"""Brings a database to this version's shape, as the migrator, who becomes the owner meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, cast

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from infra.database.failures import sqlstate

FOLDER: Final = Path(__file__).parent / "migrations"
LOCK_TIMEOUT: Final = "2s"
TRIES: Final = 30
_MIGRATION_LOCK: Final = 7_161_004_219_001
_LOCK_NOT_AVAILABLE: Final = "55P03"


class MigrationFailed(Exception):
    """The database could not be brought to this version. Nothing of the failed step is kept; the message says why."""


def run_sql_folder(name: str) -> None:
    """Execute the `.sql` files of `migrations/sql/<name>` in the order of their names, inside the open transaction."""
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    connection = op.get_bind()
    for file in sorted((FOLDER / "sql" / name).glob("*.sql")):
        _execute_script(connection, file.read_text(encoding="utf-8"))


def _execute_script(connection: Connection, script: str) -> None:
    # asyncpg prepares what it gets arguments for, one statement at a time; a whole script takes its simple protocol.
    adapted = cast("AdaptedConnection", connection.connection.dbapi_connection)
    adapted.run_async(lambda driver: driver.execute(script))


def configuration() -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


def head() -> str:
    """The newest migration that this version knows."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    if revision is None:
        raise MigrationFailed("this installation has no migrations; reinstall it")
    return revision


def _move(connection: Connection, target: str) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    if target == "base":
        command.downgrade(config, target)
    else:
        command.upgrade(config, target)


def _current(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "app"})
    return context.get_current_revision()


async def current(migrator_url: str) -> str | None:
    """The migration that the database stands at, None for an empty one."""
    engine = create_async_engine(_driver_url(migrator_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET ROLE waybill_owner"))
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


async def upgrade(migrator_url: str, target: str = "head") -> str | None:
    """Run the missing migrations. Safe to repeat and safe to run twice at once: one waits for the other.

    A migration that cannot have its lock within 2 s gives way to the traffic and tries again, 30 times (F-34).

    Returns:
        where the database stood before; None when it was empty.

    Raises:
        MigrationFailed: the lock was never free, or a statement failed.
    """
    engine = create_async_engine(_driver_url(migrator_url), poolclass=NullPool)
    try:
        for attempt in range(1, TRIES + 1):
            try:
                return await _migrate(engine, target)
            except (DBAPIError, asyncpg.PostgresError) as error:
                if sqlstate(error) != _LOCK_NOT_AVAILABLE or attempt == TRIES:
                    raise MigrationFailed(f"a migration failed: {error}") from error
                await asyncio.sleep(1)
        raise AssertionError("the last try raises")
    finally:
        await engine.dispose()


async def _migrate(engine: AsyncEngine, target: str) -> str | None:
    async with engine.connect() as connection:
        await connection.execute(text("SET ROLE waybill_owner"))
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = await connection.run_sync(_current)
        await connection.commit()
        await connection.run_sync(_move, target)
        await connection.commit()
    return before


def _driver_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
