from __future__ import annotations

import asyncio
from pathlib import Path

import click
import msgspec

from infra import ids
from infra.database import Database, Scope, is_outage
from infra.settings import load
from services.cli import key_files, running
from tenants.identity import service
from tenants.organizations.errors import InvalidField


@click.group()
def command() -> None:
    """The operator's keys, made with access to the database as the proof of who acts."""


@command.command()
@click.option("--name", default="operator", show_default=True, help="What the key is for.")
@key_files.OUT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create(*, name: str, out: Path | None, as_json: bool) -> None:
    """A new key of the operator: the first one, or one after all were lost. It is shown once."""
    key_files.check(out)
    settings = running.completed(load())
    if not settings.database_url:
        raise click.ClickException("WAYBILL_DATABASE_URL is not set and no `waybill up` runs in this home.")
    try:
        key_id, text = asyncio.run(_create(settings.database_url, name))
    except InvalidField as problem:
        raise click.UsageError(f"--name: {problem.detail}") from None
    except Exception as error:
        if is_outage(error):
            raise click.ClickException("The database does not answer. `waybill doctor` says why.") from None
        raise
    if out is not None:
        key_files.write(out, text)
        click.echo(key_id)
        return
    if as_json:
        click.echo(msgspec.json.encode({"id": key_id, "key": text}).decode())
        return
    click.echo(text)
    click.echo(f"{key_id}: shown this once. Keep it where secrets are kept.", err=True)


async def _create(database_url: str, name: str) -> tuple[str, str]:
    database = await Database(database_url, pool_size=1).open()
    try:
        async with database.session(Scope.operator()) as session:
            made, text = await service.create_operator(session, name, actor="cli:operator-create")
            await session.commit()
        return ids.show("key", made.key_id), text
    finally:
        await database.close()
