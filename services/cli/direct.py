"""Commands that work on the database itself: access to it is the proof of who acts, as for the operator's first key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from infra.database import Database, Scope, is_outage
from infra.problems import Problem
from infra.settings import load
from services.cli import running
from tenants.organizations import service as organizations
from tenants.organizations.models import Partner

T = TypeVar("T")


def run(work: Callable[[Database], Awaitable[T]], *, as_worker: bool = False) -> T:
    """Do `work` on the installation's database; a refusal ends the command with its words.

    `as_worker`: by the role that may pass the engine's doors, else by the API's.
    """
    settings = running.completed(load())
    url = settings.worker_database_url if as_worker else settings.database_url
    if not url:
        name = "WAYBILL_WORKER_DATABASE_URL" if as_worker else "WAYBILL_DATABASE_URL"
        raise click.ClickException(f"{name} is not set and no `waybill up` runs in this home.")

    async def opened() -> T:
        database = await Database(url, pool_size=1).open()
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(opened())
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    except Exception as error:
        if is_outage(error):
            raise click.ClickException("The database does not answer. `waybill doctor` says why.") from None
        raise


async def partner_of(database: Database, reference: str) -> Partner:
    """By slug or id; raises UnknownPartner."""
    async with database.session(Scope.operator()) as session:
        return await organizations.find_partner(session, reference)


def show(value: dict[str, Any], *, as_json: bool) -> None:
    """One thing: JSON, or a line for each member."""
    if as_json:
        click.echo(msgspec.json.encode(value).decode())
        return
    width = max(len(name) for name in value)
    for name, member in value.items():
        text = member if isinstance(member, str) else msgspec.json.encode(member).decode()
        click.echo(f"{name:{width}}  {text}")
