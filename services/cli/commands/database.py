from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg
import click

from infra import database_roles as roles
from infra.database_preparation import TooOld, prepare
from infra.embedded import backup
from infra.embedded.binaries import MissingWheel
from infra.embedded.children import reap_orphans
from infra.embedded.home import AlreadyRunning, Home, WrongVersion
from infra.embedded.postgres import Postgres, StartFailed
from infra.embedded.psql import SqlFailed
from infra.settings import Settings, load

_DUMP: Final = b"PGDMP"  # how pg_dump's custom format begins
_EXPECTED = (AlreadyRunning, MissingWheel, SqlFailed, StartFailed, WrongVersion)


@click.group()
def command() -> None:
    """Prepare an outside server; dump, restore or upgrade the embedded database."""


@command.command("prepare")
@click.option("--admin-url", required=True, help="postgresql://ADMIN:PASSWORD@HOST:PORT/postgres")
@click.option("--database", default=roles.DATABASE, show_default=True)
def prepare_command(admin_url: str, database: str) -> None:
    """Make roles, database and schema on a server (PostgreSQL 17.6 or later); prints the settings to use.

    May be repeated: the passwords are new each time.
    """
    if not admin_url.startswith(("postgresql://", "postgres://")):
        raise click.UsageError("--admin-url is no postgresql://ADMIN:PASSWORD@HOST:PORT/postgres")
    try:
        urls = asyncio.run(prepare(admin_url, database))
    except TimeoutError:
        raise click.ClickException("the server does not answer within 15 seconds") from None
    except (TooOld, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"WAYBILL_DATABASE_URL='{urls[roles.APP]}'")
    click.echo(f"WAYBILL_WORKER_DATABASE_URL='{urls[roles.WORKER]}'")
    click.echo(f"WAYBILL_MIGRATOR_DATABASE_URL='{urls[roles.MIGRATOR]}'")
    click.echo("Next: set these (keep them secret), then `waybill migrate`.", err=True)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def dump(file: Path) -> None:
    """Write the embedded database to FILE; end `waybill up` first. Without the KEK file its secrets stay sealed."""
    with _alone("dump") as home, _served(home) as server:
        backup.dump(server, file)
    click.echo(f"Written: {file}. Keep {keys_beside(load())} with it, in another place.")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool) -> None:  # noqa: FBT001 - click's form
    """Put the database in FILE in place of the embedded one; end `waybill up` first."""
    _readable(file)
    if not yes:
        click.confirm("Replace the embedded database?", abort=True)
    with _alone("restore") as home, _served(home) as server:
        backup.restore(server, file)
    click.echo("Restored. The next `waybill up` brings it to this version.")


@command.command()
def upgrade() -> None:
    """Bring data of an older PostgreSQL to this one's; keeps the old folder."""
    with _alone("upgrade") as home:
        kept = backup.upgrade(home)
    if kept is None:
        click.echo("The data is of this version already.")
    else:
        click.echo(f"Upgraded. The old data stays in {kept} until you remove it.")


def keys_beside(settings: Settings) -> str:
    """The files without which what is in a dump is not opened, or not sealed on by the same key."""
    *others, last = dict.fromkeys((settings.kek_file, settings.service_key, settings.audit_key_file))
    return f"{', '.join(map(str, others))} and {last}"


def _readable(file: Path) -> None:
    """Whether `file` is a dump at all, before anybody is asked to give up what there is."""
    try:
        with file.open("rb") as stream:
            start = stream.read(len(_DUMP))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    if start != _DUMP:
        raise click.ClickException(f"{file} is no dump that `waybill database dump` wrote.")


@contextmanager
def _alone(verb: str) -> Iterator[Home]:
    home = Home(load().home)
    try:
        home.lock(f"database {verb}")
        reap_orphans(home)
        yield home
    except _EXPECTED as error:
        raise click.ClickException(str(error)) from None
    finally:
        home.unlock()


@contextmanager
def _served(home: Home) -> Iterator[Postgres]:
    server = Postgres(home)
    server.start()
    try:
        yield server
    finally:
        server.stop()
