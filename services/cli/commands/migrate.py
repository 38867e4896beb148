from __future__ import annotations

import asyncio

import click

from infra import migrate
from infra.settings import load
from services.cli import running


@click.command()
def command() -> None:
    """Bring the database to this version. Safe to repeat, and beside a running older version."""
    url = running.completed(load()).migrator_database_url
    if not url:
        raise click.ClickException("WAYBILL_MIGRATOR_DATABASE_URL is not set and no `waybill up` runs in this home.")
    try:
        before = asyncio.run(migrate.upgrade(url))
    except (migrate.MigrationFailed, OSError) as error:
        raise click.ClickException(str(error)) from None
    head = migrate.head()
    click.echo(f"The database stands at {head}.", err=True)
    if before != head:
        click.echo(f"brought to {head}" if before is None else f"brought from {before} to {head}")
